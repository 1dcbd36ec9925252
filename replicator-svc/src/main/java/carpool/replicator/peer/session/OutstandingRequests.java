package carpool.replicator.peer.session;

import carpool.kit.boot.Host;
import java.util.concurrent.atomic.AtomicLongArray;

/// Since when the peer owes answers: one time per slot and one for the flush under way. Written by
/// whoever asks and by the receive thread, read by the watch.
final class OutstandingRequests {
  private final Host host;
  private final AtomicLongArray sinceNanos;
  private volatile long flush;
  private volatile long flushSinceNanos;

  OutstandingRequests(Host host, int slots) {
    this.host = host;
    sinceNanos = new AtomicLongArray(slots);
  }

  void ask(int slot) {
    sinceNanos.setOpaque(slot, now());
  }

  /// Notes the answer; returns when it was asked for, 0 when it was not.
  long answered(int slot) {
    long since = sinceNanos.getOpaque(slot);
    sinceNanos.setOpaque(slot, 0);
    return since;
  }

  /// One flush is under way at a time.
  void askFlush(long flushId) {
    flush = flushId;
    flushSinceNanos = now();
  }

  void flushAnswered(long flushId) {
    if (flush == flushId) {
      flushSinceNanos = 0;
    }
  }

  /// Age of the oldest, nanoseconds; 0 when nothing is owed.
  long oldestNanos(long nowNanos) {
    long oldest = age(nowNanos, flushSinceNanos);
    for (int i = 0; i < sinceNanos.length(); i++) {
      oldest = Math.max(oldest, age(nowNanos, sinceNanos.getOpaque(i)));
    }
    return oldest;
  }

  private static long age(long nowNanos, long sinceNanos) {
    return sinceNanos == 0 ? 0 : Math.max(0, nowNanos - sinceNanos);
  }

  private long now() {
    long now = host.nanoTime();
    return now == 0 ? 1 : now; // 0 means that nothing is owed
  }
}
