package carpool.replicator.quorum;

import carpool.kit.boot.BootClock;
import carpool.kit.boot.Host;
import carpool.kit.boot.Startable;
import carpool.kit.config.CarpoolConfig;
import carpool.kit.config.HastResource;
import carpool.kit.config.LoadedConfig;
import carpool.kit.config.PoolConfig;
import carpool.kit.config.WitnessSettings;
import carpool.kit.loop.Guarded;
import carpool.replicator.core.witness.OnLoss;
import carpool.replicator.core.witness.WitnessConfig;
import carpool.replicator.quorum.PeerCalls.PoolName;
import carpool.replicator.witness.ProbeAnswer;
import carpool.replicator.witness.Witness;
import carpool.replicator.witness.WitnessAccess;
import jakarta.inject.Inject;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The witness rules of this node, one for each pool; none when no witness is configured. A
/// resource that is in no pool is a pool of its own.
public final class Quorums implements Startable {
  private static final long TICK_MILLIS = 100;
  private static final long PROBE_MILLIS = 10_000;

  /// While the witness is new, lost or not the trusted one: what an operator does about that shows
  /// at once.
  private static final long PROBE_UNSETTLED_MILLIS = 2_000;

  /// For an answer of the witness, and of the peer. An etcd on a small machine syncs its disk for
  /// each write.
  static final Duration CALL = Duration.ofMillis(2500);

  private static final Duration RETRY = Duration.ofMillis(500);

  /// A process that was not stepped for so long has stood still; ticks come ten times as often.
  private static final Duration AWAKE = Duration.ofSeconds(1);

  /// What two clocks may differ by in the time of a lease: far more than any quartz does, and the
  /// time from a clock's reading to its use.
  private static final int MARGIN_DIVISOR = 50;

  private static final Duration MARGIN_MIN = Duration.ofMillis(50);

  /// Of the silence that ends a lease: several keep-alives must be lost for that.
  private static final int KEEP_ALIVES_PER_LEASE = 6;

  private final LoadedConfig loaded;
  private final Map<String, PoolQuorum> byResource = new LinkedHashMap<>();
  private final List<PoolQuorum> pools = new ArrayList<>();
  private final List<Consumer<PoolQuorum>> listeners = new CopyOnWriteArrayList<>();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("quorum-timer").daemon(true).factory());
  private @Nullable Witness witness;

  /// For the injector.
  @Inject
  public Quorums(LoadedConfig loaded) {
    this.loaded = loaded;
  }

  /// Makes them; called once, before anything else.
  ///
  /// @throws IOException when certificates or what was recorded cannot be used; says which file
  public void connect(PeerCalls peer) throws IOException {
    var settings = loaded.config().witness();
    if (settings.isEmpty()) {
      return;
    }
    var client =
        Witness.open(
            loaded.config().cluster(),
            settings.get().keyPrefix(),
            WitnessAccess.of(settings.get()));
    witness = client;
    for (var entry : poolsOf(loaded).entrySet()) {
      add(entry.getKey(), entry.getValue(), client, settings.get(), peer);
    }
  }

  /// @param file name of the file that keeps what is trusted
  private record Pool(String name, String file) {}

  private static Map<Pool, List<String>> poolsOf(LoadedConfig loaded) {
    var out = new LinkedHashMap<Pool, List<String>>();
    var left = new ArrayList<String>();
    for (var resource : loaded.hast().resources()) {
      if (resource.local().remote().isPresent()) {
        left.add(resource.name());
      }
    }
    for (PoolConfig pool : loaded.config().pools()) {
      var resources = pool.resources().stream().filter(left::contains).toList();
      if (!resources.isEmpty()) {
        out.put(new Pool(pool.name(), "pool." + pool.name()), resources);
        left.removeAll(resources);
      }
    }
    left.forEach(resource ->
        out.put(new Pool(resource, "resource." + resource.replace('/', '_')), List.of(resource)));
    return out;
  }

  private void add(
      Pool pool, List<String> resources, Witness client, WitnessSettings settings, PeerCalls peer)
      throws IOException {
    var config = loaded.config();
    var first = loaded.hast().resource(resources.getFirst()).orElseThrow();
    var file = new IncarnationFile(config.stateDir().resolve("witness"), pool.file());
    var quorum =
        new PoolQuorum(
            new PoolName(pool.name(), first.name()),
            resources,
            rule(config, first, settings),
            keepAliveNanos(config),
            new PoolRecords(
                client, config.cluster(), pool.name(), resources, loaded.node().value(), CALL),
            file,
            file.read(),
            peer,
            BootClock::nanos,
            Host.REAL,
            changed -> listeners.forEach(listener -> listener.accept(changed)));
    pools.add(quorum);
    resources.forEach(resource -> byResource.put(resource, quorum));
  }

  private static WitnessConfig rule(
      CarpoolConfig config, HastResource first, WitnessSettings settings) {
    var deadAfter = config.replicator().deadAfter();
    var margin = deadAfter.dividedBy(MARGIN_DIVISOR);
    return new WitnessConfig(
        first.local().node().value(),
        first.peer().map(peer -> peer.node().value()).orElse(""),
        deadAfter.toNanos(),
        (margin.compareTo(MARGIN_MIN) < 0 ? MARGIN_MIN : margin).toNanos(),
        CALL.plus(RETRY).toNanos(),
        RETRY.toNanos(),
        AWAKE.toNanos(),
        config.replicator().hold().toNanos(),
        switch (settings.onLoss()) {
          case SUSPEND -> OnLoss.SUSPEND;
          case IO_ERROR -> OnLoss.IO_ERROR;
          case CONTINUE -> OnLoss.CONTINUE;
        });
  }

  private static long keepAliveNanos(CarpoolConfig config) {
    return Math.min(
        config.replicator().keepalive().toNanos(),
        config.replicator().deadAfter().toNanos() / KEEP_ALIVES_PER_LEASE);
  }

  /// The rule of the pool that this resource belongs to.
  public Optional<PoolQuorum> of(String resource) {
    return Optional.ofNullable(byResource.get(resource));
  }

  /// The rule of this pool.
  public Optional<PoolQuorum> pool(String name) {
    return pools.stream().filter(pool -> pool.pool().equals(name)).findFirst();
  }

  /// All of them, in the order of the configuration.
  public List<PoolQuorum> all() {
    return List.copyOf(pools);
  }

  /// Every endpoint of the witness, asked now; empty when none is configured. Blocks.
  public List<ProbeAnswer> members() {
    var client = witness;
    return client == null ? List.of() : client.probeEach(CALL);
  }

  /// The configured endpoints, as they are written there.
  public List<String> endpoints() {
    return loaded.config().witness().stream()
        .flatMap(settings -> settings.endpoints().stream())
        .map(Object::toString)
        .toList();
  }

  /// Called when the witness is lost or back, or a record is another one; must not block.
  public void listen(Consumer<PoolQuorum> listener) {
    listeners.add(listener);
  }

  @Override
  public String name() {
    return "witness";
  }

  @Override
  public int phase() {
    return CORES + 5; // after the peer link, before the resources
  }

  @Override
  public void start() {
    if (pools.isEmpty()) {
      return;
    }
    for (var pool : pools) {
      var _ =
          timer.scheduleWithFixedDelay(
              Guarded.task("the witness rule of pool " + pool.pool(), pool::tick),
              TICK_MILLIS,
              TICK_MILLIS,
              TimeUnit.MILLISECONDS);
      Thread.ofVirtual().name("witness-" + pool.pool() + "-probe").start(() -> probe(pool));
    }
  }

  private void probe(PoolQuorum pool) {
    var task = Guarded.task("asking the witness", pool::probe);
    try {
      while (!timer.isShutdown()) {
        task.run();
        TimeUnit.MILLISECONDS.sleep(pool.settled() ? PROBE_MILLIS : PROBE_UNSETTLED_MILLIS);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void stop(Duration deadline) {
    timer.shutdownNow();
    pools.forEach(PoolQuorum::stop);
    var client = witness;
    if (client != null) {
      client.close();
    }
  }
}
