package carpool.replicator.peer.session;

import carpool.kit.config.ReplicatorSettings;
import java.time.Duration;
import java.util.Locale;

/// How long a peer may be quiet: `dead-after` of carpool.yaml, or `timeout` of hast.conf when that
/// is shorter. The core bounds each single request by `timeout`.
///
/// @param idleNanos a sign of life is due after so long without another frame
/// @param deadNanos silence after which the peer is taken for dead
public record PeerTimeouts(long idleNanos, long deadNanos) {
  public static PeerTimeouts of(ReplicatorSettings settings, Duration timeout) {
    long dead = Math.min(settings.deadAfter().toNanos(), timeout.toNanos());
    // Two signs of life may be lost or late before a peer is dead.
    long idle = Math.min(settings.keepalive().toNanos(), dead / 3);
    return new PeerTimeouts(idle, dead);
  }

  static String seconds(long nanos) {
    return String.format(Locale.ROOT, "%.1f s", nanos / 1e9);
  }
}
