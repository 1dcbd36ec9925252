package carpool.orchestrator.peers;

import carpool.kit.grpc.Channels;
import carpool.replicator.v1.GetStatusRequest;
import carpool.replicator.v1.GetStatusResponse;
import carpool.replicator.v1.ReplicatorGrpc;
import carpool.replicator.v1.ReplicatorGrpc.ReplicatorBlockingStub;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.WatchStatusEvent;
import carpool.replicator.v1.WatchStatusRequest;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// This node's replicator: watched all the time, asked when somebody asks. Lost means: the watch
/// ended, or two questions in a row stayed without an answer (a process that hangs).
public final class ReplicatorPeer {

  /// Told on threads of this class, one call at a time.
  public interface Listener {
    /// All resources are known, and one of them changed as `event` says; the first call after a
    /// loss is the whole picture.
    void changed(Map<String, Resource> resources, WatchStatusEvent event);

    void lost(String problem);
  }

  private static final int SILENT_MAX = 2;

  private final PeerSettings settings;
  private final Set<String> names;
  private final Listener listener;
  private final ManagedChannel channel;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("replicator-watch").daemon(true).factory());

  // Owned by the timer's thread.
  private final Map<String, Resource> resources = new LinkedHashMap<>();
  private final Set<String> missing = new HashSet<>();
  private long watchNumber;
  private boolean told;
  private int silent;
  private boolean closed;
  private volatile String problem = "not asked yet";

  /// @param names of the resources that must be known before anything is told
  public ReplicatorPeer(PeerSettings settings, List<String> names, Listener listener) {
    this.settings = settings;
    this.names = Set.copyOf(names);
    this.listener = listener;
    this.channel = Channels.unix(settings.socket());
  }

  /// Begins to watch.
  public void start() {
    timer.execute(this::watch);
    var every = settings.ping().toMillis();
    var _ = timer.scheduleWithFixedDelay(this::ping, every, every, TimeUnit.MILLISECONDS);
  }

  /// Ends watching; calls being made are cancelled.
  public void close() {
    timer.execute(() -> closed = true);
    timer.shutdown();
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

  private void watch() {
    if (closed) {
      return;
    }
    watchNumber++;
    var number = watchNumber;
    told = false;
    missing.clear();
    missing.addAll(names);
    channel.resetConnectBackoff();
    ReplicatorGrpc.newStub(channel)
        .watchStatus(
            WatchStatusRequest.getDefaultInstance(),
            new StreamObserver<>() {
              @Override
              public void onNext(WatchStatusEvent event) {
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

  private void onEvent(long number, WatchStatusEvent event) {
    if (number != watchNumber) {
      return;
    }
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

  private void onEnd(long number, String why) {
    if (number != watchNumber || closed) {
      return;
    }
    lose(why);
    var _ = timer.schedule(this::watch, settings.retry().toMillis(), TimeUnit.MILLISECONDS);
  }

  private void lose(String why) {
    problem = "carpool-replicator does not answer: " + why;
    told = false;
    listener.lost(problem);
  }

  private void ping() {
    if (!told || closed) {
      return;
    }
    try {
      var _ =
          stub(settings.patience())
              .getStatus(GetStatusRequest.newBuilder().addAllResources(names).build());
      silent = 0;
    } catch (io.grpc.StatusRuntimeException e) {
      silent++;
      if (silent >= SILENT_MAX) {
        lose(Refusals.text(e));
        watch();
      }
    }
  }
}
