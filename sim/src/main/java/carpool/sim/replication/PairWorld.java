package carpool.sim.replication;

import carpool.replicator.core.ReplicationCore.Settings;
import carpool.replicator.core.ReplicationMode;
import carpool.sim.Transcript;
import carpool.sim.Violation;
import carpool.sim.VirtualTime;
import java.util.function.Supplier;

/// One run: a pair of nodes under faults (safety phase), then left alone until both copies are
/// equal (liveness phase). What the world is like is in [Traits], who acts in it are [Clients],
/// [Operator] and [Chaos], and what may be lost is known to [Watcher] and [Oracle].
public final class PairWorld implements SimHost {
  /// In ticks of 10 ms, longer than a chain of records on a slow disk.
  static final int TIMEOUT_TICKS_MAX = 6;

  /// What was written before the run began.
  static final long BEFORE_MICROS = -10;

  private static final long FAULT_PHASE_MICROS = 400_000;
  private static final long QUIET_PHASE_MICROS = 2_000_000;
  private static final long ROT_PHASE_MICROS = 1_000_000;

  /// So long clients work on in the quiet phase, mostly.
  private static final long QUIET_CLIENTS_MICROS = 60_000;

  /// How often somebody looks whether the pair has settled.
  private static final long LOOK_MICROS = 10_000;

  private static final long TICK_MICROS = 10_000;
  private static final int BLOCK_BYTES = 64 << 10;

  final VirtualTime time;
  final Transcript transcript;
  final Traits traits;
  final Oracle oracle;
  final SimLink link;
  final SimNode[] nodes;
  final Watcher watcher;
  final Clients clients;
  final Operator operator;
  final Chaos chaos;
  private final PlantedFault planted;
  private final ReplicationMode[] modes;
  private final int[] timeoutTicks = {TIMEOUT_TICKS_MAX, TIMEOUT_TICKS_MAX};
  private final long[] syncRates;

  /// Its disk was lost and replaced by a blank one, and the copies have not been equal since.
  final boolean[] replaced = {false, false};

  boolean diskTrouble;
  private boolean faults = true;
  private boolean mismatch;

  private PairWorld(long seed, PlantedFault planted, boolean keepTranscript) {
    this.planted = planted;
    time = new VirtualTime(seed);
    transcript = new Transcript(time, keepTranscript ? 20_000 : 0);
    traits = Traits.draw(time);
    mismatch = traits.start().mismatch();
    modes = new ReplicationMode[] {traits.mode(), traits.mode()};
    syncRates = new long[] {traits.syncRate(), traits.syncRate()};
    oracle = new Oracle(Math.max(traits.units().get(0), traits.units().get(1)));
    link = new SimLink(this);
    nodes =
        new SimNode[] {
          new SimNode(this, 0, "a", traits.units().get(0), traits.extents(0)),
          new SimNode(this, 1, "b", traits.units().get(1), traits.extents(1))
        };
    watcher = new Watcher(this);
    clients = new Clients(this);
    operator = new Operator(this);
    chaos = new Chaos(this);
    if (transcript.kept()) {
      transcript.add("---", traits.toString());
    }
    int newer = new Beginnings(time, traits, nodes, oracle).prepare();
    if (newer >= 0) {
      transcript.add("---", "newer: " + nodes[newer].name);
      watcher.aloneSince[newer] = BEFORE_MICROS;
    }
  }

  /// What a run came to.
  ///
  /// @param acknowledgedWrites writes that the clients were told are done
  /// @param faults crashes, power cuts, link cuts
  public record Outcome(int acknowledgedWrites, int faults) {}

  /// Runs one seed.
  ///
  /// @throws IllegalStateException when a checker found something; its message ends with the
  ///   transcript
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

  // ---------------------------------------------------------------------------------- the host

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
  public int unitBytes() {
    return traits.unitBytes();
  }

  @Override
  public boolean diskTrouble() {
    return diskTrouble;
  }

  @Override
  public Settings settings(String name) {
    int node = name.equals("a") ? 0 : 1;
    return new Settings(
        name,
        modes[node],
        true,
        (long) nodes[node].disk.units() * traits.unitBytes(),
        traits.extentBytes(),
        traits.hotExtents(),
        SimNode.CLIENT_SLOTS,
        SimNode.SYNC_SLOTS,
        SimNode.PEER_SLOTS,
        CHUNK_BYTES,
        name.equals("a") ? "b" : "a",
        4,
        planted == PlantedFault.WAITS_FOR_EVER ? Integer.MAX_VALUE : timeoutTicks[node]);
  }

  @Override
  public long syncRate(int node) {
    return syncRates[node];
  }

  @Override
  public long freshId() {
    return time.random().nextLong() | 2;
  }

  @Override
  public boolean memsync(int node) {
    return modes[node] == ReplicationMode.MEMSYNC;
  }

  ReplicationMode mode(int node) {
    return modes[node];
  }

  /// The settings of one node from now on.
  void configure(int node, ReplicationMode mode, int timeout, long rate) {
    modes[node] = mode;
    timeoutTicks[node] = timeout;
    syncRates[node] = rate;
  }

  @Override
  public boolean slowDisk(int node) {
    return traits.slowDisk() == node;
  }

  @Override
  public boolean slowJournal() {
    return traits.slowJournal();
  }

  @Override
  public boolean slowLink() {
    return traits.slowLink();
  }

  @Override
  public boolean handshakeFails() {
    return faults && time.chance(1, 10);
  }

  @Override
  public void pending(SimNode node, Moment moment) {
    if (faults) {
      chaos.pending(node, moment);
    }
  }

  @Override
  public void replicated(SimNode node, int slot) {
    clients.replicated(node, slot);
  }

  @Override
  public void disconnected(SimNode node) {
    checkDifferencesKnown();
  }

  @Override
  public void flushFailed(SimNode node) {
    watcher.flushFailed(node);
    log(node, () -> "a flush fails");
    node.disk.powerCut(time.random());
  }

  @Override
  public void copyLost(SimNode node) {
    watcher.copyLost(node);
  }

  @Override
  public void reach(SimNode node, Runnable event) {
    event.run();
    watcher.observe();
  }

  boolean faults() {
    return faults;
  }

  /// The two copies have nothing to do with each other.
  boolean mismatched() {
    return mismatch;
  }

  void log(SimNode node, Supplier<String> what) {
    if (transcript.kept()) {
      transcript.add(node.name, what.get());
    }
  }

  // ---------------------------------------------------------------------------------- the run

  private long faultPhase() {
    return traits.hangs() ? 3 * FAULT_PHASE_MICROS : FAULT_PHASE_MICROS;
  }

  private Outcome play() {
    nodes[0].start();
    nodes[1].start();
    link.dial();
    operator.start();
    clients.start();
    ticks();
    chaos.start();
    time.runUntil(faultPhase());
    calm();
    if (mismatch) {
      createAnew(nodes[time.random().nextInt(2)]);
    }
    // The copies have to become equal beside clients at work too; mostly that takes little time.
    time.runUntil(
        faultPhase() + (time.chance(1, 8) ? QUIET_PHASE_MICROS / 2 : QUIET_CLIENTS_MICROS));
    clients.stop();
    settle(faultPhase() + QUIET_PHASE_MICROS);
    checkConverged();
    rot();
    return new Outcome(clients.acknowledged, chaos.count);
  }

  /// Mends everything.
  private void calm() {
    faults = false;
    transcript.add("---", "no more faults");
    link.heal();
    for (var node : nodes) {
      node.disk.mend();
      if (node.disk.hangs()) {
        node.disk.unhang();
        chaos.lastHang[node.index] = time.nowMicros();
      }
      if (!node.alive()) {
        node.start();
      }
    }
  }

  /// An operator makes a disk of the pair out of one that was none.
  private void createAnew(SimNode node) {
    log(node, () -> "operator creates the disk anew, for the pair of the other");
    oracle.perhapsLostOf(node.index, BEFORE_MICROS);
    chaos.crash(node, false);
    int other = 1 - node.index;
    node.insert(new SimDisk(traits.units().get(other), traits.extents(other)));
    replaced[node.index] = true;
    mismatch = false;
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
    return watcher.bothInStep()
        && Watcher.primary(nodes[0]) != Watcher.primary(nodes[1])
        && clients.quiet()
        && !serving().running().syncProgress().verifying();
  }

  private SimNode serving() {
    return Watcher.primary(nodes[0]) ? nodes[0] : nodes[1];
  }

  private void ticks() {
    time.after(
        TICK_MICROS,
        () -> {
          for (var node : nodes) {
            if (node.alive()) {
              node.running().tick();
              node.running().pace(TICK_MICROS);
              node.running().checkInvariants();
            }
          }
          clients.checkAnswered(chaos.lastHang);
          watcher.observe();
          ticks();
        });
  }

  /// Changes blocks of the secondary behind its back: a verification finds exactly these, and the
  /// repair makes both copies equal again.
  private void rot() {
    var serving = serving();
    var disk = watcher.other(serving).disk;
    int blockUnits = BLOCK_BYTES / traits.unitBytes();
    var blocks = new java.util.TreeSet<Integer>();
    for (int i = 1 + time.random().nextInt(4); i > 0; i--) {
      int unit = time.random().nextInt(disk.units());
      disk.write(unit, new long[] {-i});
      blocks.add(unit / blockUnits);
    }
    serving.rotten = blocks.size();
    if (transcript.kept()) {
      transcript.add("---", "rot in blocks " + blocks);
    }
    var core = serving.running();
    core.stopVerify();
    core.orderVerify(true);
    settle(time.nowMicros() + ROT_PHASE_MICROS);
    long found = core.syncProgress().foundBytes();
    long rotten =
        blocks.stream()
            .mapToLong(block -> Math.min(blockUnits, disk.units() - block * blockUnits))
            .sum();
    if (found != rotten * traits.unitBytes() || core.syncProgress().verifying()) {
      throw new Violation(
          "verify", "found " + found + " bytes of " + blocks + ": " + core.syncProgress());
    }
    checkConverged();
  }

  // ---------------------------------------------------------------------------------- checkers

  /// R3: what differs is known to a living node, or marked on the disk of one that does not live: a
  /// living one goes by what it knows and not by its disk. Looked at after every end of a process
  /// and of a session, and when both copies have just become equal.
  void checkDifferencesKnown() {
    if (mismatch || WholeCopy.due(nodes[0].disk.identity(), nodes[1].disk.identity())) {
      return;
    }
    var ours = nodes[0].disk.visible();
    var theirs = nodes[1].disk.visible();
    for (int unit = 0; unit < ours.length; unit++) {
      if (ours[unit] != theirs[unit] && !known(unit)) {
        throw new Violation(
            "R3",
            "unit " + unit + " differs and nobody knows: " + nodes[0].core + " " + nodes[1].core);
      }
    }
  }

  private boolean known(int unit) {
    long offset = (long) unit * traits.unitBytes();
    int extent = (int) (offset / traits.extentBytes());
    for (var node : nodes) {
      if (node.alive()
          ? node.running().mayDiffer(offset, traits.unitBytes())
          : node.disk.marked(extent)) {
        return true;
      }
    }
    return false;
  }

  private void checkConverged() {
    for (var node : nodes) {
      if (!node.alive() || !node.running().complete()) {
        throw new Violation("liveness", "no end: " + nodes[0].core + " " + nodes[1].core);
      }
    }
    if (Watcher.primary(nodes[0]) == Watcher.primary(nodes[1])) {
      throw new Violation("liveness", "not one serves: " + nodes[0].core + " " + nodes[1].core);
    }
    if (!nodes[0].disk.sameContent(nodes[1].disk)) {
      throw new Violation("R7", "complete, but the copies differ");
    }
    for (int unit = 0; unit < nodes[0].disk.units(); unit++) {
      oracle.check("R1", unit, nodes[0].disk.visible()[unit], time.nowMicros());
    }
  }
}
