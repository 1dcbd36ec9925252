package carpool.kit.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// A main class of this build in its own JVM, with its standard error collected. Closing kills it.
public final class JavaProcess implements AutoCloseable {
  private final Process process;
  private final List<String> lines = new ArrayList<>();
  private boolean ended;

  private JavaProcess(Process process) {
    this.process = process;
    Thread.ofPlatform().daemon(true).name("stderr of " + process.pid()).start(this::collect);
  }

  /// Starts `mainClass` with the class path of this JVM.
  public static JavaProcess start(
      Class<?> mainClass, Map<String, String> environment, String... args) throws IOException {
    var command =
        new ArrayList<>(
            List.of(
                // Whoever runs the tests may ignore SIGHUP, and children inherit that.
                "env",
                "--default-signal=HUP",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx64m",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                mainClass.getName()));
    command.addAll(List.of(args));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    return new JavaProcess(builder.start());
  }

  /// Waits for a line that contains `part`; fails with all output when it does not come.
  public String await(String part, Duration deadline)
      throws InterruptedException, TimeoutException {
    var end = System.nanoTime() + deadline.toNanos();
    synchronized (lines) {
      while (true) {
        for (var line : lines) {
          if (line.contains(part)) {
            return line;
          }
        }
        var leftMillis = (end - System.nanoTime()) / 1_000_000;
        if (ended || leftMillis <= 0) {
          throw new TimeoutException(
              "no line with '" + part + "' from process " + process.pid() + ":\n" + output());
        }
        lines.wait(leftMillis);
      }
    }
  }

  /// Sends a signal by its name, as `TERM`.
  public void signal(String name) throws IOException, InterruptedException {
    var _ = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
  }

  /// Waits for the end; the exit code (128 + signal when killed).
  public int exitCode(Duration deadline) throws InterruptedException, TimeoutException {
    if (!process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new TimeoutException("process " + process.pid() + " still runs:\n" + output());
    }
    return process.exitValue();
  }

  /// Its process id.
  public long pid() {
    return process.pid();
  }

  /// Everything it has written so far.
  public String output() {
    synchronized (lines) {
      return String.join("\n", lines);
    }
  }

  /// Kills it and waits for its end: it writes nothing afterwards.
  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor(10, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void collect() {
    try (var reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (var line = reader.readLine(); line != null; line = reader.readLine()) {
        synchronized (lines) {
          lines.add(line);
          lines.notifyAll();
        }
      }
    } catch (IOException e) {
      // The process was killed; what it wrote before is there.
    }
    synchronized (lines) {
      ended = true;
      lines.notifyAll();
    }
  }
}
