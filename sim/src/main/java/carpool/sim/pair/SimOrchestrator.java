package carpool.sim.pair;

import carpool.election.core.CarpEvent;
import carpool.orchestrator.core.Carp;
import carpool.orchestrator.core.Cause;
import carpool.orchestrator.core.Command;
import carpool.orchestrator.core.Failure;
import carpool.orchestrator.core.Health;
import carpool.orchestrator.core.Memory;
import carpool.orchestrator.core.OutdatedRule;
import carpool.orchestrator.core.Phase;
import carpool.orchestrator.core.PoolEffect;
import carpool.orchestrator.core.PoolEvent;
import carpool.orchestrator.core.PoolMachine;
import carpool.orchestrator.core.PoolSpec;
import carpool.orchestrator.core.PoolView;
import carpool.orchestrator.core.ResourceFacts;
import carpool.orchestrator.core.Role;
import carpool.orchestrator.core.Step;
import carpool.sim.Violation;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongFunction;

/// The twin of the orchestrator's shell: one machine, its timers, its running step, the two watches
/// and the reports to the election service.
final class SimOrchestrator {
  private static final long SECOND = 1_000_000_000L;

  /// Short, so that a pair settles within the time of a run.
  static final long FAIL_WINDOW_NANOS = 60 * SECOND;

  private static final long REPORT_MICROS = 3_000_000;
  private static final long NEXT_WITHIN_NANOS = 10 * SECOND;

  /// Two questions without an answer.
  private static final long SILENT_MICROS = 6_000_000;

  private final PairNode node;
  private final WholePairWorld world;
  private final Gate gate;
  private final PoolSpec spec;
  private final SimSteps steps;
  private final Map<Cause, String> causes = new EnumMap<>(Cause.class);
  private final Map<String, Long> losses = new HashMap<>();
  private final SimClientNetwork clients;
  final SimAgreement agreement;
  private final Map<Long, Consumer<String>> answers = new HashMap<>();
  private PoolMachine machine;

  /// In `state-dir`: outlives processes and power.
  private Memory memory = Memory.NONE;

  private List<ResourceFacts> told = List.of();
  private boolean replicatorUp;
  private Carp carp = Carp.UNKNOWN;
  private long asked;
  private int heardSkew;
  private long heardMicros = -1;
  private Phase phase = Phase.STARTING;

  SimOrchestrator(PairNode node) {
    this.node = node;
    this.world = node.world;
    this.gate = node.orchestrator;
    this.spec =
        new PoolSpec(
            "tank",
            "storage",
            PoolSpec.Kind.ZFS,
            world.resources.stream().map(resource -> resource.name).toList(),
            services(),
            true,
            FAIL_WINDOW_NANOS,
            new PoolSpec.Deadlines(
                10 * SECOND,
                10 * SECOND,
                60 * SECOND,
                20 * SECOND,
                10 * SECOND,
                SimReplica.HOLD_MICROS * 1000,
                0));
    this.machine = new PoolMachine(spec);
    this.steps = new SimSteps(node);
    this.agreement = new SimAgreement(node);
    this.clients =
        new SimClientNetwork(
            node, lost -> post(now -> new PoolEvent.ClientNetworkJudged(now, lost)));
    node.carp.onHeard((skew, micros) -> {
      heardSkew = skew;
      heardMicros = micros;
    });
  }

  private List<PoolSpec.Service> services() {
    return world.services.present()
        ? SimServices.NAMES.stream()
            .map(name ->
                new PoolSpec.Service(
                    name, true, PoolSpec.OnFailure.FAILOVER, 2 * SECOND, 2 * SECOND))
            .toList()
        : List.of();
  }

  void start() {
    machine = new PoolMachine(spec, memory);
    causes.clear();
    causes.put(Cause.NOT_READY, "the orchestrator is starting");
    var maintenance = memory.maintenance();
    if (maintenance != null) {
      causes.put(Cause.MAINTENANCE, maintenance);
    }
    losses.clear();
    told = List.of();
    replicatorUp = false;
    carp = Carp.UNKNOWN;
    phase = Phase.STARTING;
    steps.reset();
    answers.clear();
    post(now -> new PoolEvent.CarpSeen(now, Carp.UNKNOWN, "not asked yet"));
    post(PoolEvent.ReplicatorLost::new);
    watchReplicator();
    watchElection();
    gate.after(REPORT_MICROS, this::reportOften);
    clients.start();
    agreement.start();
  }

  PoolView view() {
    return machine.view();
  }

  Memory memory() {
    return memory;
  }

  Phase phase() {
    return phase;
  }

  boolean quiet() {
    return causes.isEmpty();
  }

  /// A step is under way, perhaps one that nobody wants any more and that cannot be stopped.
  boolean works() {
    return !machine.view().step().isEmpty();
  }

  /// What the replicator told last; empty while it does not answer.
  List<ResourceFacts> told() {
    return replicatorUp ? told : List.of();
  }

  /// When the other node was heard last by CARP; -1: never.
  long heardMicros() {
    return heardMicros;
  }

  @Override
  public String toString() {
    var view = machine.view();
    return phase + " " + view.problem() + " step '" + view.step() + "' causes " + causes;
  }

  /// @param answer told the reason of a refusal or failure; empty: done
  void ask(Command command, Consumer<String> answer) {
    long id = ++asked;
    answers.put(id, answer);
    post(now -> new PoolEvent.Asked(now, id, command));
  }

  void ask(Command command) {
    if (gate.running()) {
      world.log(node.name, "operator: " + command);
      post(now -> new PoolEvent.Asked(now, ++asked, command));
    }
  }

  /// `carpool maintenance off`, when it is on.
  void maintenanceOff() {
    if (machine.view().maintenance()) {
      ask(new Command.Maintenance(false, ""));
    }
  }

  // ----- the machine

  private long nowNanos() {
    return world.time.nowMicros() * 1000;
  }

  void post(LongFunction<PoolEvent> event) {
    var effects = new java.util.ArrayList<PoolEffect>();
    machine.step(event.apply(nowNanos()), effects::add);
    effects.forEach(this::perform);
  }

  private void perform(PoolEffect effect) {
    switch (effect) {
      case PoolEffect.Run(var token, var step, var limitNanos) -> run(token, step, limitNanos);
      case PoolEffect.AnnounceGiveUp(var forNanos) -> announce(forNanos);
      case PoolEffect.Abort(var token) -> gate.within(100, 20_000, () -> steps.abort(token));
      case PoolEffect.ArmTimer(var token, var delayNanos) ->
          gate.after(
              Math.max(0, delayNanos / 1000),
              () -> post(now -> new PoolEvent.TimerFired(now, token)));
      case PoolEffect.SetCause(var cause, var text) -> {
        if (causes.put(cause, text) == null) {
          world.log(node.name, "cause " + cause + ": " + text);
        }
        soon();
      }
      case PoolEffect.ClearCause(var cause) -> {
        causes.remove(cause);
        world.log(node.name, "cause " + cause + " is gone");
        soon();
      }
      case PoolEffect.Remember(var next) -> memory = next;
      case PoolEffect.Resign(var cause, _) -> {
        world.log(node.name, "resigns: " + cause);
        if (cause.equals("switchover")) {
          checkPlannedMove();
        }
        gate.within(
            1_000,
            20_000,
            () -> {
              report();
              node.carp.tell(now -> new CarpEvent.ResignRequested(now, 0));
            });
      }
      case PoolEffect.PhaseChanged(var from, var to, var cause) -> {
        phase = to;
        if (to == Phase.SERVING) {
          world.serves();
        }
        world.log(node.name, "pool " + from + " -> " + to + " (" + cause + ")");
        soon();
      }
      case PoolEffect.Answer(var id, var reason, _, _) -> {
        var answer = answers.remove(id);
        if (answer != null) {
          gate.after(0, () -> answer.accept(reason));
        }
      }
      case PoolEffect.StepNoted _, PoolEffect.PassageOver _, PoolEffect.ServiceNoted _ -> {}
    }
  }

  /// The step after it waits for that, as long as the replicator answers.
  private void announce(long forNanos) {
    world.log(node.name, "gives up within " + forNanos / SECOND + " s");
    if (node.replicator.alive()) {
      node.replicator.after(
          0, () -> node.replicas.forEach(replica -> replica.announceGiveUp(forNanos / SECOND)));
    }
  }

  /// The role goes when the pool is gone from here, and the other node has everything.
  private void checkPlannedMove() {
    if (node.pool.imported()) {
      throw new Violation("planned move", node.name + " resigns while the pool is here");
    }
    for (var resource : world.resources) {
      if (!resource.sameContent()) {
        throw new Violation(
            "planned move",
            node.name + " resigns, and the other node lacks a part of " + resource.name);
      }
    }
  }

  private void run(long token, Step step, long limitNanos) {
    steps.start(
        token,
        step,
        limitNanos / 1000,
        end ->
            gate.after(
                0,
                () -> {
                  if (world.transcript.kept() && !(step instanceof Step.Inspect)) {
                    world.log(node.name, "step " + step + ": " + end);
                  }
                  switch (end) {
                    case SimSteps.End.Done(var imported, var health) ->
                        post(now -> new PoolEvent.StepDone(now, token, imported, health, ""));
                    case SimSteps.End.Failed(Failure failure) ->
                        post(now -> new PoolEvent.StepFailed(now, token, failure));
                  }
                }));
  }

  // ----- what the replicator tells

  private void watchReplicator() {
    var replicator = node.replicator;
    if (!replicator.alive() || replicator.silentFor(SILENT_MICROS)) {
      if (replicatorUp) {
        replicatorUp = false;
        world.log(node.name, "the replicator does not answer");
        post(PoolEvent.ReplicatorLost::new);
      }
    } else if (replicator.running()) {
      var facts = node.replicas.stream().map(SimReplica::facts).toList();
      if (!replicatorUp || !facts.equals(told)) {
        replicatorUp = true;
        told = facts;
        lost(facts);
        post(now -> new PoolEvent.ResourcesSeen(now, facts));
      }
    }
    gate.within(5_000, 150_000, this::watchReplicator);
  }

  private void lost(List<ResourceFacts> facts) {
    for (var resource : facts) {
      if (!resource.linkUp() && resource.role() == Role.SECONDARY) {
        losses.putIfAbsent(resource.name(), nowNanos());
      } else {
        losses.remove(resource.name());
      }
    }
  }

  // ----- what the election tells, and is told

  private void watchElection() {
    if (!node.carp.isRunning() || node.electionSilentFor(SILENT_MICROS)) {
      if (carp != Carp.UNKNOWN) {
        carp = Carp.UNKNOWN;
        world.log(node.name, "the election does not answer");
        post(now -> new PoolEvent.CarpSeen(now, Carp.UNKNOWN, "lost"));
      }
    } else if (node.carp.alive()) {
      var next =
          switch (node.carp.role()) {
            case INIT -> Carp.INIT;
            case BACKUP -> Carp.BACKUP;
            case MASTER -> Carp.MASTER;
          };
      if (next != carp || world.time.chance(1, 200)) {
        carp = next;
        post(now -> new PoolEvent.CarpSeen(now, next, ""));
        soon();
      }
    }
    gate.within(2_000, 100_000, this::watchElection);
  }

  private void soon() {
    gate.within(1_000, 20_000, this::report);
  }

  private void reportOften() {
    report();
    gate.after(REPORT_MICROS, this::reportOften);
  }

  private void report() {
    if (!node.carp.alive() || carp == Carp.UNKNOWN) {
      return;
    }
    boolean ready = phase == Phase.SERVING;
    node.carp.tell(now -> new CarpEvent.ReadinessReported(now, ready, NEXT_WITHIN_NANOS));
    heard();
    var standing = node.carp.state().demotions().causes();
    for (var cause : Cause.values()) {
      boolean there = standing.containsKey(cause.word());
      if (causes.containsKey(cause) && !there) {
        node.carp.tell(now ->
            new CarpEvent.DemotionSet(now, cause.word(), cause.amount(), cause.ineligible()));
      } else if (!causes.containsKey(cause) && there) {
        node.carp.tell(now -> new CarpEvent.DemotionCleared(now, cause.word()));
      }
    }
  }

  private void heard() {
    if (heardMicros < 0 || !node.replicator.running()) {
      return;
    }
    long heardNanos = nowNanos() - heardMicros * 1000;
    for (var replica : node.replicas) {
      var since = losses.get(replica.resource.name);
      if (since != null
          && OutdatedRule.holds(
              carp,
              Role.SECONDARY,
              nowNanos() - since,
              heardNanos,
              heardSkew,
              SimReplica.HOLD_MICROS * 1000)
          && OutdatedRule.silentLongEnough(
              replica.silentMicros() * 1000, heardNanos, SimReplica.HOLD_MICROS * 1000)) {
        world.log(node.name, replica.resource.name + " is outdated");
        losses.put(replica.resource.name, Long.MAX_VALUE / 2);
        replica.node.running().markOutdated();
      }
    }
  }

  Carp carp() {
    return carp;
  }

  static Health health(SimPool pool) {
    return pool.suspended() ? Health.SUSPENDED : pool.imported() ? Health.ONLINE : Health.NONE;
  }
}
