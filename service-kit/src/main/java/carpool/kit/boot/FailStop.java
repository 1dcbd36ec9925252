package carpool.kit.boot;

import org.slf4j.LoggerFactory;

/// The end of a process that must not go on: no clean-up, no hooks, exit code 3. The supervisor
/// restarts it, and it finds its place as after a crash.
public final class FailStop {

  private FailStop() {}

  /// Logs `reason` and halts.
  public static void now(String reason) {
    LoggerFactory.getLogger(FailStop.class).error("fail-stop: {}", reason);
    Runtime.getRuntime().halt(ExitCode.FAIL_STOP);
  }

  /// Logs `reason` with its cause and halts.
  public static void now(String reason, Throwable cause) {
    try {
      LoggerFactory.getLogger(FailStop.class).error("fail-stop: {}", reason, cause);
    } finally {
      Runtime.getRuntime().halt(ExitCode.FAIL_STOP);
    }
  }
}
