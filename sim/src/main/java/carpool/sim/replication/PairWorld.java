package carpool.sim.replication;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Effects.Result;
import carpool.replicator.core.Phase;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.ReplicationCore.Settings;
import carpool.replicator.core.ReplicationMode;
import carpool.replicator.core.Role;
import carpool.replicator.core.WriteKind;
import carpool.sim.Transcript;
import carpool.sim.Violation;
import carpool.sim.VirtualTime;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// One run: a pair of nodes under faults (safety phase), then left alone until both copies are
/// equal (liveness phase).
///
/// Two kinds of run. In an *orderly* run whoever promotes knows what CARP and the orchestrator
/// would know: nobody is promoted while the other is primary, and a node whose peer lives on
/// without it is told so. In a *partitioned* run both sides may be promoted; then nothing may be
/// overwritten until an operator names the survivor.
public final class PairWorld implements SimHost {
  /// In ticks of 10 ms, longer than a chain of records on a slow disk.
  private static final int TIMEOUT_TICKS = 6;

  /// A client of a node whose own disk answers waits no longer than this: for a chunk of a
  /// synchronisation that the peer does not answer, then for its own request, then for the question
  /// to the peer.
  private static final long ANSWER_MICROS =
      10_000L * (2 * (TIMEOUT_TICKS + 2) + TIMEOUT_TICKS + 2) + 60_000;

  private static final boolean FORCES =
      Boolean.parseBoolean(System.getProperty("carpool.sim.force", "true"));

  private static final long FAULT_PHASE_MICROS = 400_000;
  private static final long QUIET_PHASE_MICROS = 2_000_000;

  /// So long clients work on in the quiet phase, mostly.
  private static final long QUIET_CLIENTS_MICROS = 100_000;

  /// How often somebody looks whether the pair has settled.
  private static final long LOOK_MICROS = 10_000;

  private static final long ROT_PHASE_MICROS = 1_000_000;
  private static final int BLOCK_UNITS = (64 << 10) / SimDisk.UNIT_BYTES;

  final VirtualTime time;
  final Transcript transcript;
  final SimLink link;
  final SimNode[] nodes;

  /// The device; not always a whole number of blocks.
  private final int units;

  private final int extentBytes;
  private final Oracle oracle;
  private final PlantedFault planted;
  private final ReplicationMode mode;
  private final boolean partitioned;
  private final int slowDisk;
  private final boolean slowLink;
  private final boolean slowJournal;
  private final boolean hangs;
  private final boolean forces;
  private final boolean sparseClient;
  private final long syncRate;
  private boolean clientsRun = true;

  private boolean diskTrouble;

  /// The copies have gone apart and were not equal since.
  private boolean diverged;

  private final ForceRule forceRule = new ForceRule();

  private final boolean[] wasPrimary = {false, false};

  private boolean faults = true;
  private @Nullable Runnable ambush;

  /// A disk hangs and nothing else is to fail.
  private boolean undisturbed;

  /// When the node's own disk hung last; MAX while it does.
  private final long[] lastHang = {-1, -1};

  private final List<List<Request>> waiting = List.of(new ArrayList<>(), new ArrayList<>());
  private final long[] aloneSince = {-1, -1};
  private final boolean[] lostPower = {false, false};
  private final List<List<Oracle.Write>> open = List.of(new ArrayList<>(), new ArrayList<>());
  private int acknowledged;
  private int faultCount;

  private PairWorld(long seed, PlantedFault planted, boolean keepTranscript) {
    this.planted = planted;
    time = new VirtualTime(seed);
    transcript = new Transcript(time, keepTranscript ? 20_000 : 0);
    mode = List.of(ReplicationMode.values()).get(time.random().nextInt(3));
    partitioned = time.chance(1, 4);
    slowDisk = time.chance(1, 4) ? time.random().nextInt(2) : -1;
    slowLink = time.chance(1, 4);
    slowJournal = time.chance(1, 4);
    hangs = time.chance(1, 4);
    boolean mayForce = !partitioned && time.chance(1, 6);
    forces = mayForce && FORCES;
    units = time.chance(1, 2) ? 160 : 100 + time.random().nextInt(80);
    // 128 bytes: more extents than a sector of the map holds.
    extentBytes = List.of(128 << 10, 64 << 10, 256 << 10, 128).get(time.random().nextInt(4));
    oracle = new Oracle(units);
    sparseClient = time.chance(1, 3);
    syncRate = time.chance(1, 4) ? 4 << 20 : Long.MAX_VALUE;
    link = new SimLink(this);
    int extents = (dataBytes() - 1) / extentBytes + 1;
    nodes =
        new SimNode[] {
          new SimNode(this, 0, "a", units, extents), new SimNode(this, 1, "b", units, extents)
        };
    transcript.add(
        "---",
        mode
            + (partitioned ? " partitioned " : " orderly ")
            + units
            + " units, extents of "
            + extentBytes
            + (hangs ? ", hanging disks" : "")
            + (forces ? ", forced promotions" : ""));
    if (time.chance(1, 6)) {
      madeByHastd(extents);
    }
  }

  private long faultPhase() {
    return hangs ? 3 * FAULT_PHASE_MICROS : FAULT_PHASE_MICROS;
  }

  private int dataBytes() {
    return units * SimDisk.UNIT_BYTES;
  }

  /// Disks of a pair that hastd made: equal, or one side wrote without the other.
  private void madeByHastd(int extents) {
    int newer = time.random().nextInt(3) - 1;
    int ahead = newer < 0 ? 0 : 1 + time.random().nextInt(3);
    for (int i = 0; i < 2; i++) {
      nodes[i].disk.madeByHastd(i == newer ? 1 + ahead : 1, 1);
    }
    transcript.add("---", "made by hastd, newer: " + (newer < 0 ? "none" : nodes[newer].name));
    for (int i = 0; i < 3 && newer >= 0; i++) {
      int unit = time.random().nextInt(units);
      var write = oracle.start(unit, unit + 1, 0, -1);
      oracle.acknowledged(write, 0);
      oracle.flushed(List.of(write));
      int first = unit * SimDisk.UNIT_BYTES / extentBytes;
      int end = ((unit + 1) * SimDisk.UNIT_BYTES - 1) / extentBytes + 1;
      nodes[newer].disk.writtenByHastd(unit, write.id, first, Math.min(end, extents));
    }
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
    return run(seed, PlantedFault.NONE);
  }

  static Outcome run(long seed, PlantedFault planted) {
    try {
      return new PairWorld(seed, planted, false).play();
    } catch (RuntimeException | Error first) {
      // Once more, word for word the same, with the transcript.
      var again = new PairWorld(seed, planted, true);
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
        dataBytes(),
        extentBytes,
        2,
        SimNode.CLIENT_SLOTS,
        SimNode.SYNC_SLOTS,
        SimNode.PEER_SLOTS,
        CHUNK_UNITS * SimDisk.UNIT_BYTES,
        name.equals("a") ? "b" : "a",
        4,
        planted == PlantedFault.WAITS_FOR_EVER ? Integer.MAX_VALUE : TIMEOUT_TICKS);
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
    time.runUntil(faultPhase());
    faults = false;
    transcript.add("---", "no more faults");
    link.heal();
    for (var node : nodes) {
      node.disk.mend();
      node.disk.unhang();
      if (!node.alive()) {
        node.start();
      }
    }
    // The copies have to become equal beside clients at work too; mostly that takes little time.
    time.runUntil(
        faultPhase() + (time.chance(1, 8) ? QUIET_PHASE_MICROS / 2 : QUIET_CLIENTS_MICROS));
    clientsRun = false;
    settle(faultPhase() + QUIET_PHASE_MICROS);
    checkConverged();
    rot();
    return new Outcome(acknowledged, faultCount);
  }

  /// Lets the pair settle, until then at the latest.
  private void settle(long untilMicros) {
    while (time.nowMicros() < untilMicros && !settled()) {
      time.runUntil(time.nowMicros() + LOOK_MICROS);
    }
    // A moment longer: it has to stay so.
    time.runUntil(time.nowMicros() + 2 * LOOK_MICROS);
  }

  private boolean settled() {
    return bothInStep()
        && primary(nodes[0]) != primary(nodes[1])
        && waiting.get(0).isEmpty()
        && waiting.get(1).isEmpty()
        && !(primary(nodes[0]) ? nodes[0] : nodes[1]).running().syncProgress().verifying();
  }

  /// Changes blocks of the secondary behind its back: a verification finds exactly these, and the
  /// repair makes both copies equal again.
  private void rot() {
    var serving = primary(nodes[0]) ? nodes[0] : nodes[1];
    var disk = nodes[1 - serving.index].disk;
    var blocks = new java.util.TreeSet<Integer>();
    for (int i = 1 + time.random().nextInt(4); i > 0; i--) {
      int unit = time.random().nextInt(units);
      disk.write(unit, new long[] {-i});
      blocks.add(unit / BLOCK_UNITS);
    }
    serving.rotten = blocks.size();
    transcript.add("---", "rot in blocks " + blocks);
    var core = serving.running();
    core.stopVerify();
    core.orderVerify(true);
    settle(time.nowMicros() + ROT_PHASE_MICROS);
    long found = core.syncProgress().foundBytes();
    long rotten =
        blocks.stream()
            .mapToLong(block -> Math.min(BLOCK_UNITS, units - block * BLOCK_UNITS))
            .sum();
    if (found != rotten * SimDisk.UNIT_BYTES || core.syncProgress().verifying()) {
      throw new Violation(
          "verify", "found " + found + " bytes of " + blocks + ": " + core.syncProgress());
    }
    checkConverged();
  }

  /// A client's request that is not answered.
  ///
  /// @param number of the write, or where a read starts
  private record Request(String what, long number, long sinceMicros) {}

  private Request asks(SimNode node, String what, long number) {
    var request = new Request(what, number, time.nowMicros());
    waiting.get(node.index).add(request);
    return request;
  }

  private void answered(SimNode node, Request request) {
    waiting.get(node.index).remove(request);
  }

  /// A peer that does not answer holds no client up for long.
  private void checkAnswered() {
    for (var node : nodes) {
      if (!serving(node) || node.running().servesFromPeer()) {
        continue;
      }
      for (var request : waiting.get(node.index)) {
        long since = Math.max(request.sinceMicros, lastHang[node.index]);
        if (lastHang[node.index] != Long.MAX_VALUE && time.nowMicros() - since > ANSWER_MICROS) {
          throw new Violation(
              "deadline", request + " of " + node.name + " is not answered: " + node.core);
        }
      }
    }
  }

  private void ticks() {
    time.after(
        10_000,
        () -> {
          for (var node : nodes) {
            if (node.alive()) {
              node.running().tick();
              node.running().pace(10_000);
              node.running().checkInvariants();
            }
          }
          checkAnswered();
          observe();
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
    int unit = time.random().nextInt(this.units - units + 1);
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
        () ->
            "client writes "
                + write.id
                + (zeroes ? " (zeroes)" : "")
                + " to "
                + unit
                + "+"
                + units
                + (forced ? " forced" : ""));
    var asked = asks(node, "write", write.id);
    node.write(
        unit,
        units,
        write.id,
        zeroes ? WriteKind.HOLE : WriteKind.DATA,
        forced,
        result -> {
          answered(node, asked);
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
            transcriptAdd(node, () -> "client was told that " + write.id + " is done");
          } else {
            oracle.failed(write, time.nowMicros());
          }
        });
  }

  private void read(SimNode node, int unit, int units) {
    long start = time.nowMicros();
    var asked = asks(node, "read", unit);
    node.read(
        unit,
        units,
        values -> {
          answered(node, asked);
          noteDiverged();
          // Each of two branches shows its own; only the end is checked then.
          if (values != null && !diverged) {
            for (int i = 0; i < units; i++) {
              oracle.check("R6 read on " + node.name, unit + i, values[i], start);
            }
          }
        });
  }

  private void flush(SimNode node) {
    var covered = oracle.acknowledgedNow();
    // A branch has no part in what the other was told. Else it does not matter who was primary
    // then.
    if (diverged) {
      covered.removeIf(write -> write.node != node.index);
    }
    transcriptAdd(node, () -> "client flushes");
    var asked = asks(node, "flush", 0);
    node.flush(result -> {
      answered(node, asked);
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
          observe();
          control();
        });
  }

  /// Two nodes were primary, or one was promoted without what the other was told alone.
  private void noteDiverged() {
    diverged |= primary(nodes[0]) && primary(nodes[1]);
  }

  @Override
  public void reach(SimNode node, Runnable event) {
    event.run();
    observe();
  }

  /// What is looked at after every step.
  private void observe() {
    for (var node : nodes) {
      boolean primary = primary(node);
      if (primary && !wasPrimary[node.index]) {
        promoted(node);
      }
      wasPrimary[node.index] = primary;
    }
    noteDiverged();
    forceRule.check(nodes);
  }

  /// The node is primary since this step. It may answer a client before the operator hears of it.
  private void promoted(SimNode node) {
    diverged |= aloneSince[1 - node.index] >= 0 && !node.running().phase().agreed();
    forceRule.promoted(node);
  }

  private void noteInStep() {
    if (bothInStep() && !(primary(nodes[0]) && primary(nodes[1]))) {
      diverged = false;
      forceRule.inStep();
    }
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
        transcriptAdd(node, () -> "orchestrator gives up");
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
        transcriptAdd(serving, () -> "operator has the differences copied");
        serving.running().orderSync(false, 0);
      }
      if (!(first && second) && faults && time.chance(1, 12)) {
        transcriptAdd(serving, () -> "operator demotes");
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
    transcriptAdd(node, () -> "operator orders a comparison or synchronisation: " + verdict);
  }

  /// A node with a failed disk gives its role up before long; then somebody puts the cable back and
  /// starts it again.
  private void replaceDisk(SimNode node) {
    if (faults && time.chance(2, 3)) {
      return;
    }
    if (primary(node)) {
      transcriptAdd(node, () -> "orchestrator gives up: the disk failed");
      node.setRole(Role.SECONDARY, false, _ -> {});
    } else if (!node.rolePending()) {
      transcriptAdd(node, () -> "operator starts the node again");
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
    if (otherAhead) {
      diverged = true;
    }
    transcriptAdd(node, () -> "operator promotes");
    node.setRole(
        Role.PRIMARY,
        false,
        verdict -> {
          transcriptAdd(node, () -> "promotion: " + verdict);
          diverged |=
              verdict == Verdict.ALLOWED
                  && aloneSince[other.index] >= 0
                  && !node.running().phase().agreed();
          noteDiverged();
          if (forces && verdict != Verdict.ALLOWED && verdict.forceable() && time.chance(1, 3)) {
            force(node);
          }
        });
  }

  /// The operator gives up what this copy lacks, and all that it will be told until the survivor is
  /// named: that will be the other one, whose copy nobody may touch before.
  private void force(SimNode node) {
    var other = nodes[1 - node.index];
    if (!node.alive()
        || forceRule.forced() == other.index
        || primary(other)
        || node.running().phase().agreed()) {
      return;
    }
    transcriptAdd(node, () -> "operator forces");
    forceRule.order(node);
    diverged = true;
    oracle.perhapsLostOf(node.index, 0);
    node.setRole(
        Role.PRIMARY,
        true,
        verdict -> {
          transcriptAdd(node, () -> "forced: " + verdict);
          forceRule.orderEnded(node);
        });
  }

  private void resolveSplitBrain() {
    if (nodes[0].alive()
        && nodes[1].alive()
        && nodes[0].running().splitBrain()
        && nodes[1].running().splitBrain()
        && (!faults || time.chance(1, 4))) {
      int forced = forceRule.forced();
      var loser = nodes[forced >= 0 ? forced : time.random().nextInt(2)];
      var survivor = nodes[1 - loser.index];
      if (survivor.running().disk() == DiskState.INCONSISTENT
          && loser.running().disk() != DiskState.INCONSISTENT) {
        survivor = loser; // a torn copy survives nothing
        loser = nodes[1 - survivor.index];
      }
      if (survivor.running().disk() == DiskState.INCONSISTENT) {
        return; // chosen before, and half overwritten: the operator stays with that
      }
      survivor.running().standAsSurvivor();
      forceRule.named(survivor);
      transcriptAdd(loser, () -> "operator: this side loses");
      // In async a write is answered before anybody can know that the peer will not have it.
      long since = mode == ReplicationMode.ASYNC ? 0 : Math.max(0, aloneSince[loser.index]);
      oracle.perhapsLostOf(loser.index, since);
      var givesUp = loser;
      loser.setRole(
          Role.SECONDARY,
          false,
          _ -> {
            givesUp.running().yieldToPeer();
            forceRule.givenUp(givesUp);
          });
    }
  }

  // ---------------------------------------------------------------------------------- faults

  private void chaos() {
    time.within(
        3000,
        60_000,
        () -> {
          if (faults) {
            if (time.chance(1, 2)) {
              ambush();
            } else if (!undisturbed) {
              fault();
            }
            chaos();
          }
        });
  }

  /// A disk that hangs for a while, and then continues. Every second time nothing else fails
  /// meanwhile: any other fault soon ends the session in which a client waits for this disk.
  private void hang(SimNode node) {
    undisturbed = time.chance(1, 2);
    transcriptAdd(node, () -> "the disk hangs" + (undisturbed ? ", nothing else fails" : ""));
    node.disk.hang();
    lastHang[node.index] = Long.MAX_VALUE;
    time.within(
        20_000,
        900_000,
        () -> {
          undisturbed = false;
          if (node.disk.hangs()) {
            transcriptAdd(node, () -> "the disk goes on");
            node.disk.unhang();
            lastHang[node.index] = time.nowMicros();
          }
        });
  }

  /// A fault that waits for a moment at which something is about to become durable.
  private void ambush() {
    ambush = this::fault;
  }

  @Override
  public void pending(SimNode node) {
    var waiting = ambush;
    if (waiting != null && faults && !undisturbed && time.chance(1, 4)) {
      ambush = null;
      time.within(
          0,
          600,
          () -> {
            if (faults && !undisturbed) {
              waiting.run();
            }
          });
    }
  }

  private void fault() {
    faultCount++;
    if (hangs && time.chance(1, 4)) {
      var node = nodes[time.random().nextInt(2)];
      if (node.alive() && !nodes[1 - node.index].disk.hangs()) {
        hang(node);
      }
      return;
    }
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
          int unit = time.random().nextInt(units);
          transcriptAdd(node, () -> "unit " + unit + " cannot be read any more");
          node.disk.spoil(unit);
          diskTrouble = true;
        }
      }
      case 9 -> {
        var node = nodes[time.random().nextInt(2)];
        var troubles = SimDisk.Trouble.values();
        diskTrouble = true;
        node.disk.trouble(troubles[1 + time.random().nextInt(troubles.length - 1)]);
        transcriptAdd(node, () -> "disk trouble: " + node.disk.trouble());
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
    transcriptAdd(node, () -> "a flush fails");
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
    waiting.get(node.index).clear();
    node.stop(powerCut);
    forceRule.crashed(node);
    wasPrimary[node.index] = false;
    if (node.disk.hangs()) {
      node.disk.unhang(); // reset with its machine
      lastHang[node.index] = time.nowMicros();
    }
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
    for (int unit = 0; unit < units; unit++) {
      if (nodes[0].disk.visible()[unit] == nodes[1].disk.visible()[unit]) {
        continue;
      }
      long offset = (long) unit * SimDisk.UNIT_BYTES;
      int extent = (int) (offset / extentBytes);
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
    if (primary(nodes[0]) == primary(nodes[1])) {
      throw new Violation("liveness", "not one serves: " + nodes[0].core + " " + nodes[1].core);
    }
    if (!nodes[0].disk.sameContent(nodes[1].disk)) {
      throw new Violation("R7", "complete, but the copies differ");
    }
    for (int unit = 0; unit < units; unit++) {
      oracle.check("R1", unit, nodes[0].disk.visible()[unit], time.nowMicros());
    }
  }

  private void transcriptAdd(SimNode node, Supplier<String> what) {
    if (transcript.kept()) {
      transcript.add(node.name, what.get());
    }
  }
}
