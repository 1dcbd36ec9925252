package carpool.orchestrator.peers;

import carpool.kit.grpc.Channels;
import carpool.kit.grpc.ReconnectingWatch;
import carpool.replicator.v1.GetStatusRequest;
import carpool.replicator.v1.GetStatusResponse;
import carpool.replicator.v1.ReplicatorGrpc;
import carpool.replicator.v1.ReplicatorGrpc.ReplicatorBlockingStub;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.WatchStatusEvent;
import carpool.replicator.v1.WatchStatusRequest;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// This node's replicator: watched all the time, asked when somebody asks. Lost means: the watch
/// ended, or two questions in a row stayed without an answer (a process that hangs).
public final class ReplicatorPeer {

  /// Told on threads of this class, one call at a time.
  public interface Listener {
    /// All resources are known, and one of them changed as `event` says; the first call after a
    /// loss is the whole picture.
    void changed(Map<String, Resource> resources, WatchStatusEvent event);

    /// All resources as a question of every few seconds found them: for what changes without an
    /// event.
    void polled(List<Resource> resources);

    void lost(String problem);
  }

  private static final int SILENT_MAX = 2;

  private final PeerSettings settings;
  private final Set<String> names;
  private final Listener listener;
  private final ManagedChannel channel;
  private final ReconnectingWatch<WatchStatusEvent> watch;

  // Owned by the watch's thread.
  private final Map<String, Resource> resources = new LinkedHashMap<>();
  private final Set<String> missing = new HashSet<>();
  private boolean told;
  private int silent;
  private volatile String problem = "not asked yet";

  /// @param names of the resources that must be known before anything is told
  public ReplicatorPeer(PeerSettings settings, List<String> names, Listener listener) {
    this.settings = settings;
    this.names = Set.copyOf(names);
    this.listener = listener;
    this.channel = Channels.unixForService(settings.socket(), "carpool-orchestrator");
    watch =
        new ReconnectingWatch<>(
            "replicator-watch",
            channel,
            settings.retry(),
            events ->
                ReplicatorGrpc.newStub(channel)
                    .watchStatus(WatchStatusRequest.getDefaultInstance(), events),
            new Events());
  }

  /// Begins to watch.
  public void start() {
    watch.start();
    watch.every(settings.ping(), this::ping);
  }

  /// Ends watching; calls being made are cancelled.
  public void close() {
    watch.close();
    channel.shutdownNow();
  }

  /// Why it is not to be had; empty when it answers.
  public String problem() {
    return problem;
  }

  /// For calls; each with its own deadline.
  public ReplicatorBlockingStub stub(Duration deadline) {
    return ReplicatorGrpc.newBlockingStub(channel)
        .withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS);
  }

  /// Everything it tells, now.
  public GetStatusResponse status() {
    return stub(settings.patience()).getStatus(GetStatusRequest.getDefaultInstance());
  }

  private final class Events implements ReconnectingWatch.Listener<WatchStatusEvent> {
    @Override
    public void calling() {
      told = false;
      missing.clear();
      missing.addAll(names);
    }

    @Override
    public void event(WatchStatusEvent event) {
      var resource = event.getResource();
      resources.put(resource.getName(), resource);
      missing.remove(resource.getName());
      if (missing.isEmpty()) {
        told = true;
        problem = "";
        silent = 0;
        listener.changed(Map.copyOf(resources), event);
      }
    }

    @Override
    public void ended(@Nullable Throwable failure) {
      lose(failure == null ? "it ended the watch" : Refusals.text(failure));
    }
  }

  private void lose(String why) {
    problem = "carpool-replicator does not answer: " + why;
    told = false;
    listener.lost(problem);
  }

  private void ping() {
    if (!told) {
      return;
    }
    try {
      var answer =
          stub(settings.patience())
              .getStatus(GetStatusRequest.newBuilder().addAllResources(names).build());
      silent = 0;
      listener.polled(answer.getResourcesList());
    } catch (io.grpc.StatusRuntimeException e) {
      silent++;
      if (silent >= SILENT_MAX) {
        lose(Refusals.text(e));
        watch.again();
      }
    }
  }
}
