package carpool.kit.grpc;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Knows the streams that are open, so that a server that stops can end them at once. A watch has
/// no end of its own: without this an orderly stop waits for its whole deadline, and those who
/// watch learn of the stop last.
final class OpenStreams implements ServerInterceptor {
  private final Set<Stream<?, ?>> open = ConcurrentHashMap.newKeySet();
  private volatile boolean ending;

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    if (call.getMethodDescriptor().getType() == MethodType.UNARY) {
      return next.startCall(call, headers);
    }
    var stream = new Stream<>(call);
    open.add(stream);
    var listener =
        new SimpleForwardingServerCallListener<Q>(next.startCall(stream, headers)) {
          @Override
          public void onCancel() {
            open.remove(stream);
            super.onCancel();
          }

          @Override
          public void onComplete() {
            open.remove(stream);
            super.onComplete();
          }
        };
    if (ending) {
      stream.end();
    }
    return listener;
  }

  /// Ends every stream with UNAVAILABLE; new ones end as they begin. Their handlers see a client
  /// that takes nothing any more.
  void end() {
    ending = true;
    open.forEach(Stream::end);
  }

  /// A call that may be closed by the handler's thread and by the one that stops the server. What
  /// comes after the end is dropped.
  private static final class Stream<Q, A> extends SimpleForwardingServerCall<Q, A> {
    private boolean closed;

    Stream(ServerCall<Q, A> call) {
      super(call);
    }

    void end() {
      close(Status.UNAVAILABLE.withDescription("the service is stopping"), new Metadata());
    }

    @Override
    public synchronized void sendHeaders(Metadata headers) {
      if (!closed) {
        super.sendHeaders(headers);
      }
    }

    @Override
    public synchronized void sendMessage(A message) {
      if (!closed) {
        super.sendMessage(message);
      }
    }

    @Override
    public synchronized void close(Status status, Metadata trailers) {
      if (!closed) {
        closed = true;
        super.close(status, trailers);
      }
    }
  }
}
