package carpool.replicator.store;

import carpool.replicator.store.ProviderException.Reason;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// A disk in memory with a write cache. It keeps the order of writes and flushes, fails on demand,
/// and can say what a power cut at any moment may have left ([#crashes]). Of any size: only sectors
/// that were written take memory.
public final class RecordingFile implements BlockFile {
  /// Unit of everything; the physical sector may be larger.
  public static final int SECTOR_BYTES = 512;

  private static final Path PATH = Path.of("/recording");

  /// What was asked for, in order; `bytes` of a flush are empty.
  private static final class Op {
    final boolean flush;
    final long offset;
    final byte[] bytes;

    Op(boolean flush, long offset, byte[] bytes) {
      this.flush = flush;
      this.offset = offset;
      this.bytes = bytes;
    }
  }

  private final long sizeBytes;
  private final Map<Long, byte[]> start = new HashMap<>();
  private final Map<Long, byte[]> now = new HashMap<>();
  private final List<Op> ops = new ArrayList<>();
  private final Set<Long> unreadable = new HashSet<>();
  private boolean failWrites;
  private boolean failFlushes;
  private int failuresLeft = Integer.MAX_VALUE;
  private @Nullable Runnable onFlush;
  private boolean tellsHoles;
  private final List<Boolean> zeroings = new ArrayList<>();

  /// A blank disk.
  public RecordingFile(long sizeBytes) {
    this.sizeBytes = sizeBytes;
  }

  /// A provider over this disk; closing it leaves the disk as it is.
  public LocalProvider provider() throws ProviderException {
    return LocalProvider.over(PATH, this);
  }

  // ----- faults

  /// Writes fail from now on, `times` of them.
  public synchronized void failWrites(int times) {
    failWrites = true;
    failuresLeft = times;
  }

  /// Flushes fail from now on, `times` of them.
  public synchronized void failFlushes(int times) {
    failFlushes = true;
    failuresLeft = times;
  }

  /// Neither fails any more.
  public synchronized void recover() {
    failWrites = false;
    failFlushes = false;
    failuresLeft = Integer.MAX_VALUE;
  }

  /// The sectors of this range cannot be read until they are written.
  public synchronized void makeUnreadable(long offset, long length) {
    for (long s = offset / SECTOR_BYTES; s < (offset + length) / SECTOR_BYTES; s++) {
      unreadable.add(s);
    }
  }

  /// Called inside of every flush, before it takes effect.
  public synchronized void onFlush(Runnable action) {
    onFlush = action;
  }

  /// From now on what was never written is told to be a hole.
  public synchronized void tellHoles() {
    tellsHoles = true;
  }

  private synchronized boolean fails(boolean wanted) {
    if (wanted && failuresLeft > 0) {
      failuresLeft--;
      return true;
    }
    return false;
  }

  // ----- what happened

  /// For example `write 0+4096` and `flush`, since the last [#forget].
  public synchronized List<String> log() {
    return ops.stream()
        .map(op -> op.flush ? "flush" : "write " + op.offset + "+" + op.bytes.length)
        .toList();
  }

  /// True when nothing was written since the last flush.
  public synchronized boolean flushed() {
    return ops.isEmpty() || ops.getLast().flush;
  }

  /// Of each zeroing since the last [#forget], whether it may punch a hole.
  public synchronized List<Boolean> zeroings() {
    return List.copyOf(zeroings);
  }

  /// What is there now is durable, and the log begins anew.
  public synchronized void forget() {
    zeroings.clear();
    start.clear();
    now.forEach((sector, bytes) -> start.put(sector, bytes.clone()));
    ops.clear();
  }

  /// What is read now.
  public synchronized byte[] bytes(long offset, int length) {
    var out = new byte[length];
    for (int i = 0; i < length; ) {
      long at = offset + i;
      int inside = (int) (at % SECTOR_BYTES);
      int some = Math.min(SECTOR_BYTES - inside, length - i);
      var sector = now.get(at / SECTOR_BYTES);
      if (sector != null) {
        System.arraycopy(sector, inside, out, i, some);
      }
      i += some;
    }
    return out;
  }

  /// A disk after a power cut, and when it came.
  public record Crash(String when, RecordingFile disk) {}

  /// Every disk that a power cut since the last [#forget] may have left, as far as one unfinished
  /// write at a time goes: all before the last finished flush is there; of what follows nothing,
  /// everything, or all up to a sector of one write, or that write without those before it.
  ///
  /// @param physicalBytes a physical sector that was being written is whole, old or new, when this
  ///   is [#SECTOR_BYTES]; when it is more, it cannot be read either
  public synchronized List<Crash> crashes(int physicalBytes) {
    var crashes = new ArrayList<Crash>();
    int durable = 0;
    for (int end = 0; end <= ops.size(); end++) {
      if (end > 0 && ops.get(end - 1).flush) {
        durable = end;
      }
      crashes.add(new Crash("after " + end + ", cache kept", disk(end)));
      crashes.add(new Crash("after " + end + ", cache lost", disk(durable)));
      if (end < ops.size() && !ops.get(end).flush) {
        torn(crashes, "within " + end, disk(end), ops.get(end), physicalBytes);
        torn(crashes, "within " + end + ", cache lost", disk(durable), ops.get(end), physicalBytes);
      }
    }
    return crashes;
  }

  private static void torn(
      List<Crash> crashes, String when, RecordingFile before, Op op, int physicalBytes) {
    var units = new TreeSet<Long>();
    for (long at = op.offset; at < op.offset + op.bytes.length; at += SECTOR_BYTES) {
      units.add(at / physicalBytes);
    }
    for (long torn : units) {
      for (boolean ascending : new boolean[] {true, false}) {
        var disk = before.copy();
        for (long unit : ascending ? units.headSet(torn) : units.tailSet(torn, false)) {
          disk.putUnit(op, unit, physicalBytes);
        }
        if (physicalBytes > SECTOR_BYTES) {
          disk.makeUnreadable(torn * physicalBytes, physicalBytes);
        }
        crashes.add(
            new Crash(when + (ascending ? ", up to " : ", down to ") + torn * physicalBytes, disk));
      }
    }
  }

  private void putUnit(Op op, long unit, int physicalBytes) {
    long from = Math.max(op.offset, unit * physicalBytes);
    long to = Math.min(op.offset + op.bytes.length, (unit + 1) * physicalBytes);
    put(from, op.bytes, (int) (from - op.offset), (int) (to - from));
  }

  private RecordingFile disk(int end) {
    var disk = new RecordingFile(sizeBytes);
    start.forEach((sector, bytes) -> disk.now.put(sector, bytes.clone()));
    for (var op : ops.subList(0, end)) {
      disk.put(op.offset, op.bytes, 0, op.bytes.length);
    }
    disk.forget();
    return disk;
  }

  private RecordingFile copy() {
    var disk = new RecordingFile(sizeBytes);
    now.forEach((sector, bytes) -> disk.now.put(sector, bytes.clone()));
    disk.unreadable.addAll(unreadable);
    disk.forget();
    return disk;
  }

  private void put(long offset, byte[] bytes, int from, int length) {
    for (int i = 0; i < length; ) {
      long at = offset + i;
      int inside = (int) (at % SECTOR_BYTES);
      int some = Math.min(SECTOR_BYTES - inside, length - i);
      var sector = now.computeIfAbsent(at / SECTOR_BYTES, _ -> new byte[SECTOR_BYTES]);
      System.arraycopy(bytes, from + i, sector, inside, some);
      unreadable.remove(at / SECTOR_BYTES);
      i += some;
    }
  }

  // ----- BlockFile

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public int sectorBytes() {
    return SECTOR_BYTES;
  }

  @Override
  public synchronized void read(ByteBuffer into, long offsetBytes) throws ProviderException {
    long end = offsetBytes + into.remaining();
    for (long s = offsetBytes / SECTOR_BYTES; s * SECTOR_BYTES < end; s++) {
      if (unreadable.contains(s)) {
        throw new ProviderException(Reason.IO_ERROR, "sector " + s + " cannot be read");
      }
    }
    into.put(bytes(offsetBytes, into.remaining()));
  }

  @Override
  public synchronized void write(ByteBuffer from, long offsetBytes) throws ProviderException {
    if (fails(failWrites)) {
      throw new ProviderException(Reason.IO_ERROR, "write at " + offsetBytes + " fails on demand");
    }
    var bytes = new byte[from.remaining()];
    from.get(bytes);
    record(offsetBytes, bytes);
  }

  private void record(long offset, byte[] bytes) {
    ops.add(new Op(false, offset, bytes));
    put(offset, bytes, 0, bytes.length);
  }

  @Override
  public void flush() throws ProviderException {
    Runnable action;
    synchronized (this) {
      action = onFlush;
    }
    if (action != null) {
      action.run();
    }
    synchronized (this) {
      if (fails(failFlushes)) {
        throw new ProviderException(Reason.IO_ERROR, "flush fails on demand");
      }
      ops.add(new Op(true, 0, new byte[0]));
    }
  }

  @Override
  public synchronized boolean tryZero(long offsetBytes, long lengthBytes, boolean mayPunch)
      throws ProviderException {
    if (fails(failWrites)) {
      throw new ProviderException(Reason.IO_ERROR, "zeroing at " + offsetBytes + " fails");
    }
    record(offsetBytes, new byte[(int) lengthBytes]);
    zeroings.add(mayPunch);
    return true;
  }

  @Override
  public synchronized Run run(long offsetBytes, long lengthBytes) {
    boolean hole = isHole(offsetBytes);
    long end = (offsetBytes / SECTOR_BYTES + 1) * SECTOR_BYTES;
    while (end < offsetBytes + lengthBytes && isHole(end) == hole) {
      end += SECTOR_BYTES;
    }
    return new Run(Math.min(lengthBytes, end - offsetBytes), hole);
  }

  private boolean isHole(long offset) {
    return tellsHoles && !now.containsKey(offset / SECTOR_BYTES);
  }

  @Override
  public long holeBytes(long offsetBytes, long lengthBytes) {
    return 0;
  }

  @Override
  public boolean tryLock() {
    return true;
  }

  @Override
  public void close() {}
}
