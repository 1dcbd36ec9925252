package carpool.replicator.core;

/// Which marks of the activemap must stay: those of an extent with a block that differs, that is
/// not flushed on both sides, or that is being written. Asked while the marks are cleaned, in which
/// nothing else changes.
///
/// Small extents share a block: what is known of the block is asked once.
final class NeededExtents implements Activemap.Needed {
  private final CoreState state;
  private final long extentBytes;
  private long knownStart;

  /// End of what is known, in bytes; 0: nothing is.
  private long knownEnd;

  private boolean knownTouched;
  private long runEnd;

  NeededExtents(CoreState state) {
    this.state = state;
    extentBytes = state.settings.extentSizeBytes();
  }

  @Override
  public boolean test(long extent) {
    long start = extent * extentBytes;
    long end = start + extentBytes;
    ask(start, end);
    runEnd = knownEnd / extentBytes;
    if (knownTouched) {
      return true;
    }
    var held = state.ranges.held();
    for (int i = 0; i < held.size(); i++) {
      var op = held.get(i);
      if (op.offset < end && start < op.offset + op.length) {
        runEnd = extent + 1;
        return true;
      }
      if (op.offset < knownEnd && start < op.offset + op.length) {
        runEnd = extent + 1;
      }
    }
    return false;
  }

  @Override
  public long runEnd() {
    return runEnd;
  }

  private void ask(long start, long end) {
    if (start < knownStart || end > knownEnd) {
      long wide = Math.max(extentBytes, Differences.BLOCK_BYTES); // both are powers of two
      knownStart = start & -wide;
      knownEnd = knownStart + wide;
      knownTouched = state.differences.touches(knownStart, knownEnd);
    }
  }
}
