package carpool.sim.engine;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Identity;
import carpool.replicator.core.Phase;
import carpool.replicator.core.ReplicationCore;
import carpool.sim.Violation;
import carpool.sim.VirtualTime;
import java.util.List;

/// What failures may have taken: which of the two copies lacks what, as far as somebody who sees
/// both nodes can tell. More than one failure at a time may take what clients were told is done;
/// all else is a fault.
final class Losses {
  private static final long SECOND = 1_000_000;

  private final EngineWorld world;
  private final VirtualTime time;
  private final History history;

  /// The disk was never made one of the pair.
  private final boolean[] blank = {true, true};

  /// The disk is a new one and was never in sync.
  private final boolean[] fresh = {false, false};

  /// The node lost what it had not flushed since both were last in sync.
  private final boolean[] lossy = {false, false};

  /// The disk took less than the node knows, or is just being told.
  private final boolean[] latent = {false, false};

  /// The process was told that a change failed, and the copy was not made good since.
  private final boolean[] told = {false, false};

  /// The process was started after it was told; before, a report may be on its way to the core.
  private final boolean[] startedAfterTold = {false, false};

  private final long[] aloneSince = {-1, -1};
  private boolean diverged;

  /// A disk refused or lost something in this run.
  private boolean diskTrouble;

  Losses(EngineWorld world, History history) {
    this.world = world;
    this.history = history;
    time = world.time();
  }

  private EngineNode node(int index) {
    return world.node(index);
  }

  // ----- questions

  boolean blank(EngineNode node) {
    return blank[node.index];
  }

  boolean fresh(EngineNode node) {
    return fresh[node.index];
  }

  /// The node has what the other one has not.
  boolean ahead(EngineNode node) {
    return aloneSince[node.index] >= 0;
  }

  /// Both nodes were primary, each for its own clients.
  boolean diverged() {
    return diverged;
  }

  /// A copy may have lost writes without a word of its own.
  boolean suspect(EngineNode node) {
    return told[node.index] || latent[node.index];
  }

  boolean diskTrouble() {
    return diskTrouble;
  }

  /// True when the other node surely has whatever this one acknowledged.
  boolean heldElsewhere(EngineNode node) {
    var other = world.other(node);
    boolean follows = other.primary() && !node.primary() && aloneSince[node.index] < 0;
    return node.engine() != null
        && other.disk() == DiskState.UP_TO_DATE
        && !latent[other.index]
        && (follows
            || node.ask(ReplicationCore::complete, false)
            || node.ask(ReplicationCore::servesFromPeer, false));
  }

  boolean bothInStep() {
    return node(0).ask(ReplicationCore::complete, false)
        && node(1).ask(ReplicationCore::complete, false);
  }

  /// What a flush of a client of this node that starts now has to make durable.
  List<History.Write> flushCovers(EngineNode node) {
    var covered = history.unflushed();
    return diverged ? covered.stream().filter(write -> write.node == node.index).toList() : covered;
  }

  // ----- events

  void created(EngineNode node) {
    blank[node.index] = false;
    told[node.index] = false;
    latent[node.index] = false;
  }

  /// A copy that was told of a failed change is nothing to go on with.
  void attached(EngineNode node) {
    // A copy that was never in sync has nothing to lose.
    if (told[node.index]
        && node.disk().servable()
        && !node.ask(ReplicationCore::identity, Identity.FRESH).virgin()) {
      world.turns().fail(new Violation("lost writes", node + " passes for a good copy"));
    }
    startedAfterTold[node.index] |= told[node.index];
  }

  void acknowledged(EngineNode node, History.Write write) {
    if (node.ask(ReplicationCore::phase, Phase.APART) != Phase.IN_STEP) {
      if (aloneSince[node.index] < 0) {
        aloneSince[node.index] = write.startMicros;
      }
      if (world.traits().async()) {
        aloneSince[node.index] = 0;
      }
    }
  }

  /// A change of the disk fails: the copy counts for nothing from now on.
  void changeRefused(EngineNode node, SimProcess process) {
    if (!process.alive()) {
      return;
    }
    node.log("the disk refuses a change");
    mayLose(node);
    if (aloneSince[node.index] >= 0) {
      history.perhapsLostOf(node.index, aloneSince[node.index]);
    }
  }

  /// The process has heard that a change failed, and acts before anything else happens.
  void told(EngineNode node) {
    told[node.index] = true;
  }

  /// The disk of a node drops what it was to write back.
  void losesWriteBack(EngineNode node) {
    node.log("the disk loses what it was to write back");
    mayLose(node);
    var disk = node.machine.disk();
    disk.loseWriteBack(time.random());
    if (time.chance(1, 2)) {
      time.within(SECOND / 2, 3 * SECOND, () -> evict(node, disk));
    }
  }

  /// Pages that were never written are read in again, when the process knows of the error.
  private void evict(EngineNode node, SimDisk disk) {
    if (told[node.index] && disk == node.machine.disk()) {
      disk.evictLost();
    }
  }

  private void mayLose(EngineNode node) {
    var other = world.other(node);
    if (other.ask(ReplicationCore::servesFromPeer, false)) {
      history.perhapsLostUnflushedAndUnanswered();
    } else if (!heldElsewhere(node)) {
      history.perhapsLostUnflushed();
    }
    if (world.traits().async()) {
      history.perhapsLostOf(node.index, 0);
    }
    lossy[node.index] = true;
    latent[node.index] = true;
    diskTrouble = true;
  }

  /// A disk is about to refuse something: what cannot be read counts as different.
  void diskFails() {
    diskTrouble = true;
  }

  /// The disk is gone for good, with all that was on it.
  void died(EngineNode node) {
    mayLose(node);
    aloneSince[node.index] = -1;
  }

  /// The process of a node that lives is about to end.
  ///
  /// @param powerCut and with it what the machine had in memory
  void ends(EngineNode node, boolean powerCut) {
    boolean elsewhere = heldElsewhere(node);
    lossy[node.index] |= powerCut;
    var other = world.other(node);
    boolean otherFailed = other.disk() == DiskState.FAILED || latent[other.index];
    // The other's disk failed, and this node has not recorded that it has the only copy; or in
    // memsync it has not written yet what it has received.
    boolean indistinct =
        otherFailed && (world.traits().memsync() || generation(other) == generation(node));
    if ((!elsewhere && (lossy[0] || lossy[1])) || indistinct) {
      history.perhapsLostUnflushedAndUnanswered();
    }
    if (world.traits().async()) {
      history.perhapsLostOf(node.index, 0);
    }
  }

  /// It has ended.
  void ended(EngineNode node) {
    startedAfterTold[node.index] = told[node.index];
  }

  private static long generation(EngineNode node) {
    var engine = node.engine();
    return engine == null ? -1 : engine.disk().metadata().identity().generation();
  }

  void diskReplaced(EngineNode node) {
    blank[node.index] = true;
    fresh[node.index] = true;
  }

  void starts(EngineNode node) {
    if (!told[node.index] && !node.machine.disk().unreported()) {
      latent[node.index] = false; // cut off before it was told: like any other power cut
    }
  }

  void noteInStep() {
    for (int i = 0; i < 2; i++) {
      var node = node(i);
      // What was lost was copied again since, and the process has found or just records its disk
      // good.
      boolean good =
          node.disk() == DiskState.UP_TO_DATE
              || node.ask(ReplicationCore::phase, Phase.APART) == Phase.ADOPTING;
      if (good && startedAfterTold[i]) {
        told[i] = false;
        latent[i] = false;
        startedAfterTold[i] = false;
      }
    }
    if (!bothInStep()) {
      return;
    }
    if (!(node(0).primary() && node(1).primary())) {
      diverged = false;
    }
    for (int i = 0; i < 2; i++) {
      aloneSince[i] = -1;
      fresh[i] = false;
    }
    if (!latent[0] && !latent[1]) {
      lossy[0] = false;
      lossy[1] = false;
    }
  }

  /// Two primaries: each has what the other has not.
  void observeRoles(boolean undisturbed) {
    diverged |= node(0).primary() && node(1).primary() && !undisturbed;
  }

  /// An operator promotes a node without the other's word.
  void promotedAlone(EngineNode node) {
    if (world.traits().async()) {
      history.perhapsLostOf(world.other(node).index, 0);
    }
  }

  /// Two failures left no copy that may be served.
  void forced() {
    diverged = true;
    history.perhapsLostAll();
  }

  /// The operator gives one branch of a split brain up.
  void givesUpBranch(EngineNode node) {
    history.perhapsLostOf(
        node.index, world.traits().async() ? 0 : Math.max(0, aloneSince[node.index]));
  }
}
