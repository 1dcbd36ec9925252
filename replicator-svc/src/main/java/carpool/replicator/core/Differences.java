package carpool.replicator.core;

/// What may differ between the two copies, in blocks of [#BLOCK_BYTES].
///
/// A block is in `different` when it has to be copied. A block that the peer has acknowledged but
/// not yet flushed is in `unflushed`, or in `flushing` while a flush that covers it is under way:
/// when the peer vanishes, both count as different (R3), because a power cut may have taken them.
final class Differences {
  /// Unit of tracking. 64 KiB: a scattered 4 KiB write costs 64 KiB on the wire, not an extent.
  static final int BLOCK_BYTES = 1 << 16;

  private static final int BLOCK_SHIFT = 16;

  private final long dataSizeBytes;
  private final BlockSet different;
  private final BlockSet unflushed;
  private final BlockSet flushing;

  Differences(long dataSizeBytes) {
    this.dataSizeBytes = dataSizeBytes;
    long blocks = ((dataSizeBytes - 1) >>> BLOCK_SHIFT) + 1;
    different = new BlockSet(blocks);
    unflushed = new BlockSet(blocks);
    flushing = new BlockSet(blocks);
  }

  BlockSet different() {
    return different;
  }

  /// Upper bound of the bytes that have to be copied.
  long differentBytes() {
    return Math.min(different.count() << BLOCK_SHIFT, dataSizeBytes);
  }

  static long blockOf(long offsetBytes) {
    return offsetBytes >>> BLOCK_SHIFT;
  }

  static long endBlockOf(long offsetBytes, long lengthBytes) {
    return ((offsetBytes + lengthBytes - 1) >>> BLOCK_SHIFT) + 1;
  }

  long startOf(long block) {
    return block << BLOCK_SHIFT;
  }

  /// End in bytes of the blocks before `endBlock`, cut at the end of the device.
  long endOf(long endBlock) {
    return Math.min(endBlock << BLOCK_SHIFT, dataSizeBytes);
  }

  void markDifferent(long offsetBytes, long lengthBytes) {
    different.addRange(blockOf(offsetBytes), endBlockOf(offsetBytes, lengthBytes));
  }

  void markAllDifferent() {
    different.addRange(0, different.size());
  }

  /// Both copies hold the range now, but perhaps only in volatile caches.
  void markUnflushed(long offsetBytes, long lengthBytes) {
    unflushed.addRange(blockOf(offsetBytes), endBlockOf(offsetBytes, lengthBytes));
  }

  /// The range was copied by the synchronisation under a range lock.
  void markCopied(long offsetBytes, long lengthBytes) {
    different.removeRange(blockOf(offsetBytes), endBlockOf(offsetBytes, lengthBytes));
    markUnflushed(offsetBytes, lengthBytes);
  }

  /// True when the byte range holds a block that has to be copied.
  boolean differs(long offsetBytes, long lengthBytes) {
    return different.intersects(blockOf(offsetBytes), endBlockOf(offsetBytes, lengthBytes));
  }

  boolean hasUnflushed() {
    return !unflushed.isEmpty() || !flushing.isEmpty();
  }

  /// A flush of both copies starts; it covers what is unflushed now.
  void flushStarts() {
    flushing.addAll(unflushed);
    unflushed.clear();
  }

  /// Both copies have flushed.
  void flushEnded() {
    flushing.clear();
  }

  /// The peer is gone: what it had not flushed is different.
  void peerLost() {
    different.addAll(flushing);
    different.addAll(unflushed);
    flushing.clear();
    unflushed.clear();
  }

  /// True when the byte range holds a block that differs or is not flushed on both sides.
  boolean touches(long startBytes, long endBytes) {
    long start = blockOf(startBytes);
    long end = endBlockOf(startBytes, Math.min(endBytes, dataSizeBytes) - startBytes);
    return different.intersects(start, end)
        || unflushed.intersects(start, end)
        || flushing.intersects(start, end);
  }
}
