package carpool.replicator.device;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// A point in time that several steps share.
record Deadline(long atNanos) {
  private static final long LOOK_MILLIS = 5;

  static Deadline in(Duration time) {
    return new Deadline(System.nanoTime() + time.toNanos());
  }

  /// At least 1 ms.
  Duration left() {
    return Duration.ofNanos(Math.max(1_000_000, atNanos - System.nanoTime()));
  }

  /// The nearer one.
  Deadline atMost(Duration time) {
    var other = in(time);
    return other.atNanos - atNanos < 0 ? other : this;
  }

  /// Looks every few milliseconds, for what the system cannot announce: mounts and sockets of other
  /// programs.
  ///
  /// @return false when the time is over
  boolean await(BooleanSupplier condition) throws InterruptedException {
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - atNanos >= 0) {
        return false;
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
    }
    return true;
  }
}
