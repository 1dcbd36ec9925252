package carpool.orchestrator.peers;

import carpool.election.v1.ElectionGrpc;
import carpool.election.v1.ElectionGrpc.ElectionBlockingStub;
import carpool.election.v1.GetStatusRequest;
import carpool.election.v1.GetStatusResponse;
import carpool.election.v1.Group;
import carpool.election.v1.WatchEvent;
import carpool.election.v1.WatchRequest;
import carpool.kit.grpc.Channels;
import carpool.kit.grpc.ReconnectingWatch;
import io.grpc.ManagedChannel;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

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
  private final ReconnectingWatch<WatchEvent> watch;
  private volatile String problem = "not asked yet";

  public ElectionPeer(PeerSettings settings, Listener listener) {
    this.settings = settings;
    this.listener = listener;
    this.channel = Channels.unixForService(settings.socket(), "carpool-orchestrator");
    watch =
        new ReconnectingWatch<>(
            "election-watch",
            channel,
            settings.retry(),
            events ->
                ElectionGrpc.newStub(channel).watch(WatchRequest.getDefaultInstance(), events),
            new Events());
  }

  /// Begins to watch.
  public void start() {
    watch.start();
  }

  /// Ends watching.
  public void close() {
    watch.close();
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
    watch.execute(() -> {
      if (problem.isEmpty()) {
        lose(why);
        watch.again();
      }
    });
  }

  private final class Events implements ReconnectingWatch.Listener<WatchEvent> {
    @Override
    public void calling() {}

    @Override
    public void event(WatchEvent event) {
      problem = "";
      listener.changed(event.getGroup());
    }

    @Override
    public void ended(@Nullable Throwable failure) {
      lose(failure == null ? "it ended the watch" : Refusals.text(failure));
    }
  }

  private void lose(String why) {
    problem = "carpool-election does not answer: " + why;
    listener.lost(problem);
  }
}
