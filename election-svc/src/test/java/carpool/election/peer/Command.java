package carpool.election.peer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/// Programs of the machine, and waiting for what they do.
final class Command {
  /// What a loaded machine may add to a time that was measured, in seconds. A takeover that missed
  /// its moment takes 3 s longer.
  static final double SLACK = 0.3;

  /// How much longer than stated to wait for something before giving up; what is promised is
  /// measured, not waited for.
  private static final double PATIENCE = 4;

  private Command() {}

  /// Runs a program to its end.
  static String run(String... argv) {
    try {
      var process = new ProcessBuilder(argv).redirectErrorStream(true).start();
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int code = process.waitFor();
      if (code != 0) {
        throw new IllegalStateException(
            String.join(" ", argv) + " ended with " + code + ": " + out);
      }
      return out;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// As [#run], words split at blanks.
  static String sh(String words) {
    return run(words.split(" "));
  }

  /// As [#sh]; a failure is fine.
  static void attempt(String words) {
    try {
      sh(words);
    } catch (IllegalStateException _) {
      // Already gone.
    }
  }

  /// Starts a program with its output in a file.
  static Process start(Path log, List<String> argv) {
    try {
      return new ProcessBuilder(argv)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static boolean exists(String program) {
    return Stream.of("/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/")
        .anyMatch(directory -> Files.isExecutable(Path.of(directory + program)));
  }

  static String read(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Waits until the condition holds; fails with what was waited for after `seconds`, on a loaded
  /// machine after some times that.
  static void await(double seconds, String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + (long) (seconds * PATIENCE * 1e9);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("not within " + seconds * PATIENCE + " s: " + what);
      }
      LockSupport.parkNanos(50_000_000);
    }
  }
}
