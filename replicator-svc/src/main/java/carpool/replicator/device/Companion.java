package carpool.replicator.device;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/// A program that works for one device and outlives the replicator: started in a session of its
/// own, found again by its pid file, and only believed to be it when its command line names the
/// same path.
final class Companion {
  private final String program;
  private final Path pidFile;
  private final Path logFile;

  /// A word of its command line that no other process has.
  private final String mark;

  Companion(String program, Path pidFile, Path logFile, String mark) {
    this.program = program;
    this.pidFile = pidFile;
    this.logFile = logFile;
    this.mark = mark;
  }

  String program() {
    return program;
  }

  /// Starts it; the pid file is written before this returns.
  void start(List<String> arguments) throws DeviceException {
    var command = new ArrayList<>(List.of("setsid", program));
    command.addAll(arguments);
    try {
      // A file, not a pipe: a pipe would break with the replicator.
      var process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(logFile.toFile())
              .redirectInput(new File("/dev/null"))
              .start();
      // setsid(1) execs the program, so the pid stays the same.
      Files.writeString(pidFile, process.pid() + "\n");
    } catch (IOException e) {
      throw new DeviceException(program + " cannot be started: " + e.getMessage());
    }
  }

  /// The running process, if it is one and ours.
  Optional<ProcessHandle> running() {
    try {
      var pid = Long.parseLong(Files.readString(pidFile).strip());
      return ProcessHandle.of(pid).filter(process -> isOurs(process.pid()));
    } catch (IOException | NumberFormatException _) {
      return Optional.empty();
    }
  }

  /// A zombie's command line is empty, so it does not count.
  private boolean isOurs(long pid) {
    try {
      var line = Files.readString(Path.of("/proc", Long.toString(pid), "cmdline"));
      return List.of(line.split("\0", -1)).stream().anyMatch(word -> word.contains(mark));
    } catch (IOException _) {
      return false;
    }
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
    if (process.isPresent()) {
      process.get().destroy();
      var polite = deadline.atMost(deadline.left().dividedBy(2));
      if (!polite.await(() -> running().isEmpty())) {
        process.get().destroyForcibly();
        if (!deadline.await(() -> running().isEmpty())) {
          return false;
        }
      }
    }
    Leftovers.delete(pidFile);
    return true;
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
