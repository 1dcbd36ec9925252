package carpool.sim.pair;

import carpool.orchestrator.core.AgreedSwitchoverRule;
import carpool.orchestrator.core.AgreedSwitchoverRule.Attempt;
import carpool.orchestrator.core.AgreedSwitchoverRule.Decision;
import carpool.orchestrator.core.AgreedSwitchoverRule.Kind;
import carpool.orchestrator.core.AgreedSwitchoverRule.Own;
import carpool.orchestrator.core.Command;
import carpool.orchestrator.core.FailbackRule;
import carpool.orchestrator.core.FailbackRule.Wish;
import carpool.orchestrator.core.GroupSight;
import carpool.orchestrator.core.PoolEvent;
import carpool.orchestrator.core.PoolView;
import carpool.orchestrator.core.ResourceFacts;
import carpool.orchestrator.core.Strike;
import carpool.replicator.core.DiskState;
import carpool.replicator.core.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The twin of what the orchestrator's shell does for moves that both nodes agree on: every two
/// seconds a note for the other node, a look at the other's, and what the rules make of it.
final class SimAgreement {
  private static final long LOOK_MICROS = 2_000_000;
  private static final long NOTE_AGE_MAX_MICROS = 10_000_000;

  private final PairNode node;
  private final WholePairWorld world;
  private FailbackRule failback = new FailbackRule(false, 0);
  private AgreedSwitchoverRule switchover = new AgreedSwitchoverRule(0, List.of());
  private Wish wish = Wish.NONE;
  private String refusal = "";
  private boolean underway;

  /// In `state-dir`: outlives processes and power.
  private List<Attempt> kept = List.of();

  /// What is left for the other node; gone with the process of the replicator.
  record Note(GroupSight sight, Set<String> failed, long leftMicros) {}

  SimAgreement(PairNode node) {
    this.node = node;
    this.world = node.world;
  }

  void start() {
    failback = new FailbackRule(world.preempt, world.services.preemptDelayNanos);
    switchover = new AgreedSwitchoverRule(SimOrchestrator.FAIL_WINDOW_NANOS, kept);
    wish = Wish.NONE;
    refusal = "";
    underway = false;
    node.orchestrator.after(LOOK_MICROS, this::look);
  }

  /// The pool may be moved by agreement before long.
  boolean pending() {
    return wish.concerned() || underway;
  }

  private void look() {
    long now = world.time.nowMicros() * 1000;
    var view = node.mind.view();
    var sight = sight(view);
    if (node.replicator.running()) {
      node.agreement =
          new Note(
              sight.with(wish.wanted(), refusal),
              node.mind.memory().strikes().stream()
                  .map(Strike::what)
                  .collect(Collectors.toUnmodifiableSet()),
              world.time.nowMicros());
    }
    var peer = peer();
    node.mind.post(
        at -> new PoolEvent.PeerSaid(at, peer != null, peer == null ? Set.of() : peer.failed()));
    var other = peer == null ? null : peer.sight();
    wish = failback.look(now, sight, other);
    if (!underway) {
      var decision = switchover.look(now, own(view, sight), other);
      refusal = decision.refusal();
      begin(decision);
    }
    node.orchestrator.after(LOOK_MICROS, this::look);
  }

  private void begin(Decision decision) {
    var kind = decision.move();
    if (kind == null) {
      return;
    }
    var command = new Command.Switchover(decision.cause());
    underway = true;
    node.mind.ask(
        new Command.Check(command),
        refused -> {
          if (!refused.isEmpty()) {
            underway = false;
            refusal = refused;
            return;
          }
          switchover.begun(kind, world.time.nowMicros() * 1000);
          kept = switchover.attempts();
          world.log(node.name, decision.cause());
          node.mind.ask(command, problem -> over(kind, problem));
        });
  }

  private void over(Kind kind, String problem) {
    underway = false;
    switchover.ended(kind, problem);
    kept = switchover.attempts();
    world.log(node.name, kind + (problem.isEmpty() ? " done" : ": " + problem));
  }

  private GroupSight sight(PoolView view) {
    return GroupSight.of(
        node.name,
        node.carp.state().config().advskew(),
        node.mind.carp(),
        node.carp.isRunning()
            ? new ArrayList<>(node.carp.state().demotions().causes().keySet())
            : List.of("the election does not answer"),
        List.of(view),
        node.replicas.stream()
            .filter(replica -> !node.replicator.running() || stale(replica))
            .map(replica -> replica.resource.name)
            .toList());
  }

  private static boolean stale(SimReplica replica) {
    return switch (replica.node.running().disk()) {
      case UP_TO_DATE, CONSISTENT -> false;
      case DISKLESS, FAILED, INCONSISTENT, OUTDATED -> true;
    };
  }

  private Own own(PoolView view, GroupSight sight) {
    var blockers = new ArrayList<String>();
    if (view.unmanaged()) {
      blockers.add("unmanaged");
    }
    if (view.busy()) {
      blockers.add("another command is being carried out");
    }
    var told = node.mind.told();
    return new Own(
        sight,
        node.mind.carp(),
        blockers,
        node.replicas.stream()
            .filter(replica ->
                node.replicator.running()
                    && replica.node.running().role() == Role.PRIMARY
                    && replica.node.running().disk() == DiskState.FAILED)
            .map(replica -> replica.resource.name)
            .toList(),
        told.isEmpty()
            ? List.of("all")
            : told.stream().filter(r -> !r.peerAble()).map(ResourceFacts::name).toList());
  }

  private @Nullable Note peer() {
    var note = node.peer().agreement;
    if (note == null
        || !node.replicator.running()
        || !node.peer().replicator.running()
        || !world.resources.getFirst().link().up()) {
      return null;
    }
    return world.time.nowMicros() - note.leftMicros() > NOTE_AGE_MAX_MICROS ? null : note;
  }
}
