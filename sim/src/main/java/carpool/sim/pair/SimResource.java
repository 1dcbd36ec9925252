package carpool.sim.pair;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Phase;
import carpool.replicator.core.ReplicationCore.Settings;
import carpool.replicator.core.ReplicationMode;
import carpool.replicator.core.Role;
import carpool.sim.Transcript;
import carpool.sim.Violation;
import carpool.sim.VirtualTime;
import carpool.sim.replication.Oracle;
import carpool.sim.replication.SimDisk;
import carpool.sim.replication.SimHost;
import carpool.sim.replication.SimLink;
import carpool.sim.replication.SimNode;

/// One resource of the pool on both nodes, the link between them, and what its clients were told.
///
/// What a double failure may take is marked in the oracle, and nothing else:
///
/// - not flushed, and every node that had it lost its power or its disk (R2 asks for a flush);
/// - acknowledged by a node that was alone, and the other was promoted without it after neither of
///   the two networks could tell it of that (link and node failed one after the other);
/// - the branch that an operator gave up after a split brain.
final class SimResource implements SimHost {
  static final int UNITS = 48;
  private static final int EXTENT_BYTES = 64 << 10;
  private static final int DATA_BYTES = UNITS * SimDisk.UNIT_BYTES;

  /// Silence after which a peer is taken for dead.
  static final long DEAD_MICROS = 4_000_000;

  final String name;
  final WholePairWorld world;
  final PoolPair pool;
  final Oracle oracle = new Oracle(UNITS);
  private final SimLink link;
  private final SimNode[] nodes;
  private final boolean slowJournal;
  private final int slowDisk;
  private final long syncRate;

  /// Since when this node's clients were told things that the other does not have; -1: never.
  final long[] aloneSince = {-1, -1};

  private final boolean[] lostPower = {false, false};
  private boolean diskTrouble;

  /// Both were primary at a time and have not been equal since: each shows its own branch.
  boolean diverged;

  /// Both networks failed at a time, and the copies have not been equal since.
  boolean apartSinceEqual;

  /// The same, without what a node that stood still makes of it.
  private boolean severedSinceEqual;

  SimResource(PoolPair pool, int number) {
    this.pool = pool;
    this.world = pool.world;
    this.name = "disk" + (number + 1);
    var time = world.time;
    slowJournal = time.chance(1, 5);
    slowDisk = time.chance(1, 5) ? time.random().nextInt(2) : -1;
    syncRate = time.chance(1, 3) ? 64 << 10 : Long.MAX_VALUE;
    link = new SimLink(this);
    int extents = (DATA_BYTES - 1) / EXTENT_BYTES + 1;
    nodes =
        new SimNode[] {
          new SimNode(this, 0, "a." + (number + 1), UNITS, extents),
          new SimNode(this, 1, "b." + (number + 1), UNITS, extents)
        };
  }

  // ----- what the replication twin asks

  @Override
  public VirtualTime time() {
    return world.time;
  }

  @Override
  public Transcript transcript() {
    return world.transcript;
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
  public Settings settings(String node) {
    return new Settings(
        node,
        world.memsync ? ReplicationMode.MEMSYNC : ReplicationMode.FULLSYNC,
        true,
        DATA_BYTES,
        EXTENT_BYTES,
        2,
        6,
        3,
        24,
        SimHost.CHUNK_BYTES,
        node.startsWith("a") ? "b" : "a",
        4,
        20);
  }

  @Override
  public long freshId() {
    return world.time.random().nextLong() | 2;
  }

  @Override
  public long syncRate(int node) {
    return syncRate;
  }

  @Override
  public boolean memsync(int node) {
    return world.memsync;
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
    return false;
  }

  @Override
  public boolean diskTrouble() {
    return diskTrouble;
  }

  @Override
  public void reach(SimNode node, Runnable event) {
    world.nodes[node.index].replicator.reach(event);
  }

  @Override
  public long noticedWithinMicros(boolean silent) {
    return silent ? DEAD_MICROS : 50_000;
  }

  @Override
  public boolean asksForLeave() {
    return !world.bugs.contains(Bug.GOES_ON_WITHOUT_ASKING);
  }

  @Override
  public long leaveWithinMicros() {
    return 3_000_000;
  }

  @Override
  public long dialWithinMicros() {
    return 800_000;
  }

  @Override
  public void copyLost(SimNode node) {
    if (!heldElsewhere(node)) {
      oracle.perhapsLostUnflushed();
    }
  }

  @Override
  public void flushFailed(SimNode node) {
    var other = nodes[1 - node.index];
    if (other.alive() && other.running().servesFromPeer()) {
      oracle.perhapsLostUnflushedAndUnanswered();
    } else if (!heldElsewhere(node)) {
      oracle.perhapsLostUnflushed();
    }
    lostCache(node);
    world.log(node.name, "a flush fails");
    node.disk.powerCut(world.time.random());
  }

  // ----- what the clients were told

  boolean primary(int node) {
    return nodes[node].alive() && nodes[node].running().role() == Role.PRIMARY;
  }

  boolean complete() {
    return nodes[0].alive()
        && nodes[1].alive()
        && nodes[0].running().complete()
        && nodes[1].running().complete();
  }

  /// Both copies are equal but for what is being written just now.
  boolean synchronised() {
    return nodes[0].alive()
        && nodes[1].alive()
        && nodes[0].running().phase() == Phase.IN_STEP
        && nodes[1].running().phase() == Phase.IN_STEP
        && nodes[0].running().disk() == DiskState.UP_TO_DATE
        && nodes[1].running().disk() == DiskState.UP_TO_DATE;
  }

  String state() {
    return (nodes[0].alive() ? nodes[0].running() : "down")
        + " / "
        + (nodes[1].alive() ? nodes[1].running() : "down");
  }

  boolean splitBrain() {
    return (nodes[0].alive() && nodes[0].running().splitBrain())
        || (nodes[1].alive() && nodes[1].running().splitBrain());
  }

  void acknowledged(int node, Oracle.Write write) {
    oracle.acknowledged(write, world.time.nowMicros());
    var running = nodes[node];
    boolean alone = !running.alive() || running.running().phase() != Phase.IN_STEP;
    if (alone && aloneSince[node] < 0) {
      aloneSince[node] = write.startMicros;
    }
  }

  /// Called often: forgets allowances once both copies are equal again, and takes note of new ones.
  void look() {
    if (primary(0) && primary(1)) {
      diverged = true;
    }
    if (pool.apart()) {
      apartSinceEqual = true;
    }
    severedSinceEqual |= pool.severed();
    if (complete() && !(primary(0) && primary(1))) {
      aloneSince[0] = -1;
      aloneSince[1] = -1;
      lostPower[0] = false;
      lostPower[1] = false;
      diverged = false;
      if (!pool.apart()) {
        apartSinceEqual = false;
      }
      severedSinceEqual = pool.severed();
    }
    if (splitBrain() && !severedSinceEqual) {
      throw new Violation(
          "split brain", name + " has one, and both networks never failed at a time");
    }
  }

  /// A node got the role.
  void promoted(int node) {
    int other = 1 - node;
    boolean ahead = aloneSince[other] >= 0 && !nodes[node].running().phase().agreed();
    if (ahead && (apartSinceEqual || pool.apart())) {
      world.log(nodes[node].name, "promoted without what the other wrote alone: a double failure");
      oracle.perhapsLostOf(other, aloneSince[other]);
    }
  }

  private boolean heldElsewhere(SimNode node) {
    var other = nodes[1 - node.index];
    boolean follows = primary(other.index) && !primary(node.index) && aloneSince[node.index] < 0;
    return node.alive()
        && other.alive()
        && other.running().disk() == DiskState.UP_TO_DATE
        && (follows || node.running().complete() || node.running().servesFromPeer());
  }

  /// Called just before the node's process ends.
  void ending(int index, boolean powerCut) {
    var node = nodes[index];
    var other = nodes[1 - index];
    lostPower[index] |= powerCut;
    boolean indistinct =
        other.alive()
            && other.running().disk() == DiskState.FAILED
            && other.disk.generation() == node.disk.generation();
    // As in the replication world: received, answered, and perhaps not written when this node fell.
    boolean receivedOnly =
        world.memsync
            && node.holdsReceived()
            && other.alive()
            && other.running().disk() == DiskState.FAILED;
    if ((!heldElsewhere(node) && (lostPower[0] || lostPower[1])) || indistinct || receivedOnly) {
      oracle.perhapsLostUnflushed();
    }
    if (powerCut) {
      lostCache(node);
    }
  }

  /// What was only cached on this node is gone. In a time apart a flush covers one branch only, and
  /// that may be the one that is given up.
  private void lostCache(SimNode node) {
    boolean agreed = node.alive() && node.running().phase().agreed();
    if (apartSinceEqual && !agreed) {
      node.disk.forEachCached(oracle::perhapsLostContent);
    }
  }

  /// R3: what differs is marked on a disk, or known to a living node.
  void checkDifferencesKnown() {
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
        throw new Violation("R3", name + ": unit " + unit + " differs and nobody knows");
      }
    }
  }

  /// Every block is the same on both nodes.
  boolean sameContent() {
    return nodes[0].disk.sameContent(nodes[1].disk);
  }

  void checkContent() {
    if (!sameContent()) {
      throw new Violation("R7", name + " is complete, but the copies differ");
    }
    for (int unit = 0; unit < UNITS; unit++) {
      oracle.check("R1 " + name, unit, nodes[0].disk.visible()[unit], world.time.nowMicros());
    }
  }

  /// A disk of one node goes to pieces.
  void spoil(int node, SimDisk.Trouble trouble) {
    diskTrouble = true;
    nodes[node].disk.trouble(trouble);
    world.log(nodes[node].name, "disk trouble: " + trouble);
  }

  /// The operator, after a split brain: everything that only the loser was told is given up.
  void giveUpBranch(int loser) {
    world.log(nodes[loser].name, "operator: this side loses");
    nodes[1 - loser].running().standAsSurvivor();
    oracle.perhapsLostOf(loser, Math.max(0, aloneSince[loser]));
    nodes[loser].running().yieldToPeer();
  }
}
