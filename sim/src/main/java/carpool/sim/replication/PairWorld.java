package carpool.sim.replication;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Effects.Result;
import carpool.replicator.core.Phase;
import carpool.replicator.core.ReplicationCore.Settings;
import carpool.replicator.core.ReplicationMode;
import carpool.replicator.core.Role;
import carpool.replicator.core.WriteKind;
import carpool.sim.Transcript;
import carpool.sim.Violation;
import carpool.sim.VirtualTime;
import java.util.ArrayList;
import java.util.List;

/// One run: a pair of nodes under faults (safety phase), then left alone until both copies are
/// equal (liveness phase).
///
/// Two kinds of run. In an *orderly* run whoever promotes knows what CARP and the orchestrator
/// would know: nobody is promoted while the other is primary, and a node whose peer lives on
/// without it is told so. In a *partitioned* run both sides may be promoted; then nothing may be
/// overwritten until an operator names the survivor.
public final class PairWorld implements SimHost {
  private static final int UNITS = 160;
  private static final int EXTENT_BYTES = 128 << 10;

  /// In ticks of 10 ms, longer than a chain of records on a slow disk.
  private static final int TIMEOUT_TICKS = 10;

  private static final int DATA_BYTES = UNITS * SimDisk.UNIT_BYTES;
  private static final long FAULT_PHASE_MICROS = 400_000;
  private static final long QUIET_PHASE_MICROS = 2_000_000;

  private static final long ROT_PHASE_MICROS = 1_000_000;
  private static final int BLOCK_UNITS = (64 << 10) / SimDisk.UNIT_BYTES;

  final VirtualTime time;
  final Transcript transcript;
  final SimLink link;
  final SimNode[] nodes;
  private final Oracle oracle = new Oracle(UNITS);
  private final ReplicationMode mode;
  private final boolean partitioned;
  private final int slowDisk;
  private final boolean slowLink;
  private final boolean slowJournal;
  private final boolean sparseClient;
  private final long syncRate;
  private boolean clientsRun = true;

  private boolean diskTrouble;

  private boolean faults = true;
  private final long[] aloneSince = {-1, -1};
  private final boolean[] lostPower = {false, false};
  private final List<List<Oracle.Write>> open = List.of(new ArrayList<>(), new ArrayList<>());
  private int acknowledged;
  private int faultCount;

  private PairWorld(long seed, boolean keepTranscript) {
    time = new VirtualTime(seed);
    transcript = new Transcript(time, keepTranscript ? 20_000 : 0);
    mode = List.of(ReplicationMode.values()).get(time.random().nextInt(3));
    partitioned = time.chance(1, 4);
    slowDisk = time.chance(1, 4) ? time.random().nextInt(2) : -1;
    slowLink = time.chance(1, 4);
    slowJournal = time.chance(1, 4);
    sparseClient = time.chance(1, 3);
    syncRate = time.chance(1, 4) ? 4 << 20 : Long.MAX_VALUE;
    link = new SimLink(this);
    int extents = (DATA_BYTES - 1) / EXTENT_BYTES + 1;
    nodes =
        new SimNode[] {
          new SimNode(this, 0, "a", UNITS, extents), new SimNode(this, 1, "b", UNITS, extents)
        };
    transcript.add("---", mode + (partitioned ? " partitioned" : " orderly"));
  }

  /// What a run came to.
  ///
  /// @param acknowledgedWrites writes that the clients were told are done
  /// @param faults crashes, power cuts, link cuts
  public record Outcome(int acknowledgedWrites, int faults) {}

  /// Runs one seed.
  ///
  /// @throws Violation when a checker found something; its message ends with the transcript
  public static Outcome run(long seed) {
    try {
      return new PairWorld(seed, false).play();
    } catch (RuntimeException | Error first) {
      // Once more, word for word the same, with the transcript.
      var again = new PairWorld(seed, true);
      try {
        again.play();
      } catch (RuntimeException | Error second) {
        throw new IllegalStateException(
            "seed " + seed + ": " + second.getMessage() + "\n" + again.transcript, second);
      }
      throw new IllegalStateException("seed " + seed + " failed once and not again", first);
    }
  }

  @Override
  public VirtualTime time() {
    return time;
  }

  @Override
  public Transcript transcript() {
    return transcript;
  }

  @Override
  public SimLink link() {
    return link;
  }

  @Override
  public SimNode node(int index) {
    return nodes[index];
  }

  @Override
  public boolean diskTrouble() {
    return diskTrouble;
  }

  @Override
  public Settings settings(String name) {
    return new Settings(
        name,
        mode,
        true,
        DATA_BYTES,
        EXTENT_BYTES,
        2,
        SimNode.CLIENT_SLOTS,
        SimNode.SYNC_SLOTS,
        SimNode.PEER_SLOTS,
        CHUNK_UNITS * SimDisk.UNIT_BYTES,
        name.equals("a") ? "b" : "a",
        4,
        TIMEOUT_TICKS);
  }

  @Override
  public long syncRate() {
    return syncRate;
  }

  @Override
  public long freshId() {
    return time.random().nextLong() | 2;
  }

  @Override
  public boolean memsync() {
    return mode == ReplicationMode.MEMSYNC;
  }

  @Override
  public boolean slowDisk(int node) {
    return slowDisk == node;
  }

  @Override
  public boolean slowJournal() {
    return slowJournal;
  }

  @Override
  public boolean slowLink() {
    return slowLink;
  }

  // ---------------------------------------------------------------------------------- the run

  private Outcome play() {
    nodes[0].start();
    nodes[1].start();
    link.dial();
    control();
    client();
    ticks();
    chaos();
    time.runUntil(FAULT_PHASE_MICROS);
    faults = false;
    transcript.add("---", "no more faults");
    link.heal();
    for (var node : nodes) {
      node.disk.mend();
      if (!node.alive()) {
        node.start();
      }
    }
    time.runUntil(FAULT_PHASE_MICROS + QUIET_PHASE_MICROS / 2);
    clientsRun = false;
    time.runUntil(FAULT_PHASE_MICROS + QUIET_PHASE_MICROS);
    checkConverged();
    rot();
    return new Outcome(acknowledged, faultCount);
  }

  /// Changes blocks of the secondary behind its back: a verification finds exactly these, and the
  /// repair makes both copies equal again.
  private void rot() {
    if (!primary(nodes[0]) && !primary(nodes[1])) {
      return; // the last operator demoted it
    }
    var serving = primary(nodes[0]) ? nodes[0] : nodes[1];
    var disk = nodes[1 - serving.index].disk;
    var blocks = new java.util.HashSet<Integer>();
    for (int i = 1 + time.random().nextInt(4); i > 0; i--) {
      int unit = time.random().nextInt(UNITS);
      disk.write(unit, -i);
      blocks.add(unit / BLOCK_UNITS);
    }
    serving.rotten = blocks.size();
    transcript.add("---", "rot in blocks " + blocks);
    var core = serving.running();
    core.stopVerify();
    core.orderVerify(true);
    time.runUntil(FAULT_PHASE_MICROS + QUIET_PHASE_MICROS + ROT_PHASE_MICROS);
    long found = core.syncProgress().foundBytes() / (BLOCK_UNITS * SimDisk.UNIT_BYTES);
    if (found != blocks.size() || core.syncProgress().verifying()) {
      throw new Violation(
          "verify", "found " + found + " blocks of " + blocks + ": " + core.syncProgress());
    }
    checkConverged();
  }

  private void ticks() {
    time.after(
        10_000,
        () -> {
          for (var node : nodes) {
            if (node.alive()) {
              node.running().tick();
              node.running().pace(10_000);
            }
          }
          ticks();
        });
  }

  // ---------------------------------------------------------------------------------- clients

  private void client() {
    time.within(
        50,
        sparseClient ? 8000 : 700,
        () -> {
          if (clientsRun) {
            for (var node : nodes) {
              if (serving(node) && node.hasClientSlot()) {
                request(node);
              }
            }
          }
          client();
        });
  }

  private static boolean serving(SimNode node) {
    return node.alive() && node.running().role() == Role.PRIMARY && !node.running().fenced();
  }

  private void request(SimNode node) {
    int dice = time.random().nextInt(20);
    int units = 1 + time.random().nextInt(time.chance(1, 5) ? 24 : 3);
    int unit = time.random().nextInt(UNITS - units + 1);
    if (dice < 13) {
      write(node, unit, units, dice == 0);
    } else if (dice < 18) {
      read(node, unit, units);
    } else {
      flush(node);
    }
  }

  private void write(SimNode node, int unit, int units, boolean forced) {
    var write = oracle.start(unit, unit + units, time.nowMicros(), node.index);
    boolean zeroes = time.chance(1, 6);
    write.content = zeroes ? 0 : write.id;
    open.get(node.index).add(write);
    transcriptAdd(
        node,
        "client writes "
            + write.id
            + (zeroes ? " (zeroes)" : "")
            + " to "
            + unit
            + "+"
            + units
            + (forced ? " forced" : ""));
    node.write(
        unit,
        units,
        write.id,
        zeroes ? WriteKind.HOLE : WriteKind.DATA,
        forced,
        result -> {
          open.get(node.index).remove(write);
          if (result == Result.OK) {
            acknowledged++;
            oracle.acknowledged(write, time.nowMicros());
            if (forced) {
              oracle.flushed(List.of(write));
            }
            if (node.running().phase() != Phase.IN_STEP && aloneSince[node.index] < 0) {
              aloneSince[node.index] = write.startMicros;
            }
            if (mode == ReplicationMode.ASYNC && node.running().phase() != Phase.IN_STEP) {
              aloneSince[node.index] = Math.max(0, aloneSince[node.index]);
            }
            transcriptAdd(node, "client was told that " + write.id + " is done");
          } else {
            oracle.failed(write, time.nowMicros());
          }
        });
  }

  private void read(SimNode node, int unit, int units) {
    long start = time.nowMicros();
    node.read(
        unit,
        units,
        values -> {
          // Apart, each of two primaries shows its own branch; only the end is checked then.
          if (values != null && !partitioned) {
            for (int i = 0; i < units; i++) {
              oracle.check("R6 read on " + node.name, unit + i, values[i], start);
            }
          }
        });
  }

  private void flush(SimNode node) {
    var covered = oracle.acknowledgedNow();
    covered.removeIf(write -> write.node != node.index);
    transcriptAdd(node, "client flushes");
    node.flush(result -> {
      if (result == Result.OK) {
        oracle.flushed(covered);
      }
    });
  }

  // ---------------------------------------------------------------------------------- operators

  private void control() {
    time.within(
        1000,
        8000,
        () -> {
          noteInStep();
          operate();
          control();
        });
  }

  private void noteInStep() {
    if (bothInStep()) {
      aloneSince[0] = -1;
      aloneSince[1] = -1;
      lostPower[0] = false;
      lostPower[1] = false;
    }
  }

  private boolean bothInStep() {
    return nodes[0].alive()
        && nodes[1].alive()
        && nodes[0].running().complete()
        && nodes[1].running().complete();
  }

  private void operate() {
    for (var node : nodes) {
      if (node.alive() && node.running().fenced()) {
        transcriptAdd(node, "orchestrator gives up");
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
    boolean first = primary(nodes[0]);
    boolean second = primary(nodes[1]);
    if (first || second) {
      var serving = first ? nodes[0] : nodes[1];
      var other = nodes[1 - serving.index];
      if (!partitioned && other.alive() && !other.running().phase().agreed() && !link.up()) {
        other.running().markOutdated();
      }
      if (clientsRun && time.chance(1, 8)) {
        order(serving);
      } else if (serving.running().phase() == Phase.IN_STEP
          && serving.running().differentBytes() > 0
          && time.chance(1, 4)) {
        transcriptAdd(serving, "operator has the differences copied");
        serving.running().orderSync(false, 0);
      }
      if (!(first && second) && faults && time.chance(1, 12)) {
        transcriptAdd(serving, "operator demotes");
        serving.setRole(Role.SECONDARY, false, _ -> {});
      } else if (partitioned && !link.up() && !(first && second) && time.chance(1, 4)) {
        promote(other);
      }
      return;
    }
    promote(nodes[time.random().nextInt(2)]);
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
    transcriptAdd(node, "operator orders a comparison or synchronisation: " + verdict);
  }

  /// A node with a failed disk gives its role up before long; then somebody puts the cable back and
  /// starts it again.
  private void replaceDisk(SimNode node) {
    if (faults && time.chance(2, 3)) {
      return;
    }
    if (primary(node)) {
      transcriptAdd(node, "orchestrator gives up: the disk failed");
      node.setRole(Role.SECONDARY, false, _ -> {});
    } else if (!node.rolePending()) {
      transcriptAdd(node, "operator starts the node again");
      crash(node, false);
    }
  }

  private static boolean primary(SimNode node) {
    return node.alive() && node.running().role() == Role.PRIMARY;
  }

  private void promote(SimNode node) {
    if (!node.alive()) {
      return;
    }
    var other = nodes[1 - node.index];
    // This node may not have noticed yet that the link is gone.
    boolean together =
        node.running().phase().agreed() && other.alive() && other.running().phase().agreed();
    boolean otherAhead = aloneSince[other.index] >= 0 && !together;
    if (!partitioned && other.alive() && other.rolePending()) {
      return; // one at a time, as one master at a time
    }
    if (!partitioned && otherAhead) {
      return; // link and node failed one after the other: the design leaves this to the operator
    }
    if (!partitioned && mode == ReplicationMode.ASYNC && !node.running().phase().agreed()) {
      // async promises nothing about what the other acknowledged last
      oracle.perhapsLostOf(other.index, 0);
    }
    transcriptAdd(node, "operator promotes");
    node.setRole(Role.PRIMARY, false, verdict -> transcriptAdd(node, "promotion: " + verdict));
  }

  private void resolveSplitBrain() {
    if (nodes[0].alive()
        && nodes[1].alive()
        && nodes[0].running().splitBrain()
        && nodes[1].running().splitBrain()
        && (!faults || time.chance(1, 4))) {
      var loser = nodes[time.random().nextInt(2)];
      var survivor = nodes[1 - loser.index];
      if (survivor.running().disk() == DiskState.INCONSISTENT) {
        return; // chosen before, and half overwritten: the operator stays with that
      }
      survivor.running().standAsSurvivor();
      transcriptAdd(loser, "operator: this side loses");
      // In async a write is answered before anybody can know that the peer will not have it.
      long since = mode == ReplicationMode.ASYNC ? 0 : Math.max(0, aloneSince[loser.index]);
      oracle.perhapsLostOf(loser.index, since);
      loser.setRole(Role.SECONDARY, false, _ -> loser.running().yieldToPeer());
    }
  }

  // ---------------------------------------------------------------------------------- faults

  private void chaos() {
    time.within(
        3000,
        60_000,
        () -> {
          if (faults) {
            fault();
            chaos();
          }
        });
  }

  private void fault() {
    faultCount++;
    switch (time.random().nextInt(11)) {
      case 0, 1 -> crash(nodes[time.random().nextInt(2)], false);
      case 2, 3 -> crash(nodes[time.random().nextInt(2)], true);
      case 4 -> {
        crash(nodes[0], true);
        crash(nodes[1], true);
      }
      case 5, 6 -> {
        transcript.add("net", "connection breaks");
        link.breakConnection(false);
        if (time.chance(1, 3)) {
          var node = nodes[time.random().nextInt(2)];
          time.within(1, 6000, () -> crash(node, time.chance(1, 2)));
        }
      }
      case 8 -> {
        var node = nodes[time.random().nextInt(2)];
        int count = 1 + time.random().nextInt(4);
        for (int i = 0; i < count; i++) {
          int unit = time.random().nextInt(UNITS);
          transcriptAdd(node, "unit " + unit + " cannot be read any more");
          node.disk.spoil(unit);
          diskTrouble = true;
        }
      }
      case 9 -> {
        var node = nodes[time.random().nextInt(2)];
        var troubles = SimDisk.Trouble.values();
        diskTrouble = true;
        node.disk.trouble(troubles[1 + time.random().nextInt(troubles.length - 1)]);
        transcriptAdd(node, "disk trouble: " + node.disk.trouble());
      }
      default -> {
        link.cut();
        time.within(1000, 60_000, link::heal);
      }
    }
  }

  /// True when the other node surely has whatever this one acknowledged.
  private boolean heldElsewhere(SimNode node) {
    var other = nodes[1 - node.index];
    // Of two primaries each has what the other has not.
    boolean follows = primary(other) && !primary(node) && aloneSince[node.index] < 0;
    return node.alive()
        && other.alive()
        && other.running().disk() == DiskState.UP_TO_DATE
        && (follows || node.running().complete() || node.running().servesFromPeer());
  }

  @Override
  public void flushFailed(SimNode node) {
    var other = nodes[1 - node.index];
    if (other.alive() && other.running().servesFromPeer()) {
      oracle.perhapsLostUnflushedAndUnanswered();
    } else if (!heldElsewhere(node)) {
      oracle.perhapsLostUnflushed();
    }
    if (mode == ReplicationMode.ASYNC) {
      oracle.perhapsLostOf(node.index, 0);
    }
    transcriptAdd(node, "a flush fails");
    node.disk.powerCut(time.random());
  }

  private void crash(SimNode node, boolean powerCut) {
    if (!node.alive()) {
      return;
    }
    boolean elsewhere = heldElsewhere(node);
    // Gone is what was not flushed when the last of both fell, if either fell by a power cut: a
    // node
    // does not know which of the two crashed copies has more.
    lostPower[node.index] |= powerCut;
    // The other's disk failed and this node has not recorded yet that it has the only copy.
    var other = nodes[1 - node.index];
    boolean indistinct =
        other.alive()
            && other.running().disk() == DiskState.FAILED
            && other.disk.generation() == node.disk.generation();
    // Answered when this node had received it, and it may not have written it yet; it says that it
    // is the only copy only when it has. Until then two have failed, the other's disk and this one.
    boolean receivedOnly =
        mode == ReplicationMode.MEMSYNC
            && node.holdsReceived()
            && other.alive()
            && other.running().disk() == DiskState.FAILED;
    if ((!elsewhere && (lostPower[0] || lostPower[1])) || indistinct || receivedOnly) {
      oracle.perhapsLostUnflushed();
    }
    if (powerCut && partitioned && primary(node) && !node.running().phase().agreed()) {
      node.disk.forEachCached(oracle::perhapsLostContent);
    }
    if (mode == ReplicationMode.ASYNC) {
      oracle.perhapsLostOf(node.index, 0);
    }
    for (var write : open.get(node.index)) {
      oracle.failed(write, time.nowMicros());
    }
    open.get(node.index).clear();
    node.stop(powerCut);
    checkDifferencesKnown();
    time.within(
        500,
        60_000,
        () -> {
          if (!node.alive()) {
            node.disk.trouble(SimDisk.Trouble.NONE);
            node.start();
          }
        });
  }

  // ---------------------------------------------------------------------------------- checkers

  /// R3: what differs is marked on a disk, or known to a living node.
  private void checkDifferencesKnown() {
    for (int unit = 0; unit < UNITS; unit++) {
      if (nodes[0].disk.visible()[unit] == nodes[1].disk.visible()[unit]) {
        continue;
      }
      long offset = (long) unit * SimDisk.UNIT_BYTES;
      int extent = (int) (offset / EXTENT_BYTES);
      boolean known = false;
      for (var node : nodes) {
        known |= node.disk.marked(extent);
        known |= node.alive() && node.running().mayDiffer(offset, SimDisk.UNIT_BYTES);
      }
      if (!known) {
        throw new Violation("R3", "unit " + unit + " differs and nobody knows");
      }
    }
  }

  private void checkConverged() {
    for (var node : nodes) {
      if (!node.running().complete()) {
        throw new Violation("liveness", "no end: " + nodes[0].core + " " + nodes[1].core);
      }
    }
    if (!nodes[0].disk.sameContent(nodes[1].disk)) {
      throw new Violation("R7", "complete, but the copies differ");
    }
    for (int unit = 0; unit < UNITS; unit++) {
      oracle.check("R1", unit, nodes[0].disk.visible()[unit], time.nowMicros());
    }
  }

  private void transcriptAdd(SimNode node, String what) {
    if (transcript.kept()) {
      transcript.add(node.name, what);
    }
  }
}
