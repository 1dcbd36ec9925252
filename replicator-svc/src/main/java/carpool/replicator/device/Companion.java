package carpool.replicator.device;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A program that works for one device and outlives the replicator. It is started as nobody's child
/// in a session of its own, and known by its command line alone, which holds a path that no other
/// process has: so it is found again after any crash, and never taken for another.
///
/// Owned by the device's thread.
final class Companion {
  private static final Duration FORK = Duration.ofSeconds(10);

  /// Reads until the end of its input, then becomes the program.
  private static final String WAIT_FOR_PARENT = "read -r _; exec \"$@\" </dev/null";

  /// From the fork to the program itself: two execs, which a starved machine takes seconds for.
  private static final long SHOWS_UP_NANOS = 10_000_000_000L;

  private static final long LOOK_NANOS = 100_000_000L;

  private final String program;
  private final Path logFile;

  /// A whole word of its command line.
  private final String mark;

  private @Nullable ProcessHandle known;
  private boolean seen;
  private long startedNanos;
  private long lookedNanos;

  Companion(String program, Path logFile, String mark) {
    this.program = program;
    this.logFile = logFile;
    this.mark = mark;
  }

  String program() {
    return program;
  }

  /// Starts it. Not as a child: nbdkit has the kernel send it a SIGTERM when its parent ends, and
  /// the parent is a *thread* of ours (prctl(2), PR_SET_PDEATHSIG; seen with nbdkit 1.32.5). Nor as
  /// setsid's: setsid ends at once, but on a busy machine nbdkit was quicker, and was killed with
  /// it (5 of 24 switchovers in the lab). So it waits for the end of its input, which our side
  /// closes when setsid has ended and has been waited for.
  ///
  /// @param arguments hold the mark
  void start(List<String> arguments) throws DeviceException, InterruptedException {
    var command =
        new ArrayList<>(List.of("setsid", "--fork", "sh", "-c", WAIT_FOR_PARENT, "sh", program));
    command.addAll(arguments);
    seen = false;
    known = null;
    try {
      // A file, not a pipe: a pipe would break with the replicator.
      var process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(logFile.toFile())
              .start();
      if (!process.waitFor(FORK.toMillis(), TimeUnit.MILLISECONDS) || process.exitValue() != 0) {
        process.destroyForcibly();
        throw new DeviceException(program + " cannot be started: " + lastWords());
      }
      process.getOutputStream().close();
      startedNanos = System.nanoTime();
      lookedNanos = startedNanos;
    } catch (IOException e) {
      throw new DeviceException(program + " cannot be started: " + e.getMessage());
    }
  }

  /// True when it was started and has ended since, or never showed up. Cheap enough to be asked all
  /// the time: looking through all processes is not, so that is done now and then.
  boolean hasEnded() {
    var now = System.nanoTime();
    if (now - lookedNanos < LOOK_NANOS) {
      return false;
    }
    lookedNanos = now;
    return running().isEmpty() && (seen || System.nanoTime() - startedNanos > SHOWS_UP_NANOS);
  }

  /// The running process, whoever started it.
  Optional<ProcessHandle> running() {
    var last = known;
    if (last == null || !isOurs(last)) {
      last = ProcessHandle.allProcesses().filter(this::isOurs).findFirst().orElse(null);
      known = last;
    }
    seen |= last != null;
    return Optional.ofNullable(last);
  }

  /// A zombie's command line is empty, so it does not count.
  private boolean isOurs(ProcessHandle process) {
    try {
      var line = Files.readString(Path.of("/proc", Long.toString(process.pid()), "cmdline"));
      return matches(line, program, mark);
    } catch (IOException _) {
      // Gone, or its command line is no text.
      return false;
    }
  }

  /// @param commandLine words that end with NUL, as in /proc/PID/cmdline
  static boolean matches(String commandLine, String program, String mark) {
    var words = List.of(commandLine.split("\0", -1));
    var name = words.getFirst();
    return name.substring(name.lastIndexOf('/') + 1).equals(program) && words.contains(mark);
  }

  /// Completes when the running process ends; at once when there is none.
  CompletableFuture<?> ended() {
    return running()
        .<CompletableFuture<?>>map(ProcessHandle::onExit)
        .orElseGet(() -> CompletableFuture.completedFuture(this));
  }

  /// Asks it to end, then makes it end.
  ///
  /// @param deadline half of the time is for asking
  /// @return false when it is still there: it hangs in the kernel
  boolean stop(Deadline deadline) throws InterruptedException {
    var process = running();
    if (process.isEmpty()) {
      return true;
    }
    process.get().destroy();
    if (deadline.atMost(deadline.left().dividedBy(2)).await(() -> running().isEmpty())) {
      return true;
    }
    process.get().destroyForcibly();
    return deadline.await(() -> running().isEmpty());
  }

  /// The last line it wrote, for people.
  String lastWords() {
    try {
      var lines = Files.readString(logFile, StandardCharsets.UTF_8).strip().split("\n", -1);
      return lines[lines.length - 1];
    } catch (IOException _) {
      return "";
    }
  }
}
