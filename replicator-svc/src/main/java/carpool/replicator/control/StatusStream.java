package carpool.replicator.control;

import carpool.kit.grpc.ServerStream;
import carpool.kit.loop.Guarded;
import carpool.replicator.core.Effects.Notice;
import carpool.replicator.resource.ReplicatorNode;
import carpool.replicator.resource.ResourceNode;
import carpool.replicator.status.Snapshot;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.WatchStatusEvent;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One watcher of resources. Changes of a device node are seen by looking a few times a second,
/// because mounts tell nobody; everything else is told at once. Numbered without gaps, in the order
/// in which it happened.
final class StatusStream {
  private static final long LOOK_MILLIS = 100;
  private static final Logger LOG = LoggerFactory.getLogger(StatusStream.class);

  private final ServerStream<WatchStatusEvent> stream;
  private final List<ResourceNode> wanted;
  private final long progressMillis;

  /// Not the thread that stepped the core: taking a snapshot asks the core again.
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("watch").daemon(true).factory());

  // Owned by the thread.
  private final Map<String, String> lastLooks = new HashMap<>();
  private long lastNumber;
  private long sinceProgressMillis;

  StatusStream(
      ServerStream<WatchStatusEvent> stream, List<ResourceNode> wanted, long progressMillis) {
    this.stream = stream;
    this.wanted = wanted;
    this.progressMillis = progressMillis;
  }

  void start(ReplicatorNode node) {
    var unsubscribe = node.listen((resource, notice) -> happened(resource, notice));
    for (var resource : wanted) {
      run(() -> tell(resource, "snapshot"));
    }
    var _ =
        thread.scheduleWithFixedDelay(
            () -> guarded(this::look), LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    stream.onEnd(() -> {
      unsubscribe.run();
      thread.shutdownNow();
    });
  }

  private void happened(ResourceNode resource, Notice notice) {
    if (wanted.contains(resource)) {
      run(() -> tell(resource, word(notice)));
    }
  }

  private void run(Runnable work) {
    try {
      thread.execute(() -> guarded(work));
    } catch (RejectedExecutionException e) {
      LOG.debug("a watcher is gone: {}", e.getMessage());
    }
  }

  /// What throws here would end the watch without a word.
  private static void guarded(Runnable work) {
    Guarded.task("watching resources", work).run();
  }

  private static String word(Notice notice) {
    return switch (notice) {
      case ROLE -> "role";
      case CONNECT -> "connect";
      case DISCONNECT -> "disconnect";
      case SYNC_START -> "syncstart";
      case VERIFY_START -> "verifystart";
      case VERIFY_DONE -> "verifydone";
      case VERIFY_STOPPED -> "verifystopped";
      case SYNC_DONE -> "syncdone";
      case SYNC_INTERRUPTED -> "syncintr";
      case SPLIT_BRAIN -> "split-brain";
      case REFUSED -> "refused";
      case DISK -> "disk";
      case REPAIRED -> "repaired";
      case FENCED -> "fenced";
      case DEVICE -> "export";
      case WITNESS -> "witness";
    };
  }

  private void look() {
    sinceProgressMillis += LOOK_MILLIS;
    boolean progress = progressMillis > 0 && sinceProgressMillis >= progressMillis;
    if (progress) {
      sinceProgressMillis = 0;
    }
    for (var resource : wanted) {
      if (progress) {
        tell(resource, "progress");
      } else {
        tellIfChanged(resource);
      }
    }
  }

  private void tellIfChanged(ResourceNode resource) {
    var now = ResourceMapper.resource(Snapshot.of(resource));
    if (!look(now).equals(lastLooks.get(now.getName()))) {
      tell(now, "export");
    }
  }

  /// What a watcher without progress wants to hear changes of.
  private static String look(Resource resource) {
    return resource.getRoleValue()
        + "/"
        + resource.getLinkValue()
        + "/"
        + resource.getDiskValue()
        + "/"
        + resource.getPeerDiskValue()
        + "/"
        + resource.getPeerRoleValue()
        + "/"
        + resource.getSync().getStateValue()
        + "/"
        + resource.getComplete()
        + "/"
        + resource.getFenced()
        + "/"
        + resource.getSplitBrain()
        + "/"
        + resource.getPromotionRefusal()
        + "/"
        + resource.getExport().getDeviceReady()
        + "/"
        + resource.getExport().getDevicePath()
        + "/"
        + resource.getExport().getProblem()
        + "/"
        + resource.getWitness().getReachable()
        + "/"
        + resource.getWitness().getPermissionValue()
        + "/"
        + resource.getWitness().getIncarnation();
  }

  private void tell(ResourceNode resource, String event) {
    tell(ResourceMapper.resource(Snapshot.of(resource)), event);
  }

  private void tell(Resource now, String event) {
    lastLooks.put(now.getName(), look(now));
    stream.send(
        WatchStatusEvent.newBuilder()
            .setNumber(++lastNumber)
            .setUnixMillis(System.currentTimeMillis())
            .setEvent(event)
            .setResource(now)
            .build());
  }
}
