package carpool.replicator.control;

import carpool.replicator.core.Effects.Notice;
import carpool.replicator.resource.ReplicatorNode;
import carpool.replicator.resource.ResourceNode;
import carpool.replicator.status.Snapshot;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.WatchStatusEvent;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One watcher of resources. Changes of a device node are seen by looking a few times a second,
/// because mounts tell nobody; everything else is told at once. Numbered without gaps; a watcher
/// that falls [#QUEUE_MAX] events behind is cut off.
final class StatusStream {
  private static final int QUEUE_MAX = 1024;
  private static final long LOOK_MILLIS = 100;

  private final ServerCallStreamObserver<WatchStatusEvent> client;
  private final List<ResourceNode> wanted;
  private final long progressMillis;
  private final ArrayDeque<WatchStatusEvent> queue = new ArrayDeque<>();
  private final Map<String, String> lastLooks = new HashMap<>();
  private @Nullable Runnable unsubscribe;
  private long lastNumber;
  private volatile boolean over;

  StatusStream(
      ServerCallStreamObserver<WatchStatusEvent> client,
      List<ResourceNode> wanted,
      long progressMillis) {
    this.client = client;
    this.wanted = wanted;
    this.progressMillis = progressMillis;
  }

  void start(ReplicatorNode node) {
    client.setOnReadyHandler(this::drain);
    client.setOnCancelHandler(this::end);
    unsubscribe = node.listen((resource, notice) -> happened(resource, notice));
    for (var resource : wanted) {
      tell(resource, "snapshot");
    }
    Thread.ofVirtual().name("watch-look").start(this::look);
  }

  private void happened(ResourceNode resource, Notice notice) {
    if (!over && wanted.contains(resource)) {
      // Not on the thread that stepped the core: taking a snapshot asks the core again.
      Thread.ofVirtual().start(() -> tell(resource, word(notice)));
    }
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
    };
  }

  private void look() {
    long sinceProgress = 0;
    while (!over) {
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        return;
      }
      sinceProgress += LOOK_MILLIS;
      boolean progress = progressMillis > 0 && sinceProgress >= progressMillis;
      if (progress) {
        sinceProgress = 0;
      }
      for (var resource : wanted) {
        if (progress) {
          tell(resource, "progress");
        } else {
          tellIfChanged(resource);
        }
      }
    }
  }

  private void tellIfChanged(ResourceNode resource) {
    var now = ResourceMapper.resource(Snapshot.of(resource));
    boolean changed;
    synchronized (this) {
      changed = !look(now).equals(lastLooks.get(now.getName()));
    }
    if (changed) {
      tell(resource, "export");
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
        + resource.getExport().getProblem();
  }

  private void tell(ResourceNode resource, String event) {
    var now = ResourceMapper.resource(Snapshot.of(resource));
    synchronized (this) {
      if (over) {
        return;
      }
      if (queue.size() >= QUEUE_MAX) {
        over = true;
        queue.clear();
        client.onError(
            Status.RESOURCE_EXHAUSTED
                .withDescription("watcher is " + QUEUE_MAX + " events behind; watch again")
                .asRuntimeException());
        return;
      }
      lastLooks.put(now.getName(), look(now));
      queue.add(
          WatchStatusEvent.newBuilder()
              .setNumber(++lastNumber)
              .setUnixMillis(System.currentTimeMillis())
              .setEvent(event)
              .setResource(now)
              .build());
    }
    drain();
  }

  private synchronized void drain() {
    while (!over && !queue.isEmpty() && client.isReady()) {
      client.onNext(queue.remove());
    }
  }

  private void end() {
    over = true;
    var stop = unsubscribe;
    if (stop != null) {
      stop.run();
    }
  }
}
