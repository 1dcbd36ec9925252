package carpool.kit.grpc;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// One stream of messages to one client: what happens goes into a bounded queue and out as fast as
/// the client reads. A client that falls [#QUEUE_MAX] messages behind is cut off; it calls again
/// and gets the present state first. Any thread.
///
/// To be made before the service's method returns.
public final class ServerStream<M> {
  /// Messages that wait for a client that does not read.
  public static final int QUEUE_MAX = 1024;

  private final ServerCallStreamObserver<M> client;
  private final ArrayDeque<M> queue = new ArrayDeque<>();
  private @Nullable Runnable onEnd;
  private boolean ending;
  private boolean over;

  /// @param client as a service's method gets it
  public ServerStream(StreamObserver<M> client) {
    this.client = (ServerCallStreamObserver<M>) client;
    this.client.setOnReadyHandler(this::drain);
    this.client.setOnCancelHandler(this::end);
  }

  /// Called once when the client is gone, was cut off or has all; at once when it is so already.
  public void onEnd(Runnable work) {
    synchronized (this) {
      if (!over) {
        onEnd = work;
        return;
      }
    }
    work.run();
  }

  /// Sends a message, or keeps it until the client reads; nothing after the end.
  public void send(M message) {
    synchronized (this) {
      if (over || ending) {
        return;
      }
      if (queue.size() < QUEUE_MAX) {
        queue.add(message);
      } else {
        over = true;
        queue.clear();
        client.onError(
            Status.RESOURCE_EXHAUSTED
                .withDescription("client is " + QUEUE_MAX + " messages behind; call again")
                .asRuntimeException());
      }
    }
    drain();
  }

  /// After what was sent, the end.
  public void complete() {
    synchronized (this) {
      ending = true;
    }
    drain();
  }

  private void drain() {
    synchronized (this) {
      while (!over && !queue.isEmpty() && client.isReady()) {
        client.onNext(queue.remove());
      }
      if (ending && !over && queue.isEmpty()) {
        over = true;
        client.onCompleted();
      }
      if (!over) {
        return;
      }
    }
    end();
  }

  private void end() {
    Runnable work;
    synchronized (this) {
      over = true;
      queue.clear();
      work = onEnd;
      onEnd = null;
    }
    if (work != null) {
      work.run();
    }
  }
}
