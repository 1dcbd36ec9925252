package carpool.orchestrator;

import carpool.election.v1.Group;
import carpool.kit.boot.Startable;
import carpool.kit.config.CarpoolConfig;
import carpool.kit.config.CarpoolConfig.Fencing;
import carpool.kit.config.ElectionGroup;
import carpool.kit.config.HastConfig;
import carpool.kit.config.HookConfig;
import carpool.kit.config.LoadedConfig;
import carpool.kit.grpc.HealthBoard;
import carpool.orchestrator.control.Couple;
import carpool.orchestrator.control.Node;
import carpool.orchestrator.control.OrchestratorProtoMapper;
import carpool.orchestrator.core.Carp;
import carpool.orchestrator.core.Cause;
import carpool.orchestrator.core.ClientNetworkRule;
import carpool.orchestrator.core.Command;
import carpool.orchestrator.core.Memory;
import carpool.orchestrator.core.PassageKind;
import carpool.orchestrator.core.Phase;
import carpool.orchestrator.core.PoolEvent;
import carpool.orchestrator.core.PoolSpec;
import carpool.orchestrator.core.StepRecord;
import carpool.orchestrator.demotion.CauseBoard;
import carpool.orchestrator.demotion.ElectionReporter;
import carpool.orchestrator.demotion.LinkLosses;
import carpool.orchestrator.exec.LeftBehind;
import carpool.orchestrator.history.FailCounts;
import carpool.orchestrator.history.KeptState;
import carpool.orchestrator.history.NodeJournal;
import carpool.orchestrator.peernode.AgreedSwitchovers;
import carpool.orchestrator.peernode.PeerWatch;
import carpool.orchestrator.peers.ElectionPeer;
import carpool.orchestrator.peers.Facing;
import carpool.orchestrator.peers.PeerSettings;
import carpool.orchestrator.peers.ReplicatorPeer;
import carpool.orchestrator.runtime.GiveUpTime;
import carpool.orchestrator.runtime.LivenessProbe;
import carpool.orchestrator.runtime.PoolRunner;
import carpool.orchestrator.runtime.PoolSpecs;
import carpool.orchestrator.runtime.StepRunner;
import carpool.orchestrator.services.Hooks;
import carpool.orchestrator.services.ServiceCommands;
import carpool.orchestrator.v1.Kept;
import carpool.orchestrator.v1.Note;
import carpool.orchestrator.v1.WitnessChange;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.WatchStatusEvent;
import com.google.inject.Inject;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// All pools of this node: hands out what the replicator and the election tell, and lets what
/// concerns a whole election group (a resignation, its causes) wait for all of its pools.
final class OrchestratorNode implements Startable, Node {
  private static final Logger LOG = LoggerFactory.getLogger("carpool.orchestrator");

  private static final int FAILOVERS_MAX = 16;

  /// For the last report, the loops and hooks.
  private static final Duration FAREWELL = Duration.ofSeconds(5);

  /// For which the election waits for the process that takes this one's place, before it demotes
  /// the node; as long as I/O is held for a restarted replicator.
  private static final Duration RESTART_HOLD = Duration.ofSeconds(30);

  private final String nodeName;
  private final CarpoolConfig config;
  private final HastConfig hast;
  private final NodeJournal journal = new NodeJournal(this::keep);

  /// Writes what is kept of failovers and failures: the pools' loops never wait for the disk.
  private final ExecutorService writer =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().name("state-writer").daemon(true).factory());

  private final Map<String, PoolRunner> pools = new java.util.LinkedHashMap<>();
  private final CauseBoard causes;
  private final Hooks hooks;
  private final ReplicatorPeer replicator;
  private final ElectionPeer election;
  private final ElectionReporter reporter;
  private final LinkLosses losses;
  private final WitnessWatch witness = new WitnessWatch(this::onWitness);
  private final LivenessProbe liveness;
  private final KeptState kept;
  private final NodeIntents intents;
  private final AgreedSwitchovers switchovers;
  private final ShutdownGuard guard;
  private final Successor successor;
  private final Supervisor supervisor = Supervisor.ofThisProcess();

  private final PeerWatch peer;
  private final ClientNetworks networks;
  private final SyncGroups syncGroups;
  private final Map<String, Carp> carp = new ConcurrentHashMap<>();

  /// By group: why its clients do not reach this node; empty: they do.
  private final Map<String, String> lostNetworks = new ConcurrentHashMap<>();

  private final Map<String, Set<String>> resigning = new HashMap<>();
  private volatile boolean maintenanceKnown;
  private boolean configDiffers;
  private volatile Note peerNote = Note.getDefaultInstance();
  private volatile Map<String, Resource> resources = Map.of();

  @Inject
  OrchestratorNode(
      LoadedConfig loaded, HastConfig hast, HealthBoard health, MeterRegistry metrics) {
    this.nodeName = loaded.node().value();
    this.config = loaded.config();
    this.hast = hast;
    this.hooks =
        new Hooks(
            config.hooks(),
            Map.of("CARPOOL_NODE", loaded.node().value(), "CARPOOL_CLUSTER", config.cluster()));
    var specs = config.pools().stream().map(pool -> PoolSpecs.spec(pool, config)).toList();
    this.causes = new CauseBoard(specs, config::movesWith);
    this.replicator =
        new ReplicatorPeer(
            PeerSettings.of(config.runtimeDir().resolve("replicator.sock")),
            hast.resources().stream().map(resource -> resource.name()).toList(),
            new FromReplicator());
    this.election =
        new ElectionPeer(
            PeerSettings.of(config.runtimeDir().resolve("election.sock")), new FromElection());
    this.reporter =
        new ElectionReporter(
            election, causes, this::readyGroups, this::placed, this::stepsPossible, this::heard);
    this.peer = new PeerWatch(new Couple(this, loaded), this::onGlance);
    var followed = config.pools().stream().map(pool -> pool.follows()).collect(Collectors.toSet());
    this.syncGroups = new SyncGroups(config, causes, reporter, this::carp);
    this.networks =
        new ClientNetworks(
            config.election().stream().filter(group -> followed.contains(group.name())).toList(),
            this::peerAble,
            this::onNetwork);
    this.losses = new LinkLosses(replicator, config.replicator().hold());
    this.kept = KeptState.load(config.stateDir());
    this.maintenanceKnown = kept.known();
    for (var spec : specs) {
      var runner = new PoolRunner(spec, memory(spec), journal, hooks, new Together());
      pools.put(spec.name(), runner);
    }
    if (!kept.get().getMaintenance().isEmpty()) {
      specs.forEach(spec -> causes.set(spec, Cause.MAINTENANCE, kept.get().getMaintenance()));
    }
    var loose =
        config.election().stream()
            .map(group -> group.name())
            .filter(group -> !config.followed(group))
            .toList();
    this.intents =
        new NodeIntents(kept, pools.values(), loose, causes, reporter, hooks, this::carp);
    this.switchovers =
        new AgreedSwitchovers(
            nodeName, config, pools.values(), kept, this::carp, () -> resources, metrics);
    this.guard =
        new ShutdownGuard(
            config.pools().stream()
                .map(pool -> pool.holdShutdown())
                .max(Duration::compareTo)
                .orElse(Duration.ZERO),
            () -> OnlyCopies.of(ofPools()));
    this.successor = new Successor(loaded);
    this.liveness = new LivenessProbe(pools.values());
    health.aliveWhile(liveness::alive);
  }

  /// Those that run from the next event on; one that runs now is not touched.
  void replaceHooks(List<HookConfig> fresh) {
    hooks.replace(fresh);
  }

  @Override
  public String name() {
    return "pools";
  }

  @Override
  public void start() {
    for (var pool : config.pools()) {
      var runner = java.util.Objects.requireNonNull(pools.get(pool.name()));
      var environment =
          Map.of(
              "CARPOOL_POOL", pool.name(),
              "CARPOOL_GROUP", pool.follows(),
              "CARPOOL_NODE", nodeName,
              "CARPOOL_PEER", PoolSpecs.peer(pool, hast));
      runner.start(
          new StepRunner(
              runner.spec(),
              PoolSpecs.access(pool, config, hast),
              PoolSpecs.devices(pool, config, hast),
              new ServiceCommands(
                  pool.services(),
                  pool.lastResort(),
                  config.fencing().map(Fencing::run).orElse(List.of()),
                  environment),
              hooks,
              replicator,
              runner::onReading));
      runner.post(PoolEvent.Started::new);
    }
    liveness.start();
    reporter.start();
    networks.start();
    peer.start();
    guard.start();
    replicator.start();
    election.start();
  }

  /// Last to start and first to stop: while the pools are given up the control server still tells
  /// how far that is.
  @Override
  public int phase() {
    return SERVERS + 5;
  }

  /// When the supervisor starts another process at once, and that one will look after the pools,
  /// they stay as they are. Else nobody would watch them: they are given up, and the other node
  /// takes over.
  @Override
  public void stop(Duration deadline) throws InterruptedException {
    var end = System.nanoTime() + deadline.toNanos();
    Collection<String> remaining = List.of();
    // Asked once more at the end: a shutdown may have taken the place of the restart.
    if (isReplaced() && asked(new Command.Leave(), end).isEmpty() && isReplaced()) {
      LOG.info("what is served here is left as it is to the next process");
      reporter.lastFor(RESTART_HOLD);
    } else {
      var onlyCopy = OnlyCopies.of(ofPools());
      if (!onlyCopy.isEmpty() && kept.get().getUnmanaged().isEmpty()) {
        LOG.warn("given up although nobody else can serve it; complete here only: {}", onlyCopy);
      }
      remaining = asked(new Command.Stop(), end);
      reporter.soon();
    }
    close();
    if (!remaining.isEmpty()) {
      throw new IllegalStateException("not given up: " + String.join("; ", remaining));
    }
  }

  private boolean isReplaced() throws InterruptedException {
    var how = supervisor.restarting();
    if (how.isEmpty()) {
      return false;
    }
    var problem = successor.problem();
    if (problem.isEmpty()) {
      LOG.info("a restart: {}", how);
      return true;
    }
    LOG.warn("a restart, but the next process would not look after the pools: {}", problem);
    return false;
  }

  /// Asks every pool, and waits for the answers.
  ///
  /// @return what did not end in order
  private Collection<String> asked(Command command, long end) throws InterruptedException {
    var left = new CountDownLatch(pools.size());
    var remaining = new ConcurrentLinkedQueue<String>();
    for (var pool : pools.values()) {
      pool.ask(
          command,
          new Listener() {
            @Override
            public void step(StepRecord step) {}

            @Override
            public void end(String reason, String text, String hint) {
              if (!reason.isEmpty()) {
                LOG.error("pool {}: not given up in order: {}", pool.spec().name(), text);
                remaining.add("pool " + pool.spec().name() + ": " + text);
              }
              left.countDown();
            }
          });
    }
    // Some seconds are kept for saying so.
    var patience = end - System.nanoTime() - FAREWELL.toNanos();
    if (!left.await(patience, TimeUnit.NANOSECONDS)) {
      LOG.error("not every pool was given up in time");
      remaining.add("not in time");
    }
    return remaining;
  }

  private void close() throws InterruptedException {
    reporter.close(Duration.ofSeconds(2));
    for (var pool : pools.values()) {
      pool.stop(Duration.ofSeconds(1));
    }
    journal.close();
    writer.shutdown();
    if (!writer.awaitTermination(1, TimeUnit.SECONDS)) {
      LOG.warn("cannot write {} in time", kept.file());
    }
    hooks.close(Duration.ofSeconds(1));
    liveness.close();
    guard.close();
    peer.close();
    networks.close();
    replicator.close();
    election.close();
  }

  /// What the configuration allows the slowest pool for giving up.
  @Override
  public Duration stopTime() {
    return pools.values().stream()
        .map(pool -> GiveUpTime.of(pool.spec()))
        .max(Duration::compareTo)
        .orElse(Duration.ZERO)
        .plus(FAREWELL);
  }

  /// The resources that pools are made of.
  private List<Resource> ofPools() {
    var known = resources;
    return pools.values().stream()
        .flatMap(pool -> pool.spec().resources().stream())
        .map(known::get)
        .filter(java.util.Objects::nonNull)
        .toList();
  }

  private void keep(Passed passed) {
    if (passed.passage().kind() == PassageKind.ADOPTION) {
      return; // No move: the history of moves is not filled with restarts.
    }
    var failover = OrchestratorProtoMapper.failover(passed, nodeName);
    later(b -> {
      var all = new ArrayList<>(b.getFailoversList());
      all.addFirst(failover);
      // Of each pool: one that moves often must not make the others forget.
      var ofPool = new HashMap<String, Integer>();
      all.removeIf(each -> ofPool.merge(each.getPool(), 1, Integer::sum) > FAILOVERS_MAX);
      b.clearFailovers().addAllFailovers(all);
    });
  }

  private void later(Consumer<Kept.Builder> change) {
    if (!writer.isShutdown()) {
      writer.execute(() -> kept.changeIfPossible(change));
    }
  }

  /// What the machine of this pool starts with.
  private Memory memory(PoolSpec pool) {
    var state = kept.get();
    return new Memory(
        orNull(state.getMaintenance()),
        orNull(state.getUnmanaged()),
        state.getExportedPoolsList().contains(pool.name()),
        FailCounts.strikes(
            state.getFailCountsList(),
            pool.name(),
            new Clock(System.currentTimeMillis(), System.nanoTime())));
  }

  private static @Nullable String orNull(String text) {
    return text.isEmpty() ? null : text;
  }

  @Override
  public Note peerNote() {
    return peerNote;
  }

  @Override
  public List<WitnessChange> witnessChanges() {
    return witness.changes();
  }

  @Override
  public List<GroupMoves> moves() {
    return switchovers.all();
  }

  @Override
  public void forgetMoves(List<String> names) {
    switchovers.forget(names);
  }

  @Override
  public Kept kept() {
    return kept.get();
  }

  @Override
  public IntentAnswer maintenance(boolean on, String cause) {
    // An operator's word counts more than what the election service remembers.
    maintenanceKnown = true;
    return intents.maintenance(on, cause);
  }

  @Override
  public IntentAnswer unmanaged(boolean on, String cause) {
    return intents.unmanaged(on, cause);
  }

  @Override
  public List<PoolStatus> pools() {
    return pools.values().stream().map(PoolRunner::status).toList();
  }

  @Override
  public List<StandingCause> causes() {
    return causes.all();
  }

  @Override
  public List<NetworkStatus> networks() {
    return networks.all();
  }

  @Override
  public List<Passed> passages() {
    return journal.passages();
  }

  @Override
  public boolean ask(String pool, Command command, Duration deadline, Listener listener) {
    var runner = pools.get(pool);
    if (runner == null) {
      return false;
    }
    runner.ask(command, deadline, listener);
    return true;
  }

  @Override
  public Runnable watch(Consumer<Happening> listener, Runnable onOver) {
    return journal.watch(pools(), listener, onOver);
  }

  @Override
  public ReplicatorPeer replicator() {
    return replicator;
  }

  @Override
  public ElectionPeer election() {
    return election;
  }

  /// Asked before each heartbeat; what is left behind is looked at by the way.
  private boolean stepsPossible() {
    var hang = LeftBehind.refusal();
    for (var pool : pools.values()) {
      causes.set(pool.spec(), Cause.COMMANDS_HANG, hang.isEmpty() ? null : hang);
    }
    return liveness.alive();
  }

  private Carp carp(String group) {
    return carp.getOrDefault(group, Carp.UNKNOWN);
  }

  /// The pools that move when this group moves.
  private List<PoolRunner> movingWith(String group) {
    var together = config.movesWith(group);
    return pools.values().stream()
        .filter(pool -> together.contains(pool.spec().follows()))
        .toList();
  }

  @Override
  public List<String> movesWith(String group) {
    return config.movesWith(group);
  }

  @Override
  public boolean addressComesLast(String group) {
    return config.election().stream()
        .anyMatch(
            each -> each.name().equals(group) && each.vip() == ElectionGroup.VipTime.WHEN_READY);
  }

  /// All pools of a group could be served by the other node, as far as this one can know.
  private boolean peerAble(String group) {
    var known = resources;
    return movingWith(group).stream()
        .flatMap(pool -> pool.spec().resources().stream())
        .allMatch(name -> {
          var resource = known.get(name);
          return resource != null && Facing.resource(resource).peerAble();
        });
  }

  private void onGlance(Couple.Glance other) {
    peerNote = other.note();
    var known = !peerNote.getNode().isEmpty();
    for (var pool : pools.values()) {
      var failed = FailCounts.failed(peerNote.getFailCountsList(), pool.spec().name());
      pool.post(now -> new PoolEvent.PeerSaid(now, known, failed));
    }
    networks.seen(other);
    switchovers.seen(other);
    syncGroups.look(other.groups());
    if (other.configDiffers() && !configDiffers) {
      LOG.warn("the two nodes have different configuration files");
      hooks.fire(
          "config-difference",
          Map.of("CARPOOL_REASON", other.node() + " goes by other configuration files"));
    }
    // An unreached node says nothing about its files.
    configDiffers = other.node().isEmpty() ? configDiffers : other.configDiffers();
  }

  private void onNetwork(String group, ClientNetworkRule.Verdict verdict) {
    var text = verdict.lost().isEmpty() ? verdict.alarm() : verdict.lost();
    if (text.isEmpty()) {
      LOG.info("group {}: nothing is wrong with the clients' network any more", group);
    } else {
      LOG.warn("group {}: {}", group, text);
      hooks.fire("client-network", Map.of("CARPOOL_GROUP", group, "CARPOOL_REASON", text));
    }
    lostNetworks.put(group, verdict.lost());
    var lost =
        config.movesWith(group).stream()
            .map(each -> lostNetworks.getOrDefault(each, ""))
            .filter(each -> !each.isEmpty())
            .collect(Collectors.joining("; "));
    for (var pool : movingWith(group)) {
      pool.post(now -> new PoolEvent.ClientNetworkJudged(now, lost));
    }
  }

  /// For people only: whether this node may serve is the replicator's to decide.
  private void onWitness(WitnessChange change) {
    var text =
        change.getReachable()
            ? "the witness answers again (" + change.getEndpoint() + ")"
            : "the witness is lost: " + change.getProblem();
    if (change.getReachable()) {
      LOG.info("{}", text);
    } else {
      LOG.warn("{}", text);
    }
    pools.values().forEach(pool -> journal.tell("witness", text, pool.status(), null));
    hooks.fire(
        change.getReachable() ? "witness-back" : "witness-lost",
        Map.of(
            "CARPOOL_WITNESS",
            change.getEndpoint(),
            "CARPOOL_REASON",
            change.getReachable() ? text : change.getProblem()));
  }

  private void heard(Group group) {
    networks.heard(group);
    switchovers.heard(group);
    for (var pool : pools.values()) {
      if (pool.spec().follows().equals(group.getName())) {
        losses.heard(group, pool.spec().resources());
      }
    }
  }

  /// It is known of every pool whether it is served here. Maintenance is told at once.
  private boolean placed() {
    return !kept.get().getMaintenance().isEmpty()
        || pools.values().stream()
            .noneMatch(pool -> pool.status().view().phase() == Phase.STARTING);
  }

  /// Groups all of whose pools are served here, and those of the groups that move with them.
  private List<String> readyGroups() {
    return config.election().stream()
        .map(group -> group.name())
        .filter(config::followed)
        .filter(group ->
            movingWith(group).stream()
                .allMatch(pool -> pool.status().view().phase() == Phase.SERVING))
        .toList();
  }

  private final class Together implements PoolRunner.Neighbours {
    @Override
    public void cause(PoolSpec pool, Cause cause, @Nullable String text) {
      causes.set(pool, cause, text);
      reporter.soon();
      journal.tell(
          "demotion",
          cause.word() + (text == null ? " gone" : ": " + text),
          java.util.Objects.requireNonNull(pools.get(pool.name())).status(),
          null);
    }

    @Override
    public void remember(PoolSpec pool, Memory memory) {
      // Maintenance and unmanaged mode are the node's, and were kept before the pool was told.
      later(b -> {
        var exported = new TreeSet<>(b.getExportedPoolsList());
        var _ = memory.exported() ? exported.add(pool.name()) : exported.remove(pool.name());
        b.clearExportedPools().addAllExportedPools(exported);
        var clock = new Clock(System.currentTimeMillis(), System.nanoTime());
        var counts = new ArrayList<>(b.getFailCountsList());
        counts.removeIf(count -> count.getPool().equals(pool.name()));
        memory
            .strikes()
            .forEach(strike -> counts.add(FailCounts.count(strike, nodeName, pool.name(), clock)));
        b.clearFailCounts().addAllFailCounts(counts);
      });
    }

    @Override
    public void resign(PoolSpec pool, String cause, boolean together) {
      var groups = config.movesWith(pool.follows());
      if (together) {
        synchronized (resigning) {
          var asked = resigning.computeIfAbsent(groups.getFirst(), _ -> new HashSet<>());
          asked.add(pool.name());
          var all =
              movingWith(pool.follows()).stream()
                  .allMatch(other -> asked.contains(other.spec().name()));
          if (!all) {
            return;
          }
          asked.clear();
        }
      }
      // First what stands against this node, then the role.
      reporter.soon();
      reporter.resign(groups, cause);
    }

    @Override
    public void phase(PoolSpec pool, Phase phase) {
      if (phase == Phase.SERVING) {
        synchronized (resigning) {
          resigning
              .getOrDefault(config.movesWith(pool.follows()).getFirst(), new HashSet<>())
              .remove(pool.name());
        }
      }
      reporter.soon();
    }
  }

  private final class FromElection implements ElectionPeer.Listener {
    @Override
    public void changed(Group group) {
      adoptMaintenance(group);
      var next = Facing.carp(group);
      var before = carp.put(group.getName(), next);
      networks.carp(group.getName(), next);
      for (var pool : pools.values()) {
        if (pool.spec().follows().equals(group.getName())) {
          boolean there = group.getAddressesList().isEmpty() || group.getAddressesPresent();
          pool.post(now -> new PoolEvent.AddressesSeen(now, there));
          pool.post(now -> new PoolEvent.CarpSeen(now, next, group.getReason()));
        }
      }
      reporter.soon();
      if (before != next) {
        LOG.info("group {}: {} ({})", group.getName(), next, group.getReason());
        hooks.fire(
            next.name().toLowerCase(java.util.Locale.ROOT),
            Map.of(
                "CARPOOL_GROUP", group.getName(),
                "CARPOOL_OLD_STATE", String.valueOf(before),
                "CARPOOL_NEW_STATE", next.name(),
                "CARPOOL_REASON", group.getReason(),
                "CARPOOL_ADDRESS", String.join(" ", group.getAddressesList())));
      }
    }

    @Override
    public void lost(String problem) {
      carp.replaceAll((group, before) -> {
        if (before != Carp.UNKNOWN) {
          LOG.warn("group {}: {}", group, problem);
        }
        networks.carp(group, Carp.UNKNOWN);
        return Carp.UNKNOWN;
      });
      pools
          .values()
          .forEach(pool -> pool.post(now -> new PoolEvent.CarpSeen(now, Carp.UNKNOWN, problem)));
    }

    /// A release before this one kept maintenance in the election service's memory only.
    private void adoptMaintenance(Group group) {
      if (maintenanceKnown) {
        return;
      }
      maintenanceKnown = true;
      for (var demotion : group.getDemotionsList()) {
        if (demotion.getCause().equals(Cause.MAINTENANCE.word())) {
          LOG.info("maintenance goes on: {}", demotion.getText());
          kept.changeIfPossible(b -> b.setMaintenance(demotion.getText()));
          var command = new Command.Maintenance(true, demotion.getText());
          pools.values().forEach(pool -> pool.ask(command, new Unheard()));
        }
      }
    }
  }

  private final class FromReplicator implements ReplicatorPeer.Listener {
    @Override
    public void changed(Map<String, Resource> resources, WatchStatusEvent event) {
      OrchestratorNode.this.resources = resources;
      losses.seen(resources.values());
      witness.seen(resources.values());
      for (var pool : pools.values()) {
        var facts =
            pool.spec().resources().stream()
                .map(resources::get)
                .filter(java.util.Objects::nonNull)
                .map(Facing::resource)
                .toList();
        if (facts.size() == pool.spec().resources().size()) {
          pool.post(now -> new PoolEvent.ResourcesSeen(now, facts));
        }
      }
      var hook = Facing.hook(event);
      if (!hook.isEmpty()) {
        hooks.fire(
            hook,
            Map.of(
                "CARPOOL_RESOURCE", event.getResource().getName(),
                "CARPOOL_ROLE", Facing.role(event.getResource().getRole()).name(),
                "CARPOOL_REASON", event.getCause()));
      }
    }

    @Override
    public void polled(List<Resource> resources) {
      witness.seen(resources);
    }

    @Override
    public void lost(String problem) {
      resources = Map.of();
      pools.values().forEach(pool -> pool.post(PoolEvent.ReplicatorLost::new));
    }
  }

  private static final class Unheard implements Listener {
    @Override
    public void step(StepRecord step) {}

    @Override
    public void end(String reason, String text, String hint) {}
  }
}
