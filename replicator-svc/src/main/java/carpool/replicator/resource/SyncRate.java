package carpool.replicator.resource;

/// How fast a synchronisation goes: the average of the last seconds, weighted towards the newest.
/// Fed once a second by one thread, read by any.
public final class SyncRate {
  private static final double NEWEST = 0.3;

  private long lastLeftBytes = -1;
  private volatile double bytesPerSecond;

  /// @param leftBytes what is left to copy, or -1 while nothing is copied
  void tick(long leftBytes) {
    if (leftBytes < 0 || lastLeftBytes < 0) {
      bytesPerSecond = 0;
    } else {
      double now = Math.max(0, lastLeftBytes - leftBytes);
      double before = bytesPerSecond;
      bytesPerSecond = before == 0 ? now : before * (1 - NEWEST) + now * NEWEST;
    }
    lastLeftBytes = leftBytes;
  }

  /// Bytes a second; 0 when unknown.
  public long bytesPerSecond() {
    return (long) bytesPerSecond;
  }
}
