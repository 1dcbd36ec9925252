package carpool.orchestrator.exec;

import carpool.kit.process.ProcessTree;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/// Runs commands: argv as given, no shell, standard input empty. A command that exceeds its limit
/// is killed with its descendants; one that cannot be killed (a process in the kernel's hands, on a
/// pool without devices) is left behind, and the caller is told in time all the same. Those are
/// counted, and no command is started while there are too many of them ([LeftBehind]).
///
/// Pipes are read on platform threads: a blocking read holds the carrier of a virtual thread, and
/// some hundred children that never end would hold them all.
public final class Commands {
  private static final Duration KILL_GRACE = Duration.ofMillis(500);

  /// Readers of pipes only copy bytes.
  private static final long READER_STACK_BYTES = 256 << 10;

  private Commands() {}

  /// One command that may be running. Any thread may break it off.
  public static final class Handle {
    private final AtomicBoolean aborted = new AtomicBoolean();
    private volatile Process process;

    /// For a command not yet started.
    @SuppressWarnings("NullAway") // process is set when it starts
    public Handle() {}

    /// Kills it, or keeps it from starting.
    public void abort() {
      aborted.set(true);
      var started = process;
      if (started != null) {
        ProcessTree.kill(started);
      }
    }

    /// Whether its process was started.
    boolean started() {
      return process != null;
    }

    /// Whether [#abort()] was called.
    public boolean aborted() {
      return aborted.get();
    }
  }

  /// Runs `argv` and waits for it, at most `limit`.
  ///
  /// @param environment added to this process's own
  public static CommandResult run(
      List<String> argv, Map<String, String> environment, Duration limit, Handle handle)
      throws InterruptedException {
    var refusal = LeftBehind.refusal();
    return refusal.isEmpty()
        ? start(argv, environment, limit, handle)
        : CommandResult.refused(argv, refusal);
  }

  /// Runs `true`, whatever has been left behind: proves that a child can be started, waited for and
  /// read.
  public static CommandResult probe(Duration limit) throws InterruptedException {
    return start(List.of("true"), Map.of(), limit, new Handle());
  }

  private static CommandResult start(
      List<String> argv, Map<String, String> environment, Duration limit, Handle handle)
      throws InterruptedException {
    var started = System.nanoTime();
    Process process;
    try {
      var builder = new ProcessBuilder(argv);
      builder.environment().putAll(environment);
      builder.redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")));
      process = builder.start();
    } catch (IOException e) {
      return CommandResult.notStarted(argv, String.valueOf(e.getMessage()));
    }
    handle.process = process;
    if (handle.aborted()) {
      ProcessTree.kill(process);
    }
    var out = new Tail(process.getInputStream(), argv.getFirst() + " out");
    var err = new Tail(process.getErrorStream(), argv.getFirst() + " err");
    var ended = process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS);
    if (!ended) {
      kill(process, argv);
    }
    // A service started in the background may hold the pipe open: what is there is enough.
    out.settle(ended ? KILL_GRACE : Duration.ZERO);
    err.settle(ended ? KILL_GRACE : Duration.ZERO);
    return new CommandResult(
        argv,
        ended ? process.exitValue() : -1,
        !ended,
        handle.aborted(),
        out.text(),
        err.text(),
        Duration.ofNanos(System.nanoTime() - started));
  }

  /// Kills the command and its children, and counts those that survive it.
  private static void kill(Process process, List<String> argv) throws InterruptedException {
    List<ProcessHandle> tree;
    try (var descendants = process.descendants()) {
      tree = new ArrayList<>(descendants.toList());
    }
    tree.addFirst(process.toHandle());
    ProcessTree.kill(process);
    var end = System.nanoTime() + KILL_GRACE.toNanos();
    for (var each : tree) {
      try {
        var _ = each.onExit().get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        LeftBehind.add(each, String.join(" ", argv));
      } catch (ExecutionException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /// The last bytes of a stream, read on a thread of its own.
  private static final class Tail {
    private static final int KEPT_BYTES = 64 << 10;

    private final byte[] ring = new byte[KEPT_BYTES];
    private long total;
    private final Thread reader;

    Tail(InputStream stream, String name) {
      reader =
          Thread.ofPlatform()
              .name(name)
              .daemon(true)
              .stackSize(READER_STACK_BYTES)
              .start(() -> read(stream));
    }

    private void read(InputStream stream) {
      var buffer = new byte[8192];
      try (stream) {
        for (var count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
          add(buffer, count);
        }
      } catch (IOException e) {
        // The process was killed: what was read so far is all there is.
        add(new byte[0], 0);
      }
    }

    private synchronized void add(byte[] bytes, int count) {
      for (var index = 0; index < count; index++) {
        ring[(int) ((total + index) % KEPT_BYTES)] = bytes[index];
      }
      total += count;
    }

    void settle(Duration limit) throws InterruptedException {
      if (limit.isPositive()) {
        var _ = reader.join(limit);
      }
    }

    synchronized String text() {
      var length = (int) Math.min(total, KEPT_BYTES);
      var bytes = new byte[length];
      for (var index = 0; index < length; index++) {
        bytes[index] = ring[(int) ((total - length + index) % KEPT_BYTES)];
      }
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }
}
