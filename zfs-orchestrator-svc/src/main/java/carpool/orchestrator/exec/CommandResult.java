package carpool.orchestrator.exec;

import java.time.Duration;
import java.util.List;

/// How a command ended.
///
/// @param exit exit code; -1 when it did not end by itself, -2 when it was not started because too
///   many commands are left behind
/// @param out last 64 KiB of standard output
/// @param err last 64 KiB of standard error
public record CommandResult(
    List<String> argv,
    int exit,
    boolean timedOut,
    boolean aborted,
    String out,
    String err,
    Duration took) {
  private static final int TEXT_MAX = 2000;
  private static final int REFUSED = -2;

  static CommandResult notStarted(List<String> argv, String text) {
    return new CommandResult(argv, 127, false, false, "", text, Duration.ZERO);
  }

  static CommandResult refused(List<String> argv, String why) {
    return new CommandResult(argv, REFUSED, false, false, "", why, Duration.ZERO);
  }

  /// It was not started, because of what is left behind.
  public boolean refused() {
    return exit == REFUSED;
  }

  /// Ended by itself with exit code 0.
  public boolean done() {
    return exit == 0 && !timedOut && !aborted;
  }

  /// What went wrong, in one text of at most 2000 characters.
  public String problem() {
    var said = (err.isBlank() ? out : err).strip();
    if (said.length() > TEXT_MAX) {
      said = said.substring(said.length() - TEXT_MAX);
    }
    var what = String.join(" ", argv);
    if (refused()) {
      what += ": not started";
    } else if (timedOut) {
      what += ": no end within " + took.toMillis() + " ms";
    } else {
      what += ": exit code " + exit;
    }
    return said.isEmpty() ? what : what + ": " + said;
  }
}
