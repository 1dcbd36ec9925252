package carpool.orchestrator.peers;

import carpool.election.v1.ElectionGrpc;
import carpool.election.v1.ElectionGrpc.ElectionBlockingStub;
import carpool.election.v1.GetStatusRequest;
import carpool.election.v1.GetStatusResponse;
import carpool.election.v1.Group;
import carpool.election.v1.WatchEvent;
import carpool.election.v1.WatchRequest;
import carpool.kit.grpc.Channels;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// This node's election service: watched all the time. Lost means that the watch ended; silence is
/// noticed by whoever reports to it, see [#silent].
public final class ElectionPeer {

  /// Told on one thread.
  public interface Listener {
    /// The group's present state; each change, and all of them after a loss.
    void changed(Group group);

    void lost(String problem);
  }

  private final PeerSettings settings;
  private final Listener listener;
  private final ManagedChannel channel;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("election-watch").daemon(true).factory());

  // Owned by the timer's thread.
  private long watchNumber;
  private boolean closed;
  private volatile String problem = "not asked yet";

  public ElectionPeer(PeerSettings settings, Listener listener) {
    this.settings = settings;
    this.listener = listener;
    this.channel = Channels.unix(settings.socket());
  }

  /// Begins to watch.
  public void start() {
    timer.execute(this::watch);
  }

  /// Ends watching.
  public void close() {
    timer.execute(() -> closed = true);
    timer.shutdown();
    channel.shutdownNow();
  }

  /// Why it is not to be had; empty when it answers.
  public String problem() {
    return problem;
  }

  /// For calls.
  public ElectionBlockingStub stub() {
    return ElectionGrpc.newBlockingStub(channel)
        .withDeadlineAfter(settings.patience().toMillis(), TimeUnit.MILLISECONDS);
  }

  /// Everything it tells, now.
  public GetStatusResponse status() {
    return stub().getStatus(GetStatusRequest.getDefaultInstance());
  }

  /// It did not answer for too long although the watch stands: it hangs.
  public void silent(String why) {
    post(() -> {
      if (problem.isEmpty()) {
        lose(why);
        watch();
      }
    });
  }

  private void watch() {
    if (closed) {
      return;
    }
    watchNumber++;
    var number = watchNumber;
    channel.resetConnectBackoff();
    ElectionGrpc.newStub(channel)
        .watch(
            WatchRequest.getDefaultInstance(),
            new StreamObserver<>() {
              @Override
              public void onNext(WatchEvent event) {
                post(() -> onEvent(number, event));
              }

              @Override
              public void onError(Throwable failure) {
                post(() -> onEnd(number, Refusals.text(failure)));
              }

              @Override
              public void onCompleted() {
                post(() -> onEnd(number, "it ended the watch"));
              }
            });
  }

  private void post(Runnable work) {
    if (!timer.isShutdown()) {
      timer.execute(work);
    }
  }

  private void onEvent(long number, WatchEvent event) {
    if (number == watchNumber) {
      problem = "";
      listener.changed(event.getGroup());
    }
  }

  private void onEnd(long number, String why) {
    if (number != watchNumber || closed) {
      return;
    }
    lose(why);
    var _ = timer.schedule(this::watch, settings.retry().toMillis(), TimeUnit.MILLISECONDS);
  }

  private void lose(String why) {
    problem = "carpool-election does not answer: " + why;
    listener.lost(problem);
  }
}
