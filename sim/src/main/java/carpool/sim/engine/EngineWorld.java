package carpool.sim.engine;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Identity;
import carpool.replicator.core.Phase;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.ReplicationCore.Settings;
import carpool.replicator.core.ReplicationMode;
import carpool.replicator.engine.AttachedProvider;
import carpool.replicator.engine.FailedCopies;
import carpool.replicator.engine.ResourceDevice;
import carpool.replicator.engine.ResourceEngine;
import carpool.replicator.engine.Slots;
import carpool.replicator.link.Checksum;
import carpool.replicator.link.Coding;
import carpool.replicator.link.Compression;
import carpool.replicator.offline.Provisioning;
import carpool.replicator.peer.session.PeerTimeouts;
import carpool.sim.Transcript;
import carpool.sim.Violation;
import carpool.sim.VirtualTime;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/// One run of two nodes with the product's own engine, provider, link and session, over simulated
/// system calls and sockets: faults for a while (safety), then none until both copies are equal
/// (liveness), then a power cut of both.
///
/// Whoever promotes knows what CARP and the orchestrator would know; split brains belong to
/// [carpool.sim.replication.PairWorld].
public final class EngineWorld {
  private static final long SECOND = 1_000_000;
  private static final long FAULT_PHASE_MICROS = 35 * SECOND;

  /// Clients go on for so long when nothing fails any more.
  private static final long CLIENTS_MICROS = 8 * SECOND;

  /// Both copies are in sync, and all requests answered, so long after the last fault at most.
  private static final long QUIET_MICROS = 60 * SECOND;

  private static final int TIMEOUT_SECONDS = 6;
  private static final int SECTOR = SimDisk.SECTOR_BYTES;
  private static final byte[] ZEROES = new byte[SECTOR];

  private final VirtualTime time;
  private final Turns turns;
  private final Transcript transcript;
  private final SimNetwork network;
  private final EngineNode[] nodes;
  private final History history;
  private final Windows windows;
  private final WorldFaults chaos;
  private final Path stateDir;
  private final Buffers buffers = new Buffers();

  private final ReplicationMode mode;
  private final long dataBytes;
  private final long extentBytes;
  private final int hotExtents;
  private final Coding coding;
  private final long syncRate;
  private final boolean blockDevice;
  private final boolean fallocateWorks;
  private final boolean awkward;
  private final int clientGap;

  private final boolean[] blank = {true, true};

  /// The disk is a new one and was never in sync.
  private final boolean[] fresh = {false, false};

  /// The node lost what it had not flushed since both were last in sync.
  private final boolean[] lossy = {false, false};

  /// The disk took less than the node knows, or is just being told.
  private final boolean[] latent = {false, false};

  /// The process was told that a change failed, and the copy was not made good since.
  private final boolean[] told = {false, false};

  private final long[] aloneSince = {-1, -1};
  private boolean clientsRun = true;
  private boolean diverged;
  private int acknowledged;
  private int forced;
  private int refusals;

  static {
    // What the product reports of disks and connections that fail is in the transcript.
    if (LoggerFactory.getLogger("carpool.replicator") instanceof Logger logger) {
      logger.setLevel(Level.OFF);
    }
  }

  EngineWorld(long seed, boolean keepTranscript, Path stateDir) {
    this.stateDir = stateDir;
    time = new VirtualTime(seed);
    turns = new Turns(time, keepTranscript);
    transcript = new Transcript(time, keepTranscript ? 6000 : 0);
    var random = time.random();
    mode =
        List.of(
                ReplicationMode.FULLSYNC,
                ReplicationMode.FULLSYNC,
                ReplicationMode.MEMSYNC,
                ReplicationMode.ASYNC)
            .get(random.nextInt(4));
    boolean large = time.chance(1, 5);
    long sectors = large ? 34_000 + random.nextInt(20_000) : 600 + random.nextInt(1200);
    dataBytes = sectors * SECTOR;
    // Half of the large devices have an activemap of several sectors.
    int exponent = large && time.chance(1, 2) ? 9 + random.nextInt(3) : 12 + random.nextInt(6);
    extentBytes = 1L << exponent;
    hotExtents = 1 << random.nextInt(7);
    windows = large ? new Windows(sectors, 5, 150) : new Windows(sectors, 1, (int) sectors);
    history = new History(windows.sectors());
    network = new SimNetwork(this);
    network.slow(time.chance(1, 4));
    var checksum =
        List.of(Checksum.NONE, Checksum.CRC32C, Checksum.CRC32, Checksum.CRC32C)
            .get(random.nextInt(4));
    network.corrupts(checksum != Checksum.NONE && time.chance(1, 4));
    var packing =
        switch (random.nextInt(8)) {
          case 0 -> Compression.LZF;
          case 1, 2 -> Compression.LZ4;
          case 3, 4, 5 -> Compression.HOLE;
          default -> Compression.NONE;
        };
    coding = new Coding(checksum, packing, checksum);
    syncRate = time.chance(1, 4) ? 1 << 20 : Long.MAX_VALUE;
    blockDevice = !large && time.chance(1, 3);
    fallocateWorks = large || time.chance(4, 5);
    awkward = time.chance(1, 2);
    clientGap = 150_000 << random.nextInt(4);
    nodes = new EngineNode[] {node(0, "a"), node(1, "b")};
    for (var node : nodes) {
      node.machine.slow(time.chance(1, 8));
    }
    chaos = new WorldFaults(this);
    transcript.add(
        "---",
        mode
            + " "
            + sectors
            + " sectors, extents of "
            + extentBytes
            + ", "
            + coding
            + (blockDevice ? ", block device" : ", file"));
  }

  private EngineNode node(int index, String name) {
    var machine = new SimMachine(this, newDisk());
    return new EngineNode(this, index, name, machine, new FailedCopies(stateDir.resolve(name)));
  }

  SimDisk newDisk() {
    return new SimDisk(dataBytes + (1 << 20));
  }

  /// What a run came to.
  ///
  /// @param acknowledgedWrites writes that clients were told are done
  /// @param faults of all kinds
  /// @param forced 1 when two failures left no copy that may be served, and an operator forced one
  public record Outcome(int acknowledgedWrites, int faults, int forced) {}

  /// Runs one seed.
  ///
  /// @throws IllegalStateException when a checker found something; its message ends with the
  ///   transcript
  public static Outcome run(long seed) {
    try {
      return play(seed, /* keepTranscript= */ false, null);
    } catch (RuntimeException | Error first) {
      // Once more, word for word the same, with the transcript.
      var lines = new Transcript[1];
      try {
        play(seed, /* keepTranscript= */ true, lines);
      } catch (RuntimeException | Error second) {
        throw new IllegalStateException(
            "seed " + seed + ": " + second.getMessage() + "\n" + lines[0] + trace(second), second);
      }
      throw new IllegalStateException(
          "seed " + seed + " failed once and not again: " + first.getMessage(), first);
    }
  }

  /// Where a process failed; of a broken rule the transcript says enough.
  private static String trace(Throwable broken) {
    if (broken instanceof Violation) {
      return "";
    }
    var text = new StringWriter();
    broken.printStackTrace(new PrintWriter(text));
    return "\n" + text;
  }

  private static Outcome play(long seed, boolean keepTranscript, Transcript @Nullable [] lines) {
    try {
      var directory = Files.createTempDirectory("carpool-sim");
      try {
        var world = new EngineWorld(seed, keepTranscript, directory);
        if (lines != null) {
          lines[0] = world.transcript;
        }
        try {
          return world.play();
        } finally {
          for (var node : world.nodes) {
            node.end(/* powerCut= */ true);
          }
          world.buffers.end();
        }
      } finally {
        delete(directory);
      }
    } catch (IOException e) {
      throw new IllegalStateException("no directory for the notes of failed copies", e);
    }
  }

  private static void delete(Path directory) throws IOException {
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException problem)
              throws IOException {
            Files.delete(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  // ----- what the others ask

  VirtualTime time() {
    return time;
  }

  Turns turns() {
    return turns;
  }

  Transcript transcript() {
    return transcript;
  }

  Buffers buffers() {
    return buffers;
  }

  SimNetwork network() {
    return network;
  }

  EngineNode node(int index) {
    return nodes[index];
  }

  History history() {
    return history;
  }

  Windows windows() {
    return windows;
  }

  boolean memsync() {
    return mode == ReplicationMode.MEMSYNC;
  }

  Coding coding() {
    return coding;
  }

  long syncRate() {
    return syncRate;
  }

  boolean blockDevice() {
    return blockDevice;
  }

  boolean fallocateWorks() {
    return fallocateWorks;
  }

  /// System calls are interrupted and answer short.
  boolean awkward() {
    return awkward;
  }

  boolean clientsRun() {
    return clientsRun;
  }

  long clientGapMicros() {
    return time.random().nextInt(2 * clientGap);
  }

  PeerTimeouts timeouts() {
    return new PeerTimeouts(SECOND * 1000, 3 * SECOND * 1000);
  }

  Settings settings(String name, AttachedProvider disk) {
    var metadata = disk.metadata();
    return new Settings(
        name,
        mode,
        true,
        metadata.dataSizeBytes(),
        metadata.extentSizeBytes(),
        hotExtents,
        ResourceEngine.CLIENT_SLOTS,
        ResourceEngine.SYNC_SLOTS,
        ResourceEngine.PEER_SLOTS,
        Slots.BYTES,
        name.equals("a") ? "b" : "a",
        4,
        TIMEOUT_SECONDS);
  }

  Provisioning.Options layout() {
    return new Provisioning.Options(extentBytes, 0, 0, dataBytes, Provisioning.Overwrite.ANYTHING);
  }

  boolean blank(EngineNode node) {
    return blank[node.index];
  }

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
      turns.fail(new Violation("lost writes", node + " passes for a good copy"));
    }
    startedAfterTold[node.index] |= told[node.index];
  }

  Clients clients(EngineNode node, SimProcess process, ResourceDevice device) {
    return new Clients(this, node, process, device);
  }

  // ----- what happens

  private EngineNode of(SimMachine machine) {
    return nodes[0].machine == machine ? nodes[0] : nodes[1];
  }

  EngineNode other(EngineNode node) {
    return nodes[1 - node.index];
  }

  void failStop(SimProcess process, String reason, Throwable cause) {
    turns.fail(new IllegalStateException("fail-stop of " + process + ": " + reason, cause));
  }

  void acknowledged(EngineNode node, History.Write write) {
    acknowledged++;
    if (node.ask(ReplicationCore::phase, Phase.APART) != Phase.IN_STEP) {
      if (aloneSince[node.index] < 0) {
        aloneSince[node.index] = write.startMicros;
      }
      if (mode == ReplicationMode.ASYNC) {
        aloneSince[node.index] = 0;
      }
    }
    if (transcript.kept()) {
      node.log("client was told that " + write.id + " is done");
    }
  }

  List<History.Write> flushCovers(EngineNode node) {
    var covered = history.unflushed();
    return diverged ? covered.stream().filter(write -> write.node == node.index).toList() : covered;
  }

  void checkRead(EngineNode node, int sector, long content, long place, long startMicros) {
    if (diverged) {
      return;
    }
    boolean inPlace = place == (content == 0 ? 0 : windows.onDevice(sector) * SECTOR);
    if (inPlace && history.allowed(sector, content, startMicros)) {
      return;
    }
    try {
      history.check("R6 read on " + node.name, sector, content, startMicros);
      throw new Violation("R6", "sector " + sector + " holds what belongs to byte " + place);
    } catch (Violation e) {
      turns.fail(e);
    }
  }

  /// A change of the disk fails: the copy counts for nothing from now on.
  void changeRefused(SimMachine machine, SimProcess process) {
    var node = of(machine);
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
  void told(SimMachine machine) {
    told[of(machine).index] = true;
  }

  /// The disk of a node drops what it was to write back.
  void losesWriteBack(SimMachine machine) {
    var node = of(machine);
    node.log("the disk loses what it was to write back");
    mayLose(node);
    machine.disk().loseWriteBack(time.random());
    if (time.chance(1, 2)) {
      time.within(SECOND / 2, 3 * SECOND, () -> evict(node, machine.disk()));
    }
  }

  /// Pages that were never written are read in again, when the process knows of the error.
  private void evict(EngineNode node, SimDisk disk) {
    if (told[node.index] && disk == node.machine.disk()) {
      disk.evictLost();
    }
  }

  private void mayLose(EngineNode node) {
    var other = other(node);
    if (other.ask(ReplicationCore::servesFromPeer, false)) {
      history.perhapsLostUnflushedAndUnanswered();
    } else if (!heldElsewhere(node)) {
      history.perhapsLostUnflushed();
    }
    if (mode == ReplicationMode.ASYNC) {
      history.perhapsLostOf(node.index, 0);
    }
    lossy[node.index] = true;
    latent[node.index] = true;
  }

  /// True when the other node surely has whatever this one acknowledged.
  boolean heldElsewhere(EngineNode node) {
    var other = other(node);
    boolean follows = other.primary() && !node.primary() && aloneSince[node.index] < 0;
    return node.engine() != null
        && other.disk() == DiskState.UP_TO_DATE
        && !latent[other.index]
        && (follows
            || node.ask(ReplicationCore::complete, false)
            || node.ask(ReplicationCore::servesFromPeer, false));
  }

  boolean bothInStep() {
    return nodes[0].ask(ReplicationCore::complete, false)
        && nodes[1].ask(ReplicationCore::complete, false);
  }

  void noteInStep() {
    for (var node : nodes) {
      // What was lost was copied again since, and the process has found or just records its disk
      // good.
      boolean good =
          node.disk() == DiskState.UP_TO_DATE
              || node.ask(ReplicationCore::phase, Phase.APART) == Phase.ADOPTING;
      if (good && startedAfterTold[node.index]) {
        told[node.index] = false;
        latent[node.index] = false;
        startedAfterTold[node.index] = false;
      }
    }
    if (!bothInStep()) {
      return;
    }
    if (!(nodes[0].primary() && nodes[1].primary())) {
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

  /// The process was started after it was told; before, a report may be on its way to the core.
  private final boolean[] startedAfterTold = {false, false};

  /// The disk is gone for good, with all that was on it.
  void died(EngineNode node) {
    mayLose(node);
    aloneSince[node.index] = -1;
  }

  /// A flush is under way: a good moment for a fault.
  void pending() {
    chaos.pending();
  }

  void crash(EngineNode node, boolean powerCut) {
    if (!node.up()) {
      return;
    }
    noteInStep();
    node.log(powerCut ? "power cut" : "killed");
    boolean elsewhere = heldElsewhere(node);
    lossy[node.index] |= powerCut;
    var other = other(node);
    boolean otherFailed = other.disk() == DiskState.FAILED || latent[other.index];
    // The other's disk failed, and this node has not recorded that it has the only copy; or in
    // memsync it has not written yet what it has received.
    boolean indistinct =
        otherFailed && (mode == ReplicationMode.MEMSYNC || generation(other) == generation(node));
    if ((!elsewhere && (lossy[0] || lossy[1])) || indistinct) {
      history.perhapsLostUnflushedAndUnanswered();
    }
    if (mode == ReplicationMode.ASYNC) {
      history.perhapsLostOf(node.index, 0);
    }
    var clients = node.clients();
    if (clients != null) {
      clients.gone();
    }
    node.end(powerCut);
    if (powerCut) {
      node.machine.powerCut(bigSectors ? dataOffset() : 0);
    }
    startedAfterTold[node.index] = told[node.index];
    time.within(
        SECOND / 5,
        8 * SECOND,
        () -> {
          if (!node.up()) {
            restart(node);
          }
        });
  }

  private boolean bigSectors;

  private static long generation(EngineNode node) {
    var engine = node.engine();
    return engine == null ? -1 : engine.disk().metadata().identity().generation();
  }

  void restart(EngineNode node) {
    if (node.machine.trouble() == SimMachine.Trouble.DEAD) {
      node.log("the disk is replaced");
      node.machine.replaceDisk(newDisk());
      blank[node.index] = true;
      fresh[node.index] = true;
    }
    node.machine.mend();
    if (!told[node.index] && !node.machine.disk().unreported()) {
      latent[node.index] = false; // cut off before it was told: like any other power cut
    }
    node.start();
  }

  // ----- the run

  private long dataOffset() {
    for (var node : nodes) {
      var engine = node.engine();
      if (engine != null) {
        return engine.disk().metadata().offsetBytes();
      }
    }
    return 0;
  }

  private Outcome play() {
    bigSectors = time.chance(1, 2);
    nodes[0].start();
    nodes[1].start();
    control();
    chaos.begin();
    turns.run(FAULT_PHASE_MICROS);
    chaos.end();
    turns.run(FAULT_PHASE_MICROS + CLIENTS_MICROS);
    clientsRun = false;
    while (!settled() && time.nowMicros() < FAULT_PHASE_MICROS + QUIET_MICROS) {
      turns.run(time.nowMicros() + SECOND);
    }
    checkConverged();
    lastPowerCut();
    return new Outcome(acknowledged, chaos.count(), forced);
  }

  private void control() {
    time.within(
        SECOND / 5,
        2 * SECOND,
        () -> {
          noteInStep();
          operate();
          observe();
          control();
        });
  }

  private void observe() {
    diverged |= nodes[0].primary() && nodes[1].primary() && !chaos.undisturbed();
  }

  private void operate() {
    for (var node : nodes) {
      if (node.ask(ReplicationCore::fenced, false) && !node.rolePending()) {
        node.log("orchestrator gives up");
        node.demote(() -> {});
        return;
      }
    }
    for (var node : nodes) {
      if (node.disk() == DiskState.FAILED) {
        replaceDisk(node);
        return;
      }
    }
    resolveSplitBrain();
    boolean first = serves(nodes[0]);
    boolean second = serves(nodes[1]);
    if (first || second) {
      refusals = 0;
      var serving = first ? nodes[0] : nodes[1];
      var other = other(serving);
      if (other.engine() != null
          && !other.frozen()
          && !other.ask(ReplicationCore::phase, Phase.APART).agreed()
          && !network.up()) {
        other.step("outdated", ReplicationCore::markOutdated);
      }
      if (!(first && second) && chaos.running() && time.chance(1, 25)) {
        serving.log("operator demotes");
        serving.demote(() -> {});
      }
      return;
    }
    promote(nodes[time.random().nextInt(2)]);
  }

  /// The node is primary and runs.
  private static boolean serves(EngineNode node) {
    return node.primary() && !node.frozen();
  }

  /// A node with a failed disk gives its role up before long; then it is started again.
  private void replaceDisk(EngineNode node) {
    if (chaos.running() && time.chance(1, 2)) {
      return;
    }
    if (node.primary()) {
      if (!node.rolePending()) {
        node.log("orchestrator gives up: the disk failed");
        node.demote(() -> {});
      }
    } else if (!node.rolePending()) {
      node.log("operator starts the node again");
      crash(node, false);
    }
  }

  private void promote(EngineNode node) {
    var other = other(node);
    if (node.engine() == null || node.frozen() || node.rolePending() || fresh[node.index]) {
      return;
    }
    boolean together =
        node.ask(ReplicationCore::phase, Phase.APART).agreed()
            && other.ask(ReplicationCore::phase, Phase.APART).agreed();
    boolean otherAhead = aloneSince[other.index] >= 0 && !together;
    if (other.rolePending() || otherAhead) {
      return;
    }
    if (mode == ReplicationMode.ASYNC && !together) {
      history.perhapsLostOf(other.index, 0);
    }
    node.log("operator promotes");
    node.promote(
        false,
        verdict -> {
          node.log("promotion: " + verdict);
          if (verdict != Verdict.ALLOWED && ++refusals > 12 && !chaos.running()) {
            force(node, verdict);
          }
        });
  }

  /// Two failures left no copy that may be served.
  private void force(EngineNode node, Verdict verdict) {
    if (forced == 0 && verdict.forceable()) {
      node.log("operator forces");
      forced = 1;
      diverged = true;
      history.perhapsLostAll();
      time.after(1, () -> node.promote(true, now -> node.log("forced: " + now)));
    }
  }

  private void resolveSplitBrain() {
    if (!nodes[0].ask(ReplicationCore::splitBrain, false)
        || !nodes[1].ask(ReplicationCore::splitBrain, false)) {
      return;
    }
    var loser = nodes[time.random().nextInt(2)];
    if (other(loser).disk() == DiskState.INCONSISTENT) {
      loser = other(loser);
    }
    var givesUp = loser;
    givesUp.log("operator: this side loses");
    history.perhapsLostOf(
        givesUp.index, mode == ReplicationMode.ASYNC ? 0 : Math.max(0, aloneSince[givesUp.index]));
    other(givesUp).step("survivor", ReplicationCore::standAsSurvivor);
    givesUp.demote(() -> givesUp.step("yields", ReplicationCore::yieldToPeer));
  }

  // ----- checkers

  /// Both copies are in sync and nobody waits for anything.
  private boolean settled() {
    for (var node : nodes) {
      var clients = node.clients();
      if (node.rolePending()
          || (clients != null && !clients.waiting().isEmpty())
          || node.ask(ReplicationCore::activeWrites, 1) > 0) {
        return false;
      }
    }
    return bothInStep();
  }

  private void checkConverged() {
    for (var node : nodes) {
      if (!node.ask(ReplicationCore::complete, false)) {
        throw new Violation("liveness", "no end: " + nodes[0] + " " + nodes[1] + turns.waiting());
      }
      var clients = node.clients();
      if (clients != null) {
        for (var request : clients.waiting()) {
          throw new Violation(
              "deadline", request + " of " + node + " is not answered" + turns.waiting());
        }
      }
    }
    var device = dataOffset() / SECTOR;
    for (long sector = device; sector < device + dataBytes / SECTOR; sector++) {
      var here = nodes[0].machine.disk().visible(sector);
      var there = nodes[1].machine.disk().visible(sector);
      if (!same(here, there)) {
        throw new Violation("R7", "complete, but sector " + (sector - device) + " differs");
      }
    }
    for (int i = 0; i < windows.sectors(); i++) {
      checkSector("R1", i, nodes[0].machine.disk().visible(device + windows.onDevice(i)));
    }
  }

  /// Byte by byte; a hole is as good as zeroes.
  private static boolean same(byte[] here, byte[] there) {
    return Arrays.equals(here.length == 0 ? ZEROES : here, there.length == 0 ? ZEROES : there);
  }

  private void checkSector(String rule, int sector, byte[] bytes) {
    long content = 0;
    long place = 0;
    if (bytes.length > 0) {
      var buffer = java.nio.ByteBuffer.wrap(bytes);
      content = buffer.getLong(0);
      place = buffer.getLong(8);
    }
    history.check(rule, sector, content, time.nowMicros());
    if (place != (content == 0 ? 0 : windows.onDevice(sector) * SECTOR)) {
      throw new Violation(rule, "sector " + sector + " holds what belongs to byte " + place);
    }
  }

  /// One last flush, and both lose their power: all of it is there.
  private void lastPowerCut() {
    for (var node : nodes) {
      var clients = node.clients();
      if (clients != null && node.primary()) {
        clients.flushOnce();
      }
    }
    turns.run(time.nowMicros() + 10 * SECOND);
    long device = dataOffset() / SECTOR;
    if (!nodes[0].primary() && !nodes[1].primary()) {
      return;
    }
    for (var node : nodes) {
      if (mode == ReplicationMode.ASYNC && !node.primary()) {
        continue;
      }
      node.machine.powerCut(0);
      for (int i = 0; i < windows.sectors(); i++) {
        checkSector(
            "R2 on " + node.name, i, node.machine.disk().durable(device + windows.onDevice(i)));
      }
    }
  }
}
