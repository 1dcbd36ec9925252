package carpool.sim.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

/// A file with holes on a disk, below the system calls: the page cache, what of it is durable, and
/// how a disk fails. Sector by sector; a sector that holds zeroes is a hole.
///
/// A write-back error is Linux's: the cache goes on showing what was written, does not write it
/// again, and tells each open file once, at its next fsync; the data may be gone when the page is
/// read in again.
final class SimDisk {
  static final int SECTOR_BYTES = 512;
  static final int BIG_SECTOR_BYTES = 4096;
  private static final byte[] HOLE = new byte[0];
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private final long sizeBytes;

  /// What a power cut leaves.
  private final byte[][] durable;

  /// What a read sees.
  private final byte[][] visible;

  /// What is visible and not durable; [#HOLE] for zeroes. In the order of the writes.
  private final LinkedHashMap<Integer, byte[]> dirty = new LinkedHashMap<>();

  /// Visible, never durable, and not dirty any more: a write-back error took them.
  private final Set<Integer> lost = new HashSet<>();

  private final Set<Integer> unreadable = new HashSet<>();

  /// Cannot be read either, until written: nothing mends a sector that a power cut has torn.
  private final Set<Integer> torn = new HashSet<>();

  /// Number of write-back errors, and whether somebody was told of the last.
  private int errors;

  private boolean told = true;

  SimDisk(long sizeBytes) {
    this.sizeBytes = sizeBytes;
    int sectors = (int) (sizeBytes / SECTOR_BYTES);
    durable = new byte[sectors][];
    visible = new byte[sectors][];
    Arrays.fill(durable, HOLE);
    Arrays.fill(visible, HOLE);
  }

  long sizeBytes() {
    return sizeBytes;
  }

  // ----- what the kernel does for a process

  /// Copies what is there; false when a sector cannot be read.
  boolean read(long offset, byte[] into) {
    for (int done = 0; done < into.length; ) {
      long at = offset + done;
      int inside = (int) (at % SECTOR_BYTES);
      int some = Math.min(SECTOR_BYTES - inside, into.length - done);
      int sector = (int) (at / SECTOR_BYTES);
      if (isUnreadable(sector)) {
        return false;
      }
      var bytes = visible[sector];
      if (!isHole(bytes)) {
        System.arraycopy(bytes, inside, into, done, some);
      }
      done += some;
    }
    return true;
  }

  private boolean isUnreadable(int sector) {
    return (!unreadable.isEmpty() && unreadable.contains(sector))
        || (!torn.isEmpty() && torn.contains(sector));
  }

  /// True when the range has sectors that take new space.
  boolean needsSpace(long offset, long length) {
    long end = (offset + length + SECTOR_BYTES - 1) / SECTOR_BYTES;
    for (int s = (int) (offset / SECTOR_BYTES); s < end; s++) {
      if (isHole(visible[s])) {
        return true;
      }
    }
    return false;
  }

  void write(long offset, byte[] from, int length) {
    if (offset % SECTOR_BYTES == 0 && length % SECTOR_BYTES == 0 && allZero(from, length)) {
      zero(offset, length); // reads the same, and a large device of zeroes takes no memory
      return;
    }
    for (int done = 0; done < length; ) {
      long at = offset + done;
      int inside = (int) (at % SECTOR_BYTES);
      int some = Math.min(SECTOR_BYTES - inside, length - done);
      int sector = (int) (at / SECTOR_BYTES);
      var fresh = new byte[SECTOR_BYTES];
      if (some < SECTOR_BYTES) {
        var old = visible[sector];
        if (!isHole(old)) {
          System.arraycopy(old, 0, fresh, 0, SECTOR_BYTES);
        }
      }
      System.arraycopy(from, done, fresh, inside, some);
      put(sector, fresh);
      done += some;
    }
  }

  private static boolean isHole(byte[] sector) {
    return sector.length == 0;
  }

  private static boolean allZero(byte[] bytes, int length) {
    for (int i = 0; i < length; i += 8) {
      if ((long) LONGS.get(bytes, i) != 0) {
        return false;
      }
    }
    return true;
  }

  private void put(int sector, byte[] bytes) {
    visible[sector] = bytes;
    dirty.put(sector, bytes);
    written(sector);
  }

  private void written(int sector) {
    if (!lost.isEmpty()) {
      lost.remove(sector);
    }
    if (!unreadable.isEmpty()) {
      unreadable.remove(sector);
    }
    if (!torn.isEmpty()) {
      torn.remove(sector);
    }
  }

  /// Makes whole sectors read as zeroes.
  void zero(long offset, long length) {
    int first = (int) (offset / SECTOR_BYTES);
    int end = (int) ((offset + length) / SECTOR_BYTES);
    for (int sector = first; sector < end; sector++) {
      if (!isHole(visible[sector])) {
        visible[sector] = HOLE;
        dirty.put(sector, HOLE);
        written(sector);
      }
    }
    if (!unreadable.isEmpty()) {
      unreadable.removeIf(sector -> sector >= first && sector < end);
    }
    if (!torn.isEmpty()) {
      torn.removeIf(sector -> sector >= first && sector < end);
    }
  }

  /// First byte from `offset` on that is data; -1 when there is none.
  long nextData(long offset) {
    for (int sector = (int) (offset / SECTOR_BYTES); sector < visible.length; sector++) {
      if (!isHole(visible[sector])) {
        return Math.max(offset, (long) sector * SECTOR_BYTES);
      }
    }
    return -1;
  }

  /// First byte from `offset` on that is a hole.
  long nextHole(long offset) {
    int sector = (int) (offset / SECTOR_BYTES);
    while (sector < visible.length && !isHole(visible[sector])) {
      sector++;
    }
    return Math.max(offset, (long) sector * SECTOR_BYTES);
  }

  /// What a flush that begins now has to make durable.
  Map<Integer, byte[]> dirtyNow() {
    return new LinkedHashMap<>(dirty);
  }

  void makeDurable(Map<Integer, byte[]> sectors) {
    sectors.forEach((sector, bytes) -> {
      durable[sector] = bytes;
      dirty.remove(sector, bytes);
    });
  }

  /// Which write-back errors a file that is opened now was told of: one that nobody has heard of
  /// yet is told to whoever asks first.
  int errorsAtOpen() {
    return told ? errors : errors - 1;
  }

  /// A write-back error that nobody was told of.
  boolean unreported() {
    return !told;
  }

  int errors() {
    told = true;
    return errors;
  }

  /// Whether `seen` is behind.
  boolean hasNewError(int seen) {
    return errors > seen;
  }

  // ----- faults

  /// The disk did not take a part of what was to be written back.
  void loseWriteBack(RandomGenerator random) {
    errors++;
    told = false;
    for (var sector : new ArrayList<>(dirty.keySet())) {
      // Holes are in the file system's journal.
      if (!isHole(visible[sector]) && random.nextInt(3) > 0) {
        dirty.remove(sector);
        lost.add(sector);
      }
    }
  }

  /// The pages of lost sectors are dropped from memory: what was there before is read again.
  void evictLost() {
    for (var sector : lost) {
      revert(sector);
    }
    lost.clear();
  }

  private void revert(int sector) {
    visible[sector] = durable[sector];
  }

  void makeUnreadable(int sector) {
    unreadable.add(sector);
  }

  void makeReadable() {
    unreadable.clear();
  }

  boolean anyUnreadableBefore(long offset) {
    for (var sector : unreadable) {
      if ((long) sector * SECTOR_BYTES < offset) {
        return true;
      }
    }
    return false;
  }

  /// Keeps an arbitrary part of what is not durable: nothing, everything, or sector by sector.
  ///
  /// @param bigSectorsBefore up to there big sectors that were being written may tear: they cannot
  ///   be read afterwards. 0: a sector is whole, old or new
  void powerCut(RandomGenerator random, long bigSectorsBefore) {
    evictLost();
    int mood = random.nextInt(4);
    for (var entry : dirty.entrySet()) {
      if (mood == 1 || (mood > 1 && random.nextBoolean())) {
        durable[entry.getKey()] = entry.getValue();
      }
    }
    tear(random, bigSectorsBefore);
    for (var sector : dirty.keySet()) {
      revert(sector);
    }
    dirty.clear();
    told = true;
  }

  /// Each of the big sectors that were being written tears or not, unless one cannot be read for
  /// another reason: that would be two disks' worth of bad luck.
  private void tear(RandomGenerator random, long before) {
    if (anyUnreadableBefore(before)) {
      return;
    }
    int sectors = BIG_SECTOR_BYTES / SECTOR_BYTES;
    dirty.keySet().stream()
        .filter(sector -> (long) sector * SECTOR_BYTES < before)
        .map(sector -> sector / sectors)
        .distinct()
        .filter(_ -> random.nextInt(3) > 0)
        .toList()
        .forEach(big -> {
          for (int s = big * sectors; s < (big + 1) * sectors; s++) {
            torn.add(s);
          }
        });
  }

  // ----- what the checkers see

  /// Content of a sector; without bytes when it is zero.
  byte[] visible(long sector) {
    return visible[(int) sector];
  }

  /// What a power cut now would surely leave.
  byte[] durable(long sector) {
    return durable[(int) sector];
  }
}
