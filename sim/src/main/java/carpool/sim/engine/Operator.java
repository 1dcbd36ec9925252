package carpool.sim.engine;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Phase;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.ReplicationCore;
import carpool.sim.VirtualTime;

/// Who promotes, demotes, replaces disks, has copies compared and ends split brains: knows what
/// CARP and the orchestrator would know.
final class Operator {
  private static final long SECOND = 1_000_000;

  private final EngineWorld world;
  private final VirtualTime time;
  private final Losses losses;
  private int forced;
  private int refusals;

  Operator(EngineWorld world, Losses losses) {
    this.world = world;
    this.losses = losses;
    time = world.time();
  }

  /// 1 when two failures left no copy that may be served, and one was forced.
  int forced() {
    return forced;
  }

  void begin() {
    time.within(
        SECOND / 5,
        2 * SECOND,
        () -> {
          losses.noteInStep();
          operate();
          losses.observeRoles(world.chaos().undisturbed());
          begin();
        });
  }

  private void operate() {
    for (int i = 0; i < 2; i++) {
      var node = world.node(i);
      if (node.ask(ReplicationCore::fenced, false) && !node.rolePending()) {
        node.log("orchestrator gives up");
        node.demote(() -> {});
        return;
      }
    }
    for (int i = 0; i < 2; i++) {
      if (world.node(i).disk() == DiskState.FAILED) {
        replaceDisk(world.node(i));
        return;
      }
    }
    resolveSplitBrain();
    boolean first = serves(world.node(0));
    boolean second = serves(world.node(1));
    if (first || second) {
      refusals = 0;
      var serving = first ? world.node(0) : world.node(1);
      served(serving, first && second);
    } else {
      promote(world.node(time.random().nextInt(2)));
    }
  }

  private void served(EngineNode serving, boolean byBoth) {
    var other = world.other(serving);
    if (other.engine() != null
        && !other.frozen()
        && !other.ask(ReplicationCore::phase, Phase.APART).agreed()
        && !world.network().up()) {
      other.step("outdated", ReplicationCore::markOutdated);
    }
    if (!byBoth && world.chaos().running() && time.chance(1, 25)) {
      serving.log("operator demotes");
      serving.demote(() -> {});
    } else if (world.traits().verifies() && time.chance(1, 5)) {
      boolean repair = time.chance(1, 2);
      serving.log("operator has the copies compared" + (repair ? " and repaired" : ""));
      serving.step("verify", core -> core.orderVerify(repair));
    }
  }

  /// The node is primary and runs.
  private static boolean serves(EngineNode node) {
    return node.primary() && !node.frozen();
  }

  /// A node with a failed disk gives its role up before long; then it is started again.
  private void replaceDisk(EngineNode node) {
    if (world.chaos().running() && time.chance(1, 2)) {
      return;
    }
    if (node.primary()) {
      if (!node.rolePending()) {
        node.log("orchestrator gives up: the disk failed");
        node.demote(() -> {});
      }
    } else if (!node.rolePending()) {
      node.log("operator starts the node again");
      world.crash(node, false);
    }
  }

  private void promote(EngineNode node) {
    var other = world.other(node);
    if (node.engine() == null || node.frozen() || node.rolePending() || losses.fresh(node)) {
      return;
    }
    boolean together =
        node.ask(ReplicationCore::phase, Phase.APART).agreed()
            && other.ask(ReplicationCore::phase, Phase.APART).agreed();
    if (other.rolePending() || (losses.ahead(other) && !together)) {
      return;
    }
    if (!together) {
      losses.promotedAlone(node);
    }
    node.log("operator promotes");
    node.promote(
        false,
        verdict -> {
          node.log("promotion: " + verdict);
          if (verdict != Verdict.ALLOWED && ++refusals > 12 && !world.chaos().running()) {
            force(node, verdict);
          }
        });
  }

  /// Two failures left no copy that may be served.
  private void force(EngineNode node, Verdict verdict) {
    if (forced == 0 && verdict.forceable()) {
      node.log("operator forces");
      forced = 1;
      losses.forced();
      time.after(1, () -> node.promote(true, now -> node.log("forced: " + now)));
    }
  }

  private void resolveSplitBrain() {
    if (!world.node(0).ask(ReplicationCore::splitBrain, false)
        || !world.node(1).ask(ReplicationCore::splitBrain, false)) {
      return;
    }
    var loser = world.node(time.random().nextInt(2));
    if (world.other(loser).disk() == DiskState.INCONSISTENT) {
      loser = world.other(loser);
    }
    var givesUp = loser;
    givesUp.log("operator: this side loses");
    losses.givesUpBranch(givesUp);
    world.other(givesUp).step("survivor", ReplicationCore::standAsSurvivor);
    givesUp.demote(() -> givesUp.step("yields", ReplicationCore::yieldToPeer));
  }
}
