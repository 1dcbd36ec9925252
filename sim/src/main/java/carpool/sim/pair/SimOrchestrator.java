package carpool.sim.pair;

import carpool.orchestrator.core.Carp;
import carpool.orchestrator.core.Cause;
import carpool.orchestrator.core.Command;
import carpool.orchestrator.core.Failure;
import carpool.orchestrator.core.Health;
import carpool.orchestrator.core.Memory;
import carpool.orchestrator.core.OutdatedCopies;
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

/// The twin of the orchestrator's shell for one pool: its machine, its timers, its running step and
/// the watch of the replicator.
final class SimOrchestrator {
  private static final long SECOND = 1_000_000_000L;

  /// Short, so that a pair settles within the time of a run.
  static final long FAIL_WINDOW_NANOS = 60 * SECOND;

  /// Two questions without an answer.
  static final long SILENT_MICROS = 6_000_000;

  private final PoolSide side;
  private final PairNode node;
  private final WholePairWorld world;
  private final Gate gate;
  private final PoolSpec spec;
  private final SimSteps steps;
  private final Map<Cause, String> causes = new EnumMap<>(Cause.class);
  private OutdatedCopies copies = new OutdatedCopies(SimReplica.HOLD_MICROS * 1000);
  private final Map<Long, Consumer<String>> answers = new HashMap<>();
  private PoolMachine machine;

  /// In `state-dir`: outlives processes and power.
  private Memory memory = Memory.NONE;

  private List<ResourceFacts> told = List.of();
  private boolean replicatorUp;
  private long asked;
  private Phase phase = Phase.STARTING;

  SimOrchestrator(PoolSide side) {
    this.side = side;
    this.node = side.node;
    this.world = node.world;
    this.gate = node.orchestrator;
    this.spec =
        new PoolSpec(
            side.pair.name,
            "group" + side.group.index,
            PoolSpec.Kind.ZFS,
            side.pair.resources.stream().map(resource -> resource.name).toList(),
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
    this.steps = new SimSteps(side);
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
    copies = new OutdatedCopies(SimReplica.HOLD_MICROS * 1000);
    told = List.of();
    replicatorUp = false;
    phase = Phase.STARTING;
    steps.reset();
    answers.clear();
    post(now -> new PoolEvent.CarpSeen(now, Carp.UNKNOWN, "not asked yet"));
    post(PoolEvent.ReplicatorLost::new);
    watchReplicator();
  }

  PoolView view() {
    return machine.view();
  }

  boolean inMaintenance() {
    return machine.inMaintenance();
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

  OutdatedCopies copies() {
    return copies;
  }

  Map<Cause, String> causes() {
    return causes;
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
      world.log(side.label(), "operator: " + command);
      post(now -> new PoolEvent.Asked(now, ++asked, command));
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
          world.log(side.label(), "cause " + cause + ": " + text);
        }
        side.group.soon();
      }
      case PoolEffect.ClearCause(var cause) -> {
        causes.remove(cause);
        world.log(side.label(), "cause " + cause + " is gone");
        side.group.soon();
      }
      case PoolEffect.Remember(var next) -> memory = next;
      case PoolEffect.Resign(var cause, var together) -> {
        world.log(side.label(), "resigns: " + cause);
        if (cause.equals("switchover")) {
          checkPlannedMove();
        }
        side.group.resign(side, together);
      }
      case PoolEffect.PhaseChanged(var from, var to, var cause) -> {
        phase = to;
        if (to == Phase.SERVING) {
          world.serves(side);
          side.group.serves(side);
        }
        world.log(side.label(), "pool " + from + " -> " + to + " (" + cause + ")");
        side.group.soon();
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
    world.log(side.label(), "gives up within " + forNanos / SECOND + " s");
    if (node.replicator.alive()) {
      node.replicator.after(
          0, () -> side.replicas.forEach(replica -> replica.announceGiveUp(forNanos / SECOND)));
    }
  }

  /// The role goes when the pool is gone from here, and the other node has everything.
  private void checkPlannedMove() {
    if (side.pool.imported()) {
      throw new Violation("planned move", node.name + " resigns while the pool is here");
    }
    for (var replica : side.replicas) {
      // When the disk of this node failed, it is this copy that lacks something.
      if (!replica.diskFailed() && !replica.resource.sameContent()) {
        throw new Violation(
            "planned move",
            node.name + " resigns, and the other node lacks a part of " + replica.resource.name);
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
                    world.log(side.label(), "step " + step + ": " + end);
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
        world.log(side.label(), "the replicator does not answer");
        post(PoolEvent.ReplicatorLost::new);
      }
    } else if (replicator.running()) {
      var facts = side.replicas.stream().map(SimReplica::facts).toList();
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
      copies.seen(
          nowNanos(), resource.name(), !resource.linkUp() && resource.role() == Role.SECONDARY);
    }
  }

  Carp carp() {
    return side.group.carp();
  }

  static Health health(SimPool pool) {
    return pool.suspended() ? Health.SUSPENDED : pool.imported() ? Health.ONLINE : Health.NONE;
  }
}
