package carpool.sim.replication;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Phase;
import carpool.replicator.core.ReplicationMode;
import carpool.replicator.core.Role;
import carpool.sim.Violation;
import java.util.ArrayList;
import java.util.List;

/// What somebody knows who sees both nodes at all times: who serves, whether the copies have gone
/// apart, what a double failure may take. Looked at after every step.
final class Watcher {
  static final long NEVER = Long.MIN_VALUE;

  private final PairWorld world;
  private final SimNode[] nodes;
  final ForceRule forceRule = new ForceRule();

  /// Since when this node's clients were told things that the other does not have; or NEVER.
  final long[] aloneSince = {NEVER, NEVER};

  /// Since when only its own clients have changed this node's copy.
  final long[] branchSince = {0, 0};

  /// Since the copies were equal.
  private final boolean[] lostPower = {false, false};

  /// What each copy lost from its cache since the copies were equal.
  private final List<List<Lost>> lostContent = List.of(new ArrayList<>(), new ArrayList<>());

  private record Lost(int unit, long content) {}

  private final boolean[] wasPrimary = {false, false};

  /// The copies have gone apart and were not equal since.
  boolean diverged;

  private boolean wereInStep;

  /// The same, after every step.
  private boolean wereComplete;

  Watcher(PairWorld world) {
    this.world = world;
    nodes = world.nodes;
    diverged = world.traits.start().mismatch();
  }

  static boolean primary(SimNode node) {
    return node.alive() && node.running().role() == Role.PRIMARY;
  }

  SimNode other(SimNode node) {
    return nodes[1 - node.index];
  }

  boolean bothInStep() {
    return nodes[0].alive()
        && nodes[1].alive()
        && nodes[0].running().complete()
        && nodes[1].running().complete();
  }

  /// Both sides of one session say that the copies are equal but for what is under way.
  boolean sameSession() {
    return nodes[0].alive()
        && nodes[1].alive()
        && nodes[0].running().phase() == Phase.IN_STEP
        && nodes[1].running().phase() == Phase.IN_STEP;
  }

  /// After every step.
  void observe() {
    for (var node : nodes) {
      boolean primary = primary(node);
      if (primary && !wasPrimary[node.index]) {
        promoted(node);
      }
      wasPrimary[node.index] = primary;
      if (node.alive() && node.running().phase().agreed()) {
        branchSince[node.index] = world.time.nowMicros();
        if (world.traits.start().mismatch() && world.mismatched()) {
          throw new Violation("mismatch", "agreed with a copy of something else: " + node.core);
        }
      }
    }
    noteDiverged();
    forceRule.check(nodes);
    boolean complete = bothInStep();
    if (complete && !wereComplete) {
      world.checkDifferencesKnown(); // what a later write would hide
    }
    wereComplete = complete;
  }

  private void noteDiverged() {
    diverged |= primary(nodes[0]) && primary(nodes[1]);
  }

  /// The node is primary since this step. It may answer a client before the operator hears of it.
  private void promoted(SimNode node) {
    int other = 1 - node.index;
    diverged |=
        !node.running().phase().agreed()
            && (aloneSince[other] != NEVER || world.oracle.ahead(other));
    if (!node.running().phase().agreed()) {
      // Whether the other one gives way or is found to be a branch.
      world.oracle.perhapsLostUnreplicated(other);
    }
    forceRule.promoted(node);
    world.pending(node, Moment.PROMOTED);
  }

  /// A client of the node was told that its write is done.
  void answered(SimNode node, Oracle.Write write) {
    write.async = world.mode(node.index) == ReplicationMode.ASYNC;
    if (node.running().phase() != Phase.IN_STEP && aloneSince[node.index] == NEVER) {
      aloneSince[node.index] = write.startMicros;
    }
  }

  /// A client of the node was told that its flush is done.
  void flushed(SimNode node, long sinceMicros) {
    if (node.running().identity().alone() && aloneSince[node.index] == NEVER) {
      aloneSince[node.index] = sinceMicros;
    }
  }

  /// Looked at by the operator, between steps.
  void noteInStep() {
    boolean inStep = bothInStep();
    if (inStep && !(primary(nodes[0]) && primary(nodes[1]))) {
      diverged = world.mismatched();
      forceRule.inStep();
    }
    if (inStep) {
      if (!wereInStep) {
        world.oracle.inStep();
        world.oracle.replicated(world.link.connectedMicros());
      }
      aloneSince[0] = NEVER;
      aloneSince[1] = NEVER;
      lostPower[0] = false;
      lostPower[1] = false;
      lostContent.forEach(List::clear);
      world.replaced[0] = false;
      world.replaced[1] = false;
    }
    wereInStep = inStep;
  }

  /// The copy of a node that serves alone may lack what was written before its power failed: an
  /// operator forced it, and the other one has it. A flush here covers none of that.
  boolean mayLack(SimNode node, Oracle.Write write) {
    return lacksCache(node) && write.startMicros <= branchSince[node.index];
  }

  private boolean lacksCache(SimNode node) {
    return world.traits.forces()
        && lostPower[node.index]
        && node.alive()
        && !node.running().phase().agreed();
  }

  /// True when the other node surely has whatever this one acknowledged.
  boolean heldElsewhere(SimNode node) {
    var other = other(node);
    // Of two primaries each has what the other has not.
    boolean follows =
        primary(other) && !primary(node) && aloneSince[node.index] == NEVER && !lacksCache(other);
    return node.alive()
        && other.alive()
        && other.running().disk() == DiskState.UP_TO_DATE
        && (follows || node.running().complete() || node.running().servesFromPeer());
  }

  /// A flush was refused: like after a failed fsync of an operating system, what was cached is
  /// gone.
  void flushFailed(SimNode node) {
    var other = other(node);
    if (other.alive() && other.running().servesFromPeer()) {
      world.oracle.perhapsLostUnflushedAndUnanswered();
    } else if (!heldElsewhere(node)) {
      // The only copy: an answer that is on its way is worth no more than one that was given.
      world.oracle.perhapsLostUnflushedAndUnanswered();
    }
    noteLostContent(node);
    loseBranchCache(node);
    world.oracle.perhapsLostUnreplicated(node.index);
    branchSince[node.index] = world.time.nowMicros();
  }

  /// A copy is lost with its disk. What was not flushed is gone unless the other node surely has
  /// it: that one may have received it, and ended before it was written.
  void copyLost(SimNode node) {
    if (!heldElsewhere(node)) {
      world.oracle.perhapsLostUnflushedAndUnanswered();
    }
  }

  /// The operator gives the other copy up: that it had, flushed, what this one lost from its cache
  /// does not help any more.
  void survives(SimNode node) {
    for (var lost : lostContent.get(node.index)) {
      world.oracle.perhapsLostContent(lost.unit(), lost.content());
    }
  }

  private void noteLostContent(SimNode node) {
    var lost = lostContent.get(node.index);
    node.disk.forEachCached((unit, content) -> lost.add(new Lost(unit, content)));
  }

  /// A branch of its own is only here: that the other branch has it, flushed, does not help when
  /// that one is given up.
  private void loseBranchCache(SimNode node) {
    if (world.traits.branches() && primary(node) && !node.running().phase().agreed()) {
      node.disk.forEachCached(world.oracle::perhapsLostContent);
    }
  }

  /// The node's process is about to end. What may be gone with it: what was not flushed when the
  /// last of both fell, if either fell by a power cut, because a node does not know which of two
  /// crashed copies has more.
  void crashing(SimNode node, boolean powerCut) {
    var oracle = world.oracle;
    boolean elsewhere = heldElsewhere(node);
    lostPower[node.index] |= powerCut;
    var other = other(node);
    // Answered when this node had received it, and it may not have written it yet; it says that it
    // is the only copy only when it has. Until then two have failed, the other's disk and this one.
    boolean receivedOnly =
        world.memsync(other.index) && node.holdsReceived() && other.diskHasFailed();
    if ((!elsewhere && (lostPower[0] || lostPower[1])) || receivedOnly) {
      oracle.perhapsLostUnflushed();
    }
    if (powerCut) {
      noteLostContent(node);
      loseBranchCache(node);
      branchSince[node.index] = world.time.nowMicros();
    }
    oracle.perhapsLostUnreplicated(node.index);
    forceRule.crashed(node);
    wasPrimary[node.index] = false;
  }
}
