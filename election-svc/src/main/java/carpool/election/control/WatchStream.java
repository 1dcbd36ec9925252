package carpool.election.control;

import carpool.election.v1.WatchEvent;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One watcher: what the groups tell goes into a bounded queue and out as fast as the client reads.
/// A client that falls [#QUEUE_MAX] events behind is cut off; it watches again and gets the present
/// state first.
final class WatchStream {
  static final int QUEUE_MAX = 1024;

  private final ServerCallStreamObserver<WatchEvent> client;
  private final ArrayDeque<WatchEvent> queue = new ArrayDeque<>();
  private @Nullable Runnable unsubscribe;
  private boolean over;

  WatchStream(ServerCallStreamObserver<WatchEvent> client) {
    this.client = client;
  }

  void start(Groups groups, List<String> wanted) {
    client.setOnReadyHandler(this::drain);
    client.setOnCancelHandler(this::end);
    Runnable stop = groups.watch(wanted, this::on);
    synchronized (this) {
      unsubscribe = stop;
      if (!over) {
        return;
      }
    }
    stop.run();
  }

  private synchronized void on(Groups.Change change) {
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
    queue.add(ElectionProtoMapper.event(change));
    drain();
  }

  private synchronized void drain() {
    while (!over && !queue.isEmpty() && client.isReady()) {
      client.onNext(queue.remove());
    }
  }

  private void end() {
    Runnable stop;
    synchronized (this) {
      over = true;
      queue.clear();
      stop = unsubscribe;
    }
    if (stop != null) {
      stop.run();
    }
  }
}
