package carpool.sim.replication;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Phase;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.ReplicationMode;
import carpool.replicator.core.Role;
import carpool.sim.VirtualTime;
import java.util.List;

/// Orchestrators and people: who is to be primary, what is to be copied, who survives a split
/// brain.
///
/// In an *orderly* world they know what CARP and the orchestrator would know: nobody is promoted
/// while the other is primary, and a node whose peer lives on without it is told so. In a
/// *partitioned* world both sides may be promoted.
final class Operator {
  /// So many looks in a row without a primary, and without further faults, show that no copy may be
  /// served.
  private static final int LOOKS = 50;

  private final PairWorld world;
  private final VirtualTime time;
  private final Traits traits;
  private final SimNode[] nodes;
  private final Watcher watcher;

  /// Looks in a row that found both nodes running and no primary, after the last fault.
  private int idleLooks;

  Operator(PairWorld world) {
    this.world = world;
    time = world.time;
    traits = world.traits;
    nodes = world.nodes;
    watcher = world.watcher;
  }

  void start() {
    time.within(
        1000,
        8000,
        () -> {
          watcher.noteInStep();
          operate();
          watcher.observe();
          start();
        });
  }

  private void operate() {
    for (var node : nodes) {
      if (node.alive() && node.running().fenced()) {
        world.log(node, () -> "orchestrator gives up");
        // What it answered after the other one was promoted.
        world.oracle.perhapsLostUnreplicated(node.index);
        node.setRole(Role.SECONDARY, false, _ -> {});
        return;
      }
    }
    for (var node : nodes) {
      if (node.alive() && node.running().disk() == DiskState.FAILED) {
        replaceDisk(node);
        return;
      }
    }
    resolveSplitBrain();
    if (traits.reloads() && world.faults() && time.chance(1, 12)) {
      reload(nodes[time.random().nextInt(2)]);
    }
    boolean first = Watcher.primary(nodes[0]);
    boolean second = Watcher.primary(nodes[1]);
    if (!first && !second) {
      if (!world.faults()
          && nodes[0].alive()
          && nodes[1].alive()
          && ++idleLooks > LOOKS
          && !nodes[0].rolePending()
          && !nodes[1].rolePending()) {
        idleLooks = 0;
        forceWhatIsLeft();
        return;
      }
      promote(nodes[time.random().nextInt(2)]);
      return;
    }
    idleLooks = 0;
    var serving = first ? nodes[0] : nodes[1];
    var other = watcher.other(serving);
    if (!traits.branches()
        && other.alive()
        && !other.running().phase().agreed()
        && !world.link.up()) {
      other.running().markOutdated();
    }
    if (world.clients.running() && time.chance(1, 8)) {
      order(serving);
    } else if (serving.running().phase() == Phase.IN_STEP
        && serving.running().differentBytes() > 0
        && !serving.running().syncProgress().repairing()
        && time.chance(1, 4)) {
      world.log(serving, () -> "operator has the differences copied");
      serving.running().orderSync(/* full= */ true, 0);
    }
    if (!(first && second) && world.faults() && time.chance(1, 12)) {
      demote(serving);
    } else if (traits.branches()
        && (!world.link.up() || world.mismatched())
        && !(first && second)
        && time.chance(1, 4)) {
      promote(other);
    }
  }

  /// An operator demotes; or an orchestrator gives the role up to the peer, and says so before it
  /// exports the pool. At times it serves on.
  private void demote(SimNode node) {
    if (node.running().phase() != Phase.IN_STEP || time.chance(1, 2)) {
      world.log(node, () -> "operator demotes");
      node.setRole(Role.SECONDARY, false, _ -> {});
      return;
    }
    world.log(node, () -> "orchestrator is about to give up");
    world.clients.givesUp(node, 3 + time.random().nextInt(Clients.GIVE_UP_TICKS_MAX - 2));
    int life = node.life();
    time.within(
        500,
        20_000,
        () -> {
          if (node.life() != life || !Watcher.primary(node)) {
            return;
          }
          if (time.chance(1, 6)) {
            world.log(node, () -> "orchestrator serves on");
            node.running().withdrawGivingUp();
          } else {
            world.log(node, () -> "orchestrator demotes");
            node.setRole(Role.SECONDARY, false, _ -> {});
          }
        });
  }

  /// Verifications and synchronisations on demand, at any moment.
  private void order(SimNode node) {
    var core = node.running();
    var verdict =
        switch (time.random().nextInt(5)) {
          case 0, 1 -> core.orderVerify(time.random().nextBoolean());
          case 2 -> core.resumeVerify();
          case 3 -> core.stopVerify();
          default -> core.orderSync(time.random().nextBoolean(), 0);
        };
    world.log(node, () -> "operator orders a comparison or synchronisation: " + verdict);
  }

  /// The configuration of one node is read again, of the other one later: the mode takes a new
  /// session, the rest is in force at once.
  private void reload(SimNode node) {
    if (!node.alive()) {
      return;
    }
    var mode = List.of(ReplicationMode.values()).get(time.random().nextInt(3));
    int timeout = 3 + time.random().nextInt(PairWorld.TIMEOUT_TICKS_MAX - 2);
    long rate = time.chance(1, 2) ? 4 << 20 : Long.MAX_VALUE;
    boolean otherMode = mode != world.mode(node.index);
    world.log(node, () -> "reload: " + mode + ", timeout " + timeout + ", " + rate + " B/s");
    world.configure(node.index, mode, timeout, rate);
    node.running().configureMode(mode);
    node.running().configureTimeout(timeout);
    node.running().configureSyncRate(rate);
    if (otherMode) {
      world.link.breakConnection(false);
    }
  }

  /// A node with a failed disk gives its role up before long; then somebody puts the cable back and
  /// starts it again.
  private void replaceDisk(SimNode node) {
    if (world.faults() && time.chance(2, 3)) {
      return;
    }
    if (Watcher.primary(node)) {
      world.log(node, () -> "orchestrator gives up: the disk failed");
      node.setRole(Role.SECONDARY, false, _ -> {});
    } else if (!node.rolePending()) {
      world.log(node, () -> "operator starts the node again");
      world.chaos.crash(node, false);
    }
  }

  private void promote(SimNode node) {
    if (!node.alive()) {
      return;
    }
    var other = watcher.other(node);
    // This node may not have noticed yet that the link is gone.
    boolean together =
        node.running().phase().agreed() && other.alive() && other.running().phase().agreed();
    boolean otherAhead = watcher.aloneSince[other.index] != Watcher.NEVER && !together;
    if (!traits.branches() && other.alive() && other.rolePending()) {
      return; // one at a time, as one master at a time
    }
    if (!traits.branches() && otherAhead) {
      return; // link and node failed one after the other: the design leaves this to the operator
    }
    if (world.replaced[node.index] && !node.running().phase().agreed()) {
      return; // whoever put a blank disk in waits until the other copy is on it
    }
    if (!traits.branches() && !node.running().phase().agreed()) {
      world.oracle.perhapsLostUnreplicated(other.index);
    }
    watcher.diverged |= otherAhead;
    world.log(node, () -> "operator promotes");
    node.setRole(
        Role.PRIMARY,
        false,
        verdict -> {
          world.log(node, () -> "promotion: " + verdict);
          watcher.observe();
          if (traits.forces()
              && verdict != Verdict.ALLOWED
              && verdict.forceable()
              && time.chance(1, 3)) {
            force(node);
          }
        });
  }

  /// Two failures left no copy that may be served, say both disks lost writes: what is there may
  /// lack anything. Not a blank disk; and rather a copy that lost writes than an older one, which
  /// would stay what it is, beside a newer one, until somebody writes.
  private void forceWhatIsLeft() {
    int forced = watcher.forceRule.forced();
    var node = nodes[forced >= 0 ? forced : time.random().nextInt(2)];
    var other = watcher.other(node);
    boolean worse =
        world.replaced[node.index] == world.replaced[other.index]
            ? node.running().disk() != DiskState.INCONSISTENT
            : world.replaced[node.index];
    if (forced < 0 && worse) {
      node = other;
    }
    world.oracle.perhapsLostAll();
    orderByForce(node);
  }

  /// The operator gives up what this copy lacks, and all that it will be told until the survivor is
  /// named: that will be the other one, whose copy nobody may touch before.
  private void force(SimNode node) {
    var other = watcher.other(node);
    if (node.alive()
        && watcher.forceRule.forced() != other.index
        && !Watcher.primary(other)
        && !world.replaced[node.index]
        && !node.running().phase().agreed()) {
      orderByForce(node);
    }
  }

  private void orderByForce(SimNode node) {
    world.log(node, () -> "operator forces");
    watcher.forceRule.order(node);
    watcher.diverged = true;
    if (node.disk.hasLostWrites()) {
      world.oracle.perhapsLostAll(); // nobody knows what this copy lacks
    }
    giveUp(node);
    node.setRole(
        Role.PRIMARY,
        true,
        verdict -> {
          world.log(node, () -> "forced: " + verdict);
          watcher.forceRule.orderEnded(node);
        });
  }

  private void giveUp(SimNode node) {
    long since = watcher.aloneSince[node.index];
    // What is not answered yet may be answered before the node gives up.
    world.oracle.perhapsLostOf(node.index, since == Watcher.NEVER ? time.nowMicros() : since);
    world.oracle.perhapsLostNotWrittenByPeer(node.index);
    world.oracle.flushesGivenUp(node.index);
  }

  private void resolveSplitBrain() {
    if (!nodes[0].alive()
        || !nodes[1].alive()
        || !nodes[0].running().splitBrain()
        || !nodes[1].running().splitBrain()
        || (world.faults() && time.chance(3, 4))) {
      return;
    }
    int forced = watcher.forceRule.forced();
    var loser = nodes[forced >= 0 ? forced : time.random().nextInt(2)];
    var survivor = watcher.other(loser);
    if (survivor.running().disk() == DiskState.INCONSISTENT
        && loser.running().disk() != DiskState.INCONSISTENT) {
      survivor = loser; // a torn copy survives nothing
      loser = watcher.other(survivor);
    }
    if (survivor.running().disk() == DiskState.INCONSISTENT) {
      return; // chosen before, and half overwritten: the operator stays with that
    }
    survivor.running().standAsSurvivor();
    watcher.forceRule.named(survivor);
    var givesUp = loser;
    world.log(givesUp, () -> "operator: this side loses");
    giveUp(givesUp);
    watcher.survives(survivor);
    givesUp.setRole(
        Role.SECONDARY,
        false,
        _ -> {
          givesUp.running().yieldToPeer();
          watcher.forceRule.givenUp(givesUp);
        });
  }
}
