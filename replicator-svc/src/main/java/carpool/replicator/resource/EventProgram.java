package carpool.replicator.resource;

import carpool.kit.process.ProcessTree;
import carpool.replicator.core.Effects.Notice;
import carpool.replicator.core.Role;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Calls the program that `exec` of hast.conf names for one resource, with the original's arguments
/// (`freebsd/freebsd-src:sbin/hastd/hooks.c`, `event.c`): `role NAME OLD NEW`, `connect`,
/// `disconnect`, `syncstart`, `syncdone`, `syncintr`, `split-brain`, each with `NAME`.
///
/// As in the original, nothing waits for it, there is no shell, its standard streams are
/// `/dev/null`, and the three events of a synchronisation come on the primary only. Unlike there,
/// one call follows the other in the order of the events, a call that takes too long is killed, and
/// a split brain is told once.
public final class EventProgram {
  private static final Logger LOG = LoggerFactory.getLogger(EventProgram.class);
  private static final int WAITING_MAX = 256;

  private final String resource;
  private final Duration limit;
  private final ThreadPoolExecutor caller;
  private final LongAdder calls = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private volatile @Nullable String program;
  private Role lastRole = Role.INIT;
  private boolean syncing;

  /// @param limit after which a call is killed
  EventProgram(String resource, Optional<String> program, Duration limit) {
    this.resource = resource;
    this.program = program.orElse(null);
    this.limit = limit;
    caller =
        new ThreadPoolExecutor(
            1,
            1,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(WAITING_MAX),
            Thread.ofPlatform().name(resource + "-exec").daemon(true).factory());
    caller.allowCoreThreadTimeOut(true);
  }

  /// From now on this one, if any.
  void set(Optional<String> newProgram) {
    program = newProgram.orElse(null);
  }

  /// Calls made and calls that failed, were killed or dropped.
  public LongAdder calls() {
    return calls;
  }

  public LongAdder failures() {
    return failures;
  }

  /// Tells a change of role that nobody announced.
  synchronized void look(Role role) {
    if (role != lastRole) {
      call(List.of("role", resource, lastRole.word(), role.word()));
      lastRole = role;
    }
  }

  /// Something happened while this node had `role`. Never blocks.
  synchronized void happened(Notice notice, Role role) {
    look(role);
    switch (notice) {
      case CONNECT -> call(List.of("connect", resource));
      case DISCONNECT -> call(List.of("disconnect", resource));
      case SPLIT_BRAIN -> call(List.of("split-brain", resource));
      case SYNC_START -> {
        if (role == Role.PRIMARY) {
          syncing = true;
          call(List.of("syncstart", resource));
        }
      }
      case SYNC_DONE -> endSync("syncdone");
      case SYNC_INTERRUPTED -> endSync("syncintr");
      case ROLE,
          REFUSED,
          DISK,
          FENCED,
          DEVICE,
          REPAIRED,
          VERIFY_START,
          VERIFY_DONE,
          VERIFY_STOPPED,
          WITNESS -> {}
    }
  }

  private void endSync(String event) {
    if (syncing) {
      syncing = false;
      call(List.of(event, resource));
    }
  }

  private void call(List<String> arguments) {
    var path = program;
    if (path == null) {
      return;
    }
    try {
      caller.execute(() -> run(path, arguments));
    } catch (RejectedExecutionException e) {
      failures.increment();
      LOG.error(
          "resource={} exec: {} calls wait already, dropped: {}", resource, WAITING_MAX, arguments);
    }
  }

  private void run(String path, List<String> arguments) {
    var command = new ArrayList<>(List.of(path));
    command.addAll(arguments);
    var builder =
        new ProcessBuilder(command)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().put("CARPOOL_EVENT", arguments.getFirst());
    builder.environment().put("CARPOOL_RESOURCE", resource);
    calls.increment();
    try {
      var process = builder.start();
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        failures.increment();
        ProcessTree.kill(process);
        LOG.error("resource={} exec: {} killed after {} s", resource, command, limit.toSeconds());
      } else if (process.exitValue() != 0) {
        failures.increment();
        LOG.error("resource={} exec: {} ended with {}", resource, command, process.exitValue());
      } else {
        LOG.debug("resource={} exec: {}", resource, command);
      }
    } catch (IOException e) {
      failures.increment();
      LOG.error("resource={} exec: cannot start {}: {}", resource, Path.of(path), e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Lets what waits be carried out for a moment, then gives up on it.
  void close(Duration deadline) throws InterruptedException {
    caller.shutdown();
    if (!caller.awaitTermination(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
      var left = caller.shutdownNow().size();
      LOG.warn("resource={} exec: {} calls not carried out", resource, left);
    }
  }
}
