package carpool.orchestrator.control;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// One stream to one client: what happens goes into a bounded queue and out as fast as the client
/// reads. A client that falls [#QUEUE_MAX] messages behind is cut off; it calls again and gets the
/// present state first. Any thread.
final class Outlet<M> {
  static final int QUEUE_MAX = 1024;

  private final ServerCallStreamObserver<M> client;
  private final ArrayDeque<M> queue = new ArrayDeque<>();
  private @Nullable Runnable onEnd;
  private boolean ending;
  private boolean over;

  Outlet(ServerCallStreamObserver<M> client) {
    this.client = client;
    client.setOnReadyHandler(this::drain);
    client.setOnCancelHandler(this::end);
  }

  /// Called once when the client is gone or was cut off; at once when it is already.
  void onEnd(Runnable work) {
    synchronized (this) {
      onEnd = work;
      if (!over) {
        return;
      }
    }
    work.run();
  }

  synchronized void send(M message) {
    if (over || ending) {
      return;
    }
    if (queue.size() >= QUEUE_MAX) {
      over = true;
      queue.clear();
      client.onError(
          Status.RESOURCE_EXHAUSTED
              .withDescription("client is " + QUEUE_MAX + " messages behind; call again")
              .asRuntimeException());
      return;
    }
    queue.add(message);
    drain();
  }

  /// After what was sent, the end.
  synchronized void complete() {
    ending = true;
    drain();
  }

  private synchronized void drain() {
    while (!over && !queue.isEmpty() && client.isReady()) {
      client.onNext(queue.remove());
    }
    if (ending && !over && queue.isEmpty()) {
      over = true;
      client.onCompleted();
    }
  }

  private void end() {
    Runnable work;
    synchronized (this) {
      over = true;
      queue.clear();
      work = onEnd;
    }
    if (work != null) {
      work.run();
    }
  }
}
