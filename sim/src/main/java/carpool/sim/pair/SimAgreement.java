package carpool.sim.pair;

import carpool.orchestrator.core.AgreedSwitchoverRule;
import carpool.orchestrator.core.AgreedSwitchoverRule.Attempt;
import carpool.orchestrator.core.AgreedSwitchoverRule.Decision;
import carpool.orchestrator.core.AgreedSwitchoverRule.Kind;
import carpool.orchestrator.core.AgreedSwitchoverRule.Own;
import carpool.orchestrator.core.Carp;
import carpool.orchestrator.core.Command;
import carpool.orchestrator.core.FailbackRule;
import carpool.orchestrator.core.FailbackRule.Wish;
import carpool.orchestrator.core.GroupSight;
import carpool.orchestrator.core.PoolEvent;
import carpool.orchestrator.core.PoolView;
import carpool.orchestrator.core.ResourceFacts;
import carpool.orchestrator.core.Strike;
import carpool.orchestrator.core.SyncGroupRule;
import carpool.replicator.core.DiskState;
import carpool.replicator.core.Role;
import carpool.sim.Violation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The twin of what the orchestrator's shell does for moves that both nodes agree on: every two
/// seconds a note for the other node, a look at the other's, and what the rules make of it.
final class SimAgreement {
  private static final long LOOK_MICROS = 2_000_000;
  private static final long NOTE_AGE_MAX_MICROS = 10_000_000;

  private final GroupSide group;
  private final PairNode node;
  private final WholePairWorld world;
  private FailbackRule failback = new FailbackRule(false, 0);
  private AgreedSwitchoverRule switchover = new AgreedSwitchoverRule(0, List.of());
  private SyncGroupRule together = new SyncGroupRule(List.of());
  private Wish wish = Wish.NONE;
  private String refusal = "";
  private boolean underway;

  /// In `state-dir`: outlives processes and power.
  private List<Attempt> kept = List.of();

  /// What is left for the other node; gone with the process of the replicator.
  ///
  /// @param failed by pool
  record Note(GroupSight sight, List<Set<String>> failed, long leftMicros) {}

  SimAgreement(GroupSide group) {
    this.group = group;
    this.node = group.node;
    this.world = node.world;
  }

  void start() {
    failback = new FailbackRule(world.preempt, world.services.preemptDelayNanos);
    switchover = new AgreedSwitchoverRule(SimOrchestrator.FAIL_WINDOW_NANOS, kept);
    together = new SyncGroupRule(group.together().stream().map(SimAgreement::name).toList());
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
    var views = group.moving().stream().map(side -> side.mind.view()).toList();
    var sight = sight(views);
    if (node.replicator.running()) {
      group.agreementNote =
          new Note(
              sight.with(wish.wanted(), refusal),
              group.moving().stream().map(SimAgreement::failed).toList(),
              world.time.nowMicros());
    }
    var peer = peer();
    for (int i = 0; i < group.moving().size(); i++) {
      var failed = peer == null ? Set.<String>of() : peer.failed().get(i);
      group.moving().get(i).mind.post(at -> new PoolEvent.PeerSaid(at, peer != null, failed));
    }
    var other = peer == null ? null : peer.sight();
    keepTogether(now, other);
    wish = failback.look(now, sight, other);
    if (!underway) {
      var decision = switchover.look(now, own(views, sight), other);
      refusal = decision.refusal();
      begin(decision);
    }
    node.orchestrator.after(LOOK_MICROS, this::look);
  }

  private void keepTogether(long now, @Nullable GroupSight other) {
    var groups = group.together();
    if (groups.size() == 1 || world.bugs.contains(Bug.GROUPS_MOVE_APART)) {
      return;
    }
    var roles = new HashMap<String, Carp>();
    groups.forEach(each -> roles.put(name(each), each.carp()));
    var verdict = together.look(now, roles, other != null && other.against().isEmpty());
    group.against(verdict.against());
    if (!verdict.against().isEmpty() || !verdict.resign().isEmpty()) {
      group.soon();
    }
    if (!verdict.resign().isEmpty()) {
      world.log(node.name, "gives " + verdict.resign() + " away: " + verdict.cause());
      for (var each : groups) {
        if (verdict.resign().contains(name(each)) && each.peer().longDown()) {
          throw new Violation(
              "groups together",
              node.name + " gives " + name(each) + " to a node whose interface is down");
        }
      }
      group.resign();
    }
  }

  private static String name(GroupSide group) {
    return "group" + group.index;
  }

  /// Of all groups that move together the worst.
  private Carp carp() {
    return group.together().stream()
        .map(GroupSide::carp)
        .min(Comparator.naturalOrder())
        .orElseThrow();
  }

  private static Set<String> failed(PoolSide side) {
    return side.mind.memory().strikes().stream()
        .map(Strike::what)
        .collect(Collectors.toUnmodifiableSet());
  }

  private void begin(Decision decision) {
    var kind = decision.move();
    if (kind != null) {
      underway = true;
      check(kind, new Command.Switchover(decision.cause()), 0);
    }
  }

  /// Each pool is asked whether it would move before the first one is moved.
  private void check(Kind kind, Command.Switchover command, int index) {
    if (index == group.moving().size()) {
      move(kind, command);
      return;
    }
    group
        .moving()
        .get(index)
        .mind
        .ask(
            new Command.Check(command),
            refused -> {
              if (refused.isEmpty()) {
                check(kind, command, index + 1);
              } else {
                underway = false;
                refusal = refused;
              }
            });
  }

  private void move(Kind kind, Command.Switchover command) {
    switchover.begun(kind, world.time.nowMicros() * 1000);
    kept = switchover.attempts();
    world.log(node.name, command.cause());
    var left = new int[] {group.moving().size()};
    var problems = new ArrayList<String>();
    for (var side : group.moving()) {
      side.mind.ask(
          command,
          problem -> {
            if (!problem.isEmpty()) {
              problems.add(problem);
            }
            left[0]--;
            if (left[0] == 0) {
              over(kind, String.join("; ", problems));
            }
          });
    }
  }

  private void over(Kind kind, String problem) {
    underway = false;
    switchover.ended(kind, problem);
    kept = switchover.attempts();
    world.log(node.name, kind + (problem.isEmpty() ? " done" : ": " + problem));
  }

  private List<SimReplica> replicas() {
    return group.moving().stream().flatMap(side -> side.replicas.stream()).toList();
  }

  private GroupSight sight(List<PoolView> views) {
    return GroupSight.of(
        node.name,
        group.carp.state().config().advskew(),
        carp(),
        group.carp.isRunning()
            ? group.together().stream()
                .flatMap(each -> each.carp.state().demotions().causes().keySet().stream())
                .distinct()
                .toList()
            : List.of("the election does not answer"),
        views,
        replicas().stream()
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

  private Own own(List<PoolView> views, GroupSight sight) {
    var blockers = new ArrayList<String>();
    if (views.stream().anyMatch(PoolView::unmanaged)) {
      blockers.add("unmanaged");
    }
    if (views.stream().anyMatch(PoolView::busy)) {
      blockers.add("another command is being carried out");
    }
    return new Own(
        sight,
        carp(),
        blockers,
        replicas().stream()
            .filter(replica ->
                node.replicator.running()
                    && replica.node.running().role() == Role.PRIMARY
                    && replica.node.running().disk() == DiskState.FAILED)
            .map(replica -> replica.resource.name)
            .toList(),
        group.moving().stream().flatMap(side -> unable(side).stream()).toList());
  }

  private static List<String> unable(PoolSide side) {
    var told = side.mind.told();
    return told.isEmpty()
        ? List.of("all of " + side.pair.name)
        : told.stream().filter(r -> !r.peerAble()).map(ResourceFacts::name).toList();
  }

  private @Nullable Note peer() {
    var note = group.peer().agreementNote;
    if (note == null
        || !node.replicator.running()
        || !node.peer().replicator.running()
        || !world.resources.getFirst().link().up()) {
      return null;
    }
    return world.time.nowMicros() - note.leftMicros() > NOTE_AGE_MAX_MICROS ? null : note;
  }
}
