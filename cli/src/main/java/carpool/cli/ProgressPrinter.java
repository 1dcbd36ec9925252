package carpool.cli;

import carpool.cli.output.Words;
import carpool.orchestrator.v1.SwitchoverProgress;
import java.util.Iterator;

/// Prints the steps of a switchover, takeover, import or export as they end.
final class ProgressPrinter {
  private final Console console;
  private final boolean json;

  ProgressPrinter(Console console, boolean json) {
    this.console = console;
    this.json = json;
  }

  /// Prints until the stream ends; the exit code.
  int print(Iterator<SwitchoverProgress> stream) {
    var allDone = true;
    var finished = false;
    while (stream.hasNext()) {
      var progress = stream.next();
      if (json) {
        console.jsonLine(progress);
      } else {
        line(progress);
      }
      if (progress.getFinished()) {
        finished = true;
        allDone &= progress.getDone();
      }
    }
    return finished && allDone ? Exit.DONE : Exit.FAILED;
  }

  private void line(SwitchoverProgress progress) {
    var out = console.out();
    if (progress.hasStep()) {
      var step = progress.getStep();
      out.println(
          "%s  %-24s %-9s %10s  %s"
              .formatted(
                  progress.getPool(),
                  step.getName(),
                  Words.of(step.getOutcome()),
                  Words.seconds(step.getDurationMillis()),
                  step.getText())
              .stripTrailing());
    }
    if (!progress.getMessage().isEmpty() && progress.getDone() == progress.getFinished()) {
      out.println(progress.getPool() + "  " + progress.getMessage());
    }
    if (progress.getExpectedSeconds() > 0) {
      out.println(
          progress.getPool()
              + "  expected: %.1f s of unavailability".formatted(progress.getExpectedSeconds()));
    }
    if (progress.getFinished()) {
      if (progress.getDone()) {
        out.println(
            progress.getPool()
                + "  "
                + console.paint().good("done")
                + " in "
                + Words.seconds(progress.getDurationMillis()));
      } else {
        console.refused(progress.getPool(), progress.getMessage(), progress.getError());
      }
    }
    out.flush();
  }
}
