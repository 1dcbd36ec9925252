package carpool.kit.grpc;

import carpool.kit.loop.Guarded;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A server's stream of events, called again whenever it ends. The listener and everything given to
/// [#execute] and [#every] run on one thread of this object, so they need no lock; what throws
/// there is logged and ends nothing.
public final class ReconnectingWatch<E> implements AutoCloseable {
  /// Hears what comes, on the watch's thread.
  public interface Listener<E> {
    /// The stream is called (again): the events that follow begin with the present state.
    void calling();

    /// An event of the stream called last.
    void event(E event);

    /// The stream has ended; it will be called again.
    ///
    /// @param failure null when the server completed it
    void ended(@Nullable Throwable failure);
  }

  private final String name;
  private final ManagedChannel channel;
  private final Duration retry;
  private final Consumer<StreamObserver<E>> call;
  private final Listener<E> listener;
  private final ScheduledExecutorService thread;

  // Owned by the thread.
  private Context.@Nullable CancellableContext current;
  private long number;
  private boolean closed;

  /// @param name of the thread
  /// @param channel belongs to the caller
  /// @param retry from the end of a stream to the next call
  /// @param call makes the call with this observer
  public ReconnectingWatch(
      String name,
      ManagedChannel channel,
      Duration retry,
      Consumer<StreamObserver<E>> call,
      Listener<E> listener) {
    this.name = name;
    this.channel = channel;
    this.retry = retry;
    this.call = call;
    this.listener = listener;
    thread =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name(name).daemon(true).factory());
  }

  /// Calls the stream.
  public void start() {
    execute(this::again);
  }

  /// Runs `work` on the watch's thread.
  public void execute(Runnable work) {
    if (!thread.isShutdown()) {
      thread.execute(() -> guarded(work));
    }
  }

  /// Runs `work` again and again on the watch's thread.
  public void every(Duration pause, Runnable work) {
    var _ =
        thread.scheduleWithFixedDelay(
            () -> guarded(work), pause.toMillis(), pause.toMillis(), TimeUnit.MILLISECONDS);
  }

  /// Gives the stream under way up and calls anew, at once. Only on the watch's thread.
  public void again() {
    if (closed) {
      return;
    }
    cancel("called again");
    number++;
    listener.calling();
    channel.resetConnectBackoff();
    current = Context.ROOT.withCancellation();
    var observer = new Observer(number);
    current.run(() -> call.accept(observer));
  }

  private void cancel(String why) {
    if (current != null) {
      current.cancel(Status.CANCELLED.withDescription(why).asException());
      current = null;
    }
  }

  private void guarded(Runnable work) {
    Guarded.task("watch " + name, work).run();
  }

  /// Ends watching.
  @Override
  public void close() {
    execute(() -> {
      closed = true;
      cancel("closed");
    });
    thread.shutdown();
  }

  private final class Observer implements StreamObserver<E> {
    private final long of;

    Observer(long of) {
      this.of = of;
    }

    @Override
    public void onNext(E event) {
      execute(() -> {
        if (of == number && !closed) {
          listener.event(event);
        }
      });
    }

    @Override
    public void onError(Throwable failure) {
      execute(() -> ended(failure));
    }

    @Override
    public void onCompleted() {
      execute(() -> ended(null));
    }

    private void ended(@Nullable Throwable failure) {
      if (of != number || closed) {
        return;
      }
      number++; // nothing more of this one
      guarded(() -> listener.ended(failure));
      var _ =
          thread.schedule(
              () -> guarded(ReconnectingWatch.this::again),
              retry.toMillis(),
              TimeUnit.MILLISECONDS);
    }
  }
}
