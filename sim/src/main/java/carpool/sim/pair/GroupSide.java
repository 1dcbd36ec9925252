package carpool.sim.pair;

import carpool.election.core.CarpEvent;
import carpool.orchestrator.core.Carp;
import carpool.orchestrator.core.Cause;
import carpool.orchestrator.core.OutdatedCopies.Heard;
import carpool.orchestrator.core.Phase;
import carpool.orchestrator.core.PoolEvent;
import carpool.sim.carp.CarpNode;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// One node's side of an election group: its CARP, and the twin of what the orchestrator's shell
/// does for all pools of the group together (the watch of the election, the reports to it, the
/// resignation, what both nodes agree on).
final class GroupSide {
  private static final long SECOND = 1_000_000_000L;
  private static final long REPORT_MICROS = 3_000_000;

  /// The age that a note may have, and a look at each end.
  private static final long TOLD_MICROS = 14_000_000;

  private static final long NEXT_WITHIN_NANOS = 10 * SECOND;

  final PairNode node;
  final int index;
  final CarpNode carp;
  final List<PoolSide> pools = new ArrayList<>();
  final SimAgreement agreement;
  private final WholePairWorld world;
  private final SimClientNetwork clients;

  /// Of all groups that move together; that of the first of them counts.
  private final Set<PoolSide> resigning = new HashSet<>();

  private Carp told = Carp.UNKNOWN;
  private boolean toldHolds;
  private int heardSkew;
  private long heardMicros = -1;
  private boolean carrier = true;
  private long linkChangedMicros;
  private String clientsLost = "";
  private String syncAgainst = "";

  /// Asked for at every event, and the same as soon as the nodes are made.
  private List<GroupSide> together = List.of();

  private List<PoolSide> moving = List.of();
  SimClientNetwork.@Nullable Note clientNote;
  SimAgreement.@Nullable Note agreementNote;

  GroupSide(PairNode node, int index, CarpNode carp) {
    this.node = node;
    this.world = node.world;
    this.index = index;
    this.carp = carp;
    this.agreement = new SimAgreement(this);
    this.clients = new SimClientNetwork(this, this::clientsLost);
    carp.onHeard((skew, micros) -> {
      heardSkew = skew;
      heardMicros = micros;
    });
  }

  GroupSide peer() {
    return node.peer().groups.get(index);
  }

  /// The groups of this node that move when this one moves, itself included.
  List<GroupSide> together() {
    if (together.isEmpty()) {
      together = world.geometry.movingWith(index).stream().map(node.groups::get).toList();
    }
    return together;
  }

  /// The group that stands for all that move together.
  GroupSide first() {
    return together().getFirst();
  }

  /// The pools that move when this group moves.
  List<PoolSide> moving() {
    if (moving.isEmpty()) {
      moving = together().stream().flatMap(group -> group.pools.stream()).toList();
    }
    return moving;
  }

  /// A cut at any of the networks counts against this node for all pools that move together.
  private void clientsLost(String lost) {
    clientsLost = lost;
    var all =
        together().stream()
            .map(group -> group.clientsLost)
            .filter(each -> !each.isEmpty())
            .collect(Collectors.joining("; "));
    moving().forEach(side -> side.mind.post(now -> new PoolEvent.ClientNetworkJudged(now, all)));
  }

  /// The interface of this group alone.
  void carrier(boolean up) {
    carrier = up;
    link();
    node.interfaces();
  }

  /// Its interface and the network behind it are there.
  boolean linked() {
    return carrier && world.clients.carrier(node.index);
  }

  void link() {
    linkChangedMicros = world.time.nowMicros();
    carp.link(linked());
  }

  /// Without a network for so long that the other node has heard of it.
  boolean longDown() {
    return !linked() && world.time.nowMicros() - linkChangedMicros > TOLD_MICROS;
  }

  /// Why this node is worse for all groups that move together; empty: nothing.
  void against(String text) {
    syncAgainst = text;
  }

  /// A new process of the orchestrator.
  void start() {
    told = Carp.UNKNOWN;
    clientsLost = "";
    syncAgainst = "";
    resigning.clear();
    watchElection();
    node.orchestrator.after(REPORT_MICROS, this::reportOften);
    clients.start();
    if (first() == this) {
      agreement.start();
    }
  }

  Carp carp() {
    return told;
  }

  /// When the other node was heard last by CARP; -1: never.
  long heardMicros() {
    return heardMicros;
  }

  // ----- what the election tells, and is told

  private void watchElection() {
    if (!carp.isRunning() || node.electionSilentFor(SimOrchestrator.SILENT_MICROS)) {
      if (told != Carp.UNKNOWN) {
        told = Carp.UNKNOWN;
        world.log(node.name, "the election does not answer");
        post("lost");
      }
    } else if (carp.alive()) {
      var next =
          switch (carp.role()) {
            case INIT -> Carp.INIT;
            case BACKUP -> Carp.BACKUP;
            case MASTER -> Carp.MASTER;
          };
      if (next != told || carp.holds() != toldHolds || world.time.chance(1, 200)) {
        told = next;
        toldHolds = carp.holds();
        post("");
        soon();
      }
    }
    node.orchestrator.within(2_000, 100_000, this::watchElection);
  }

  private void post(String reason) {
    pools.forEach(side -> {
      side.mind.post(now -> new PoolEvent.AddressesSeen(now, toldHolds));
      side.mind.post(now -> new PoolEvent.CarpSeen(now, told, reason));
    });
  }

  /// Something that the election is told has changed.
  void soon() {
    together().forEach(group -> node.orchestrator.within(1_000, 20_000, group::report));
  }

  private void reportOften() {
    report();
    node.orchestrator.after(REPORT_MICROS, this::reportOften);
  }

  private void report() {
    if (!carp.alive() || told == Carp.UNKNOWN) {
      return;
    }
    boolean ready = moving().stream().allMatch(side -> side.mind.phase() == Phase.SERVING);
    carp.tell(now -> new CarpEvent.ReadinessReported(now, ready, NEXT_WITHIN_NANOS));
    heard();
    var wanted = new EnumMap<Cause, String>(Cause.class);
    moving().forEach(side -> wanted.putAll(side.mind.causes()));
    if (!first().syncAgainst.isEmpty()) {
      wanted.put(Cause.SYNC_GROUP, first().syncAgainst);
    }
    if (!node.noRoom().isEmpty()) {
      wanted.put(Cause.COMMANDS_HANG, node.noRoom());
    }
    var standing = carp.state().demotions().causes();
    for (var cause : Cause.values()) {
      boolean there = standing.containsKey(cause.word());
      if (wanted.containsKey(cause) && !there) {
        carp.tell(now ->
            new CarpEvent.DemotionSet(now, cause.word(), cause.amount(), cause.ineligible()));
      } else if (!wanted.containsKey(cause) && there) {
        carp.tell(now -> new CarpEvent.DemotionCleared(now, cause.word()));
      }
    }
  }

  /// @param together when every pool that moves with it has asked for it
  void resign(PoolSide side, boolean together) {
    if (together) {
      var asked = first().resigning;
      asked.add(side);
      if (asked.size() < moving().size()) {
        return;
      }
      asked.clear();
    }
    resign();
  }

  /// Whichever group is named, the election resigns all that move together.
  void resign() {
    node.orchestrator.within(
        1_000,
        20_000,
        () -> {
          report();
          for (var group : together()) {
            group.carp.tell(now -> new CarpEvent.ResignRequested(now, 0));
          }
        });
  }

  /// The pool is served.
  void serves(PoolSide side) {
    first().resigning.remove(side);
  }

  private void heard() {
    if (heardMicros < 0 || !node.replicator.running()) {
      return;
    }
    long now = world.time.nowMicros() * 1000;
    var heard = new Heard(told, now - heardMicros * 1000, heardSkew);
    for (var side : pools) {
      var copies = side.mind.copies();
      for (var replica : side.replicas) {
        var name = List.of(replica.resource.name);
        for (var candidate : copies.candidates(now, heard, name)) {
          if (copies.confirmed(heard, replica.silentMicros() * 1000)) {
            world.log(node.name, candidate.resource() + " is outdated");
            copies.marked(candidate);
            replica.node.running().markOutdated();
          }
        }
      }
    }
  }
}
