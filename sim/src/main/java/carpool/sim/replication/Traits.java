package carpool.sim.replication;

import carpool.replicator.core.ReplicationMode;
import carpool.sim.VirtualTime;
import java.util.List;

/// What a world is like, drawn once from its seed.
///
/// @param partitioned both nodes may be promoted
/// @param unitBytes what a unit of the content stands for: clients write whole units
/// @param units length of each node's device; not always a whole number of blocks
/// @param extentBytes power of two
/// @param clients connections to each node
/// @param sparse clients ask rarely
/// @param slowDisk the node whose disk is slow; -1: neither
/// @param hangs disks hang at times
/// @param forces an operator promotes by force
/// @param reloads the settings change at times
/// @param syncRate bytes a second
/// @param start the two disks as they are at first
record Traits(
    boolean partitioned,
    int unitBytes,
    List<Integer> units,
    int extentBytes,
    int clients,
    boolean sparse,
    int slowDisk,
    boolean slowLink,
    boolean slowJournal,
    boolean hangs,
    boolean forces,
    boolean reloads,
    ReplicationMode mode,
    long syncRate,
    Start start) {

  private static final boolean FORCES =
      Boolean.parseBoolean(System.getProperty("carpool.sim.force", "true"));

  private static final int SECTOR = 512;

  /// The two disks at first.
  enum Start {
    NEW,
    /// A pair that hastd made: equal, or one side wrote without the other.
    HASTD,
    /// A pair with a long history, one side far ahead of the other.
    AGED,
    /// Two devices of different sizes.
    OTHER_SIZE,
    /// Two disks of different pairs.
    OTHER_PAIR;

    /// The two must never be made equal.
    boolean mismatch() {
      return this == OTHER_SIZE || this == OTHER_PAIR;
    }
  }

  static Traits draw(VirtualTime time) {
    boolean partitioned = time.chance(1, 4);
    int unitBytes = time.chance(1, 4) ? SECTOR : SimDisk.UNIT_BYTES;
    int units = units(time, unitBytes);
    var start =
        switch (time.random().nextInt(24)) {
          case 0, 1, 2 -> Start.HASTD;
          case 3, 4 -> Start.AGED;
          case 5 -> time.chance(1, 2) ? Start.OTHER_SIZE : Start.OTHER_PAIR;
          default -> Start.NEW;
        };
    int others = start == Start.OTHER_SIZE ? units + 1 + time.random().nextInt(40) : units;
    return new Traits(
        partitioned,
        unitBytes,
        time.chance(1, 2) ? List.of(units, others) : List.of(others, units),
        extentBytes(time, units * unitBytes),
        1 + time.random().nextInt(3),
        time.chance(1, 3),
        time.chance(1, 4) ? time.random().nextInt(2) : -1,
        time.chance(1, 4),
        time.chance(1, 4),
        time.chance(1, 4),
        !partitioned && !start.mismatch() && time.chance(1, 6) && FORCES,
        time.chance(1, 5),
        List.of(ReplicationMode.values()).get(time.random().nextInt(3)),
        time.chance(1, 4) ? 4 << 20 : Long.MAX_VALUE,
        start);
  }

  /// Whole blocks of 64 KiB or not.
  private static int units(VirtualTime time, int unitBytes) {
    if (unitBytes == SECTOR) {
      return time.chance(1, 3) ? 384 : 200 + time.random().nextInt(200);
    }
    return time.chance(1, 2) ? 160 : 100 + time.random().nextInt(80);
  }

  /// In many worlds the map has three to five sectors.
  private static int extentBytes(VirtualTime time, int dataBytes) {
    return switch (time.random().nextInt(8)) {
      case 0, 1 -> 128 << 10;
      case 2, 3 -> 64 << 10;
      case 4 -> 256 << 10;
      default -> Integer.highestOneBit(dataBytes / 9000);
    };
  }

  int dataBytes(int node) {
    return units.get(node) * unitBytes;
  }

  /// Marks that may stay: with small extents more, or most of the time would go into clearing them.
  int hotExtents() {
    return extents(0) > 4096 ? 500 : 2;
  }

  int extents(int node) {
    return (dataBytes(node) - 1) / extentBytes + 1;
  }

  /// Each may go its own way.
  boolean branches() {
    return partitioned || start.mismatch();
  }
}
