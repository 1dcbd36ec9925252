package carpool.kit.grpc;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Turns [ServiceError]s, thrown or passed to `onError`, into their status and trailers. Anything
/// else that a method throws is a defect: logged here, told to the caller as INTERNAL without
/// details.
final class StatusMapping implements ServerInterceptor {
  private static final Logger LOG = LoggerFactory.getLogger(StatusMapping.class);

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    var mapped =
        new SimpleForwardingServerCall<Q, A>(call) {
          private boolean closed;

          @Override
          public void close(Status status, Metadata trailers) {
            if (closed) {
              return;
            }
            closed = true;
            if (status.getCause() instanceof ServiceError error) {
              super.close(error.status(), error.trailers());
            } else if (status.getCode() == Status.Code.UNKNOWN && status.getCause() != null) {
              super.close(
                  defect(getMethodDescriptor().getFullMethodName(), status.getCause()),
                  new Metadata());
            } else {
              super.close(status, trailers);
            }
          }
        };
    return new SimpleForwardingServerCallListener<>(next.startCall(mapped, headers)) {
      @Override
      public void onMessage(Q message) {
        guarded(() -> super.onMessage(message));
      }

      @Override
      public void onHalfClose() {
        guarded(super::onHalfClose);
      }

      @Override
      public void onReady() {
        guarded(super::onReady);
      }

      private void guarded(Runnable step) {
        try {
          step.run();
        } catch (RuntimeException failure) {
          mapped.close(statusOf(failure), trailersOf(failure));
        }
      }
    };
  }

  private static Status statusOf(Throwable failure) {
    return switch (failure) {
      case StatusRuntimeException status -> status.getStatus();
      case StatusException status -> status.getStatus();
      default -> Status.UNKNOWN.withCause(failure);
    };
  }

  private static Metadata trailersOf(Throwable failure) {
    var trailers = Status.trailersFromThrowable(failure);
    return trailers == null ? new Metadata() : trailers;
  }

  private static Status defect(String method, Throwable cause) {
    LOG.error("{} failed unexpectedly", method, cause);
    return Status.INTERNAL.withDescription(
        "defect in carpool: " + cause.getClass().getSimpleName() + "; the service's log has it");
  }
}
