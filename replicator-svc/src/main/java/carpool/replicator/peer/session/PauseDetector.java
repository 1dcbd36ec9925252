package carpool.replicator.peer.session;

/// Since when this process has been running without a stop. A process that stood still (SIGSTOP, a
/// paused machine) has heard nothing meanwhile, and that says nothing about its peer.
public final class PauseDetector {
  /// Looks are a quarter of a second apart; a gap of this length is no scheduler's.
  private static final long GAP_NANOS = 1_000_000_000L;

  private long lastLookNanos;
  private long awakeSinceNanos;

  public PauseDetector(long nowNanos) {
    lastLookNanos = nowNanos;
    awakeSinceNanos = nowNanos;
  }

  /// Called several times a second, by one thread.
  public void look(long nowNanos) {
    if (nowNanos - lastLookNanos > GAP_NANOS) {
      awakeSinceNanos = nowNanos;
    }
    lastLookNanos = nowNanos;
  }

  /// How much of a silence of this length this process was awake for, nanoseconds.
  long heard(long silentNanos) {
    return Math.min(silentNanos, lastLookNanos - awakeSinceNanos);
  }
}
