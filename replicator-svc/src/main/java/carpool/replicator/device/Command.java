package carpool.replicator.device;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Short commands with a time limit. A command that hangs in the kernel is left behind, never
/// waited for.
final class Command {
  private static final int OUTPUT_MAX = 4000;

  private Command() {}

  /// @param exit exit code; -1 = timed out or could not be started
  /// @param output both streams, the first 4000 bytes
  record Result(int exit, String output) {
    boolean ok() {
      return exit == 0;
    }
  }

  static Result run(Duration limit, String... command) throws InterruptedException {
    Process process;
    try {
      process =
          new ProcessBuilder(List.of(command))
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
              .start();
    } catch (IOException e) {
      return new Result(-1, String.valueOf(e.getMessage()));
    }
    // The commands used here print a line or two, which the pipe holds.
    if (!process.waitFor(Math.max(1, limit.toMillis()), TimeUnit.MILLISECONDS)) {
      process.destroyForcibly();
      return new Result(-1, command[0] + " did not finish within " + limit.toMillis() + " ms");
    }
    try (var out = process.getInputStream()) {
      var text = new String(out.readNBytes(OUTPUT_MAX), StandardCharsets.UTF_8).strip();
      return new Result(process.exitValue(), text);
    } catch (IOException e) {
      return new Result(process.exitValue(), String.valueOf(e.getMessage()));
    }
  }
}
