package carpool.replicator.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The device node of one resource: `device-dir/NAME`, there while the export is served here.
///
/// The programs behind it outlive the replicator on purpose. After a restart [#appear] adopts what
/// still works, so that for the users of the device the restart was a pause; [#disappear] removes
/// what is not wanted any more, whoever made it. When one of the programs dies by itself the device
/// is made again, which its users see as errors in between.
///
/// All work is done by one thread per device, one step after the other, each with a deadline.
public final class DeviceNode implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceNode.class);
  private static final Duration APPEAR = Duration.ofSeconds(20);
  private static final Duration CLEAN = Duration.ofSeconds(6);
  private static final long RETRY_MILLIS_MIN = 500;
  private static final long RETRY_MILLIS_MAX = 30_000;

  private final DeviceSettings settings;
  private final String name;
  private final DeviceChoice choice;
  private final @Nullable Attachment attachment;
  private final ScheduledExecutorService thread;
  private volatile State state;

  private final Object makingLock = new Object();
  private @Nullable Thread making;

  // Owned by the thread.
  private long wantedBytes;
  private long wish;
  private long retryMillis = RETRY_MILLIS_MIN;

  /// @param name export name, also the file's name
  /// @param nbdSocket where the export is served
  public DeviceNode(DeviceSettings settings, String name, Path nbdSocket) {
    this(settings, name, nbdSocket, DeviceChoice.choose(settings.kind(), HostProbe.look()));
  }

  DeviceNode(DeviceSettings settings, String name, Path nbdSocket, DeviceChoice choice) {
    this.settings = settings;
    this.name = name;
    this.choice = choice;
    var proxy = new Proxy(settings, name, nbdSocket);
    attachment =
        switch (choice.way()) {
          case KERNEL -> new KernelAttachment(settings, name, proxy);
          case FUSE -> new FuseAttachment(settings, name, proxy);
          case NONE -> null;
        };
    state = absent(choice.problem());
    thread =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("device-" + name).factory());
  }

  /// What there is at this moment.
  ///
  /// @param kind `nbd`, `nbdfuse` or `none`
  /// @param path the device; empty when there is none
  /// @param ready it exists and has its size
  /// @param problem why it is not there or not ready although it should be; empty when all is well
  public record State(String kind, String path, boolean ready, String problem) {}

  /// The state; any thread, never waits.
  public State state() {
    return state;
  }

  /// Makes the device, or adopts the one that is there. The export must be served already.
  ///
  /// @return completes when the device is ready, at once where there is none to be made;
  ///   exceptionally with [DeviceException] after the first failure, and then it is tried again
  ///   until [#disappear]
  public CompletableFuture<Void> appear(long sizeBytes) {
    return submit(() -> {
      wantedBytes = sizeBytes;
      wish++;
      retryMillis = RETRY_MILLIS_MIN;
      makeOrRetry();
      return null;
    });
  }

  /// Removes the device, in use or not: who has it open gets errors from now on. Also removes what
  /// an earlier replicator left.
  ///
  /// @return completes exceptionally with [DeviceException] when something hangs; then it may be
  ///   called again
  public CompletableFuture<Void> disappear(Duration deadline) {
    stopMaking();
    return submit(() -> {
      wantedBytes = 0;
      wish++;
      takeDown(Deadline.in(deadline));
      state = absent(choice.problem());
      return null;
    });
  }

  private CompletableFuture<Void> submit(Callable<Void> step) {
    var done = new CompletableFuture<Void>();
    thread.execute(() -> {
      try {
        done.complete(step.call());
      } catch (Exception e) {
        done.completeExceptionally(e);
      }
    });
    return done;
  }

  private void makeOrRetry() throws DeviceException, InterruptedException {
    if (attachment == null) {
      return;
    }
    synchronized (makingLock) {
      making = Thread.currentThread();
    }
    try {
      make(attachment);
      retryMillis = RETRY_MILLIS_MIN;
    } catch (DeviceException e) {
      state = absent(String.valueOf(e.getMessage()));
      LOG.warn("device name={} event=NotMade reason=\"{}\"", name, e.getMessage());
      retry();
      throw e;
    } finally {
      synchronized (makingLock) {
        making = null;
        // An interrupt that came too late must not hit the next step.
        var _ = Thread.interrupted();
      }
    }
  }

  /// A device that is still being made is not waited for when it is to be removed.
  private void stopMaking() {
    synchronized (makingLock) {
      if (making != null) {
        making.interrupt();
      }
    }
  }

  private void make(Attachment way) throws DeviceException, InterruptedException {
    var deadline = Deadline.in(APPEAR);
    var adopted = way.isUp(wantedBytes, deadline);
    if (!adopted) {
      makeDirectories();
      way.takeDown(deadline.atMost(CLEAN));
      way.bringUp(wantedBytes, deadline);
    }
    state = new State(kind(), path().toString(), true, "");
    LOG.info("device name={} event={} path={}", name, adopted ? "Adopted" : "Made", path());
    watch(way);
  }

  private void watch(Attachment way) {
    var watched = wish;
    var _ = way.broken().thenRunAsync(() -> broke(way, watched), thread);
  }

  private void broke(Attachment way, long watched) {
    if (watched != wish) {
      return;
    }
    state = absent(way.lastWords());
    LOG.error("device name={} event=Broke reason=\"{}\"", name, way.lastWords());
    retry();
  }

  private void retry() {
    var watched = wish;
    var _ = thread.schedule(() -> again(watched), retryMillis, TimeUnit.MILLISECONDS);
    retryMillis = Math.min(RETRY_MILLIS_MAX, 2 * retryMillis);
  }

  private void again(long watched) {
    if (watched != wish) {
      return;
    }
    try {
      makeOrRetry();
    } catch (DeviceException | InterruptedException _) {
      // Logged, in the state, and planned again; or to be removed, which is the next step.
    }
  }

  private void takeDown(Deadline deadline) throws DeviceException, InterruptedException {
    if (attachment != null) {
      attachment.takeDown(deadline);
      LOG.info("device name={} event=Removed path={}", name, path());
    }
  }

  private void makeDirectories() throws DeviceException {
    try {
      Files.createDirectories(settings.deviceDirectory());
      if (!Files.isDirectory(settings.stateDirectory())) {
        Files.createDirectories(
            settings.stateDirectory(),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
    } catch (IOException e) {
      throw new DeviceException("cannot make the directory " + e.getMessage());
    }
  }

  private State absent(String problem) {
    return new State(kind(), "", false, problem);
  }

  private String kind() {
    return switch (choice.way()) {
      case KERNEL -> "nbd";
      case FUSE -> "nbdfuse";
      case NONE -> "none";
    };
  }

  private Path path() {
    return settings.deviceDirectory().resolve(name);
  }

  /// Ends the watching; the device and its programs stay. Steps that run are finished.
  @Override
  public void close() {
    thread.shutdown();
  }
}
