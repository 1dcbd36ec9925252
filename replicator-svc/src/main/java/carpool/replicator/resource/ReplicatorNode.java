package carpool.replicator.resource;

import carpool.kit.boot.Startable;
import carpool.kit.config.CarpoolConfig;
import carpool.kit.config.HastResource;
import carpool.kit.config.LoadedConfig;
import carpool.kit.loop.Guarded;
import carpool.replicator.core.Effects.Notice;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.nbd.NbdServer;
import carpool.replicator.peer.rpc.PeerInfoExchange;
import carpool.replicator.peer.rpc.PeerSessions;
import carpool.replicator.quorum.PoolQuorum;
import carpool.replicator.quorum.Quorums;
import carpool.replicator.store.ProviderException;
import carpool.replicator.v1.AskPeerResponse;
import com.google.protobuf.ByteString;
import jakarta.inject.Inject;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// All resources of this node. Every one that has metadata starts as secondary; one that was
/// primary a moment ago takes that role again by itself when the promotion rule allows it.
public final class ReplicatorNode implements Startable {
  /// How often a core that copies or compares is told the time.
  private static final long PACE_MILLIS = 50;

  private static final Duration EXEC_LIMIT = Duration.ofSeconds(60);

  private final PeerSessions hub;
  private final Quorums quorums;
  private final ResourceObserver observer;
  private final LoadedConfig loaded;

  /// In file order; replaced as a whole when a reload adds or removes one.
  private volatile Map<String, ResourceNode> resources = Map.of();

  private final Map<String, EventProgram> programs = new ConcurrentHashMap<>();
  private volatile @Nullable NbdServer tcp;
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("resource-timer").daemon(true).factory());

  /// Hears what happens to the resources; must not block.
  @FunctionalInterface
  public interface Listener {
    /// Something happened to `resource`.
    void happened(ResourceNode resource, Notice notice);
  }

  /// For the injector.
  @Inject
  public ReplicatorNode(
      LoadedConfig loaded, PeerSessions hub, Quorums quorums, ResourceObserver observer) {
    this.loaded = loaded;
    this.hub = hub;
    this.quorums = quorums;
    this.observer = observer;
  }

  private ResourceNode put(HastResource resource, CarpoolConfig config) {
    var name = resource.name();
    var program = new EventProgram(name, resource.exec(), EXEC_LIMIT);
    programs.put(name, program);
    var node =
        new ResourceNode(resource, config, hub, quorums.of(name).orElse(null), this::happened);
    var more = new LinkedHashMap<>(resources);
    more.put(name, node);
    resources = Collections.unmodifiableMap(more);
    observer.added(node, program);
    return node;
  }

  /// A resource that a reload found; takes part from now on.
  void add(HastResource resource, CarpoolConfig config) throws IOException {
    var added = put(resource, config);
    var server = tcp;
    if (server != null) {
      added.alsoServedBy(server);
    }
    added.start();
  }

  /// A resource that a reload no longer found, not primary.
  void remove(ResourceNode gone) throws InterruptedException, ProviderException {
    var name = gone.resource().name();
    var fewer = new LinkedHashMap<>(resources);
    fewer.remove(name);
    resources = Collections.unmodifiableMap(fewer);
    observer.removed(name);
    var program = programs.remove(name);
    if (program != null) {
      program.close(Duration.ofSeconds(1));
    }
    gone.stop();
  }

  /// Leaves a note for the peer's orchestrator, at most [PeerInfoExchange#BYTES_MAX] long; an empty
  /// one leaves the last.
  public void leave(ByteString note) {
    if (note.size() > PeerInfoExchange.BYTES_MAX) {
      throw new IllegalArgumentException("a note of " + note.size() + " bytes");
    }
    if (!note.isEmpty()) {
      hub.leave(note);
    }
  }

  /// Asks the other node who it is, what its clock says and what its orchestrator left.
  public AskPeerResponse askPeer() {
    return all().stream()
        .map(ResourceNode::resource)
        .filter(resource -> resource.local().remote().isPresent())
        .findFirst()
        .map(resource -> PeerInfoExchange.ask(hub, resource))
        .orElseGet(() -> AskPeerResponse.newBuilder().setProblem("there is no peer").build());
  }

  /// The exports are served there too.
  void alsoServedBy(NbdServer server) {
    tcp = server;
    all().forEach(resource -> resource.alsoServedBy(server));
  }

  void programChanged(HastResource resource) {
    var program = programs.get(resource.name());
    if (program != null) {
      program.set(resource.exec());
    }
  }

  private void lookAtRole(ResourceNode resource) {
    var program = programs.get(resource.resource().name());
    if (program != null) {
      program.look(resource.role());
    }
    var engine = resource.engine();
    if (engine != null) {
      boolean splitBrain = engine.ask(ReplicationCore::splitBrain);
      resource.counters().lookForSplitBrain(splitBrain, System.currentTimeMillis());
    }
  }

  private void happened(ResourceNode resource, Notice notice) {
    var program = programs.get(resource.resource().name());
    if (program != null) {
      program.happened(notice, resource.role());
    }
    listeners.forEach(listener -> listener.happened(resource, notice));
  }

  /// What an operator sees of the witness is another.
  private void witnessChanged(PoolQuorum rule) {
    for (var resource : resources.values()) {
      if (resource.quorum() == rule) {
        listeners.forEach(listener -> listener.happened(resource, Notice.WITNESS));
      }
    }
  }

  @Override
  public String name() {
    return "resources";
  }

  @Override
  public int phase() {
    return CORES + 10; // after the peer link, which the resources use
  }

  /// The resources in file order.
  public List<ResourceNode> all() {
    return List.copyOf(resources.values());
  }

  /// The resource of that name.
  public Optional<ResourceNode> find(String name) {
    return Optional.ofNullable(resources.get(name));
  }

  /// Calls `listener` from now on; the returned action ends that.
  public Runnable listen(Listener listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  @Override
  public void start() throws IOException {
    for (var resource : loaded.hast().resources()) {
      put(resource, loaded.config());
    }
    quorums.listen(this::witnessChanged);
    for (var resource : resources.values()) {
      resource.start();
    }
    periodically(200, "the look at roles", this::lookAtRole);
    periodically(1000, "the tick", ResourceNode::tick);
    periodically(PACE_MILLIS, "pacing", ResourceNode::pace);
  }

  /// One resource that fails does not keep the others from their turn.
  private void periodically(long millis, String what, Consumer<ResourceNode> work) {
    Runnable all =
        () -> {
          for (var resource : resources.values()) {
            var name = what + " of resource " + resource.resource().name();
            Guarded.task(name, () -> work.accept(resource)).run();
          }
        };
    var _ = timer.scheduleWithFixedDelay(all, millis, millis, TimeUnit.MILLISECONDS);
  }

  @Override
  public void stop(Duration deadline) throws InterruptedException, ProviderException {
    timer.shutdownNow();
    for (var resource : resources.values()) {
      resource.stop();
    }
    all().forEach(this::lookAtRole);
    for (var program : programs.values()) {
      program.close(Duration.ofSeconds(1));
    }
  }
}
