package carpool.replicator.core;

import org.jspecify.annotations.Nullable;

/// HAST's dirty bitmap: one bit per extent, set on the disk before a write to the extent starts,
/// and cleared only when both copies have flushed what was written (R3).
///
/// A set bit costs a resynchronisation of the extent after a crash; setting one costs a durable
/// write. So a bit stays set while its extent is in use: bits beyond `hotMax` are given up by
/// second chance (a clock hand over the set bits), together with the next write of the map, which
/// is due anyway.
///
/// On disk: bit n of the map is bit n mod 8, lowest first, of byte n / 8 (hast.md 1.4). The map is
/// written in whole sectors, only those that changed (W29).
final class Activemap {
  /// Sectors are written whole; 512 bytes hold 4096 extents.
  static final int SECTOR_BYTES = 512;

  private static final int SECTOR_EXTENTS = SECTOR_BYTES * 8;

  /// The hand passes at most so many bits before a write of the map. Several times what the slots
  /// of all clients can mark between two writes, so it keeps up; a map with millions of bits, that
  /// of a primary without its peer, costs a write no more than a small one.
  private static final int HAND_STEPS = 1024;

  private final int extentShift;
  private final long hotMax;

  /// What the disk holds, or will hold when the map writes asked for are done.
  private final BlockSet marked;

  /// Marked, but not yet known to be durable.
  private final BlockSet undurable;

  /// Touched since the clock hand passed.
  private final BlockSet referenced;

  private final BlockSet changedSectors;
  private long hand;

  /// One map write is under way at most; its token, or 0.
  private long writing;

  private long lastToken;

  /// Extents that become durable with the write under way.
  private @Nullable BlockSet writingExtents;

  /// An empty map.
  ///
  /// @param dataSizeBytes bytes of the device, at least 1
  /// @param extentSizeBytes power of two
  /// @param hotMax how many bits may stay set for extents that are merely warm, at least 1
  Activemap(long dataSizeBytes, long extentSizeBytes, long hotMax) {
    this.extentShift = Long.numberOfTrailingZeros(extentSizeBytes);
    this.hotMax = hotMax;
    long extents = ((dataSizeBytes - 1) >>> extentShift) + 1;
    marked = new BlockSet(extents);
    undurable = new BlockSet(extents);
    referenced = new BlockSet(extents);
    changedSectors = new BlockSet((extents + SECTOR_EXTENTS - 1) / SECTOR_EXTENTS);
  }

  /// Takes over what the disk said at start.
  void load(BlockSet onDisk) {
    marked.addAll(onDisk);
  }

  /// Extents marked now, durable or about to be.
  BlockSet marked() {
    return marked;
  }

  long extentOf(long offsetBytes) {
    return offsetBytes >>> extentShift;
  }

  /// Marks the extents of a write. True when it may start at once, false when it has to wait until
  /// [#durable] says so.
  boolean mark(long offsetBytes, long lengthBytes) {
    long first = extentOf(offsetBytes);
    long end = extentOf(offsetBytes + lengthBytes - 1) + 1;
    referenced.addRange(first, end);
    for (long gap = marked.runEnd(first, end); gap < end; ) {
      long next = marked.next(gap);
      long gapEnd = next < 0 ? end : Math.min(next, end);
      marked.addRange(gap, gapEnd);
      undurable.addRange(gap, gapEnd);
      changedSectors.addRange(gap / SECTOR_EXTENTS, (gapEnd - 1) / SECTOR_EXTENTS + 1);
      gap = marked.runEnd(gapEnd, end);
    }
    return !undurable.intersects(first, end);
  }

  /// True when every extent of the range is marked durably.
  boolean durable(long offsetBytes, long lengthBytes) {
    return !undurable.intersects(
        extentOf(offsetBytes), extentOf(offsetBytes + lengthBytes - 1) + 1);
  }

  /// True when marks are not durable yet.
  boolean undurableLeft() {
    return !undurable.isEmpty();
  }

  /// True when the map on the disk is to be written and no write is under way.
  boolean writeDue() {
    return writing == 0 && !changedSectors.isEmpty();
  }

  /// Clears bits that are no longer needed: all that `needed` denies when `all`, else only cold
  /// ones beyond `hotMax`, as far as the hand gets.
  void clean(Needed needed, boolean all) {
    long surplus = all ? marked.count() : marked.count() - hotMax;
    // Two turns of the hand at most: the first takes the second chances away.
    long turns = 2 * marked.count();
    for (long seen = all ? turns : Math.min(turns, HAND_STEPS); surplus > 0 && seen > 0; ) {
      long extent = marked.next(hand);
      if (extent < 0) {
        extent = marked.next(0);
      }
      boolean stays = needed.test(extent);
      long end = marked.runEnd(extent, Math.min(needed.runEnd(), extent + seen));
      if (!stays) {
        surplus -= all ? clearRun(extent, end) : clearCold(extent, end, surplus);
        end = hand;
      } else if (!all) {
        referenced.removeRange(extent, end);
      }
      hand = end;
      seen -= end - extent;
    }
  }

  /// Clears marks that nobody needs; returns how many.
  private long clearRun(long start, long end) {
    hand = end;
    if (undurable.intersects(start, end)) {
      long cleared = 0;
      for (long extent = start; extent < end; extent++) {
        cleared += clear(extent) ? 1 : 0;
      }
      return cleared;
    }
    marked.removeRange(start, end);
    referenced.removeRange(start, end);
    changedSectors.addRange(start / SECTOR_EXTENTS, (end - 1) / SECTOR_EXTENTS + 1);
    return end - start;
  }

  /// Gives those a second chance that were touched, and clears the others; returns how many.
  private long clearCold(long start, long end, long most) {
    long cleared = 0;
    for (hand = start; hand < end && cleared < most; hand++) {
      cleared += !referenced.remove(hand) && clear(hand) ? 1 : 0;
    }
    return cleared;
  }

  /// Clears a mark, if it is durable; true when it was.
  private boolean clear(long extent) {
    if (undurable.contains(extent)) {
      return false;
    }
    marked.remove(extent);
    referenced.remove(extent);
    changedSectors.add(extent / SECTOR_EXTENTS);
    return true;
  }

  /// Starts a write of all changed sectors and returns its token (> 0).
  long startWrite(MapWriter writer) {
    writing = ++lastToken;
    writingExtents = undurable.copy();
    for (long first = changedSectors.next(0); first >= 0; ) {
      long end = changedSectors.runEnd(first, changedSectors.size());
      writer.sectors(first * SECTOR_BYTES, image(first, end));
      first = changedSectors.next(end);
    }
    changedSectors.clear();
    return writing;
  }

  private byte[] image(long firstSector, long endSector) {
    var bytes = new byte[Math.toIntExact((endSector - firstSector) * SECTOR_BYTES)];
    long firstExtent = firstSector * SECTOR_EXTENTS;
    long endExtent = Math.min(endSector * SECTOR_EXTENTS, marked.size());
    for (long extent = marked.next(firstExtent); extent >= 0 && extent < endExtent; ) {
      long end = marked.runEnd(extent, endExtent);
      setBits(bytes, (int) (extent - firstExtent), (int) (end - firstExtent));
      extent = marked.next(end);
    }
    return bytes;
  }

  private static void setBits(byte[] bytes, int from, int to) {
    for (int bit = from; bit < to; ) {
      if ((bit & 7) == 0 && to - bit >= 8) {
        bytes[bit >>> 3] = -1;
        bit += 8;
      } else {
        bytes[bit >>> 3] |= (byte) (1 << (bit & 7));
        bit++;
      }
    }
  }

  /// The write with this token is durable.
  void written(long token) {
    var extents = writingExtents;
    Check.invariant(token == writing, "map write not under way");
    if (extents != null) {
      undurable.removeAll(extents);
    }
    writingExtents = null;
    writing = 0;
  }

  /// Says which marks must stay.
  interface Needed {
    /// Whether the mark of this extent must stay.
    boolean test(long extent);

    /// End (exclusive) of the extents that get the same answer as the one tested last, itself
    /// first.
    long runEnd();
  }

  /// Receives the bytes of a map write.
  interface MapWriter {
    /// One run of sectors.
    ///
    /// @param mapOffsetBytes offset inside the map region, a multiple of [#SECTOR_BYTES]
    void sectors(long mapOffsetBytes, byte[] image);
  }
}
