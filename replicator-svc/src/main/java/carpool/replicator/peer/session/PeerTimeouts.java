package carpool.replicator.peer.session;

import carpool.kit.config.ReplicatorSettings;
import java.time.Duration;
import java.util.Locale;

/// How long a peer may be quiet. `timeout` of hast.conf bounds everything: the silence after which
/// the peer is dead (`dead-after` of carpool.yaml when that is shorter), and each single request.
///
/// @param idleNanos a sign of life is due after so long without another frame
/// @param deadNanos silence after which the peer is taken for dead
/// @param requestNanos after which a peer that is alive but does not answer is disconnected
public record PeerTimeouts(long idleNanos, long deadNanos, long requestNanos) {
  public static PeerTimeouts of(ReplicatorSettings settings, Duration timeout) {
    long request = timeout.toNanos();
    long dead = Math.min(settings.deadAfter().toNanos(), request);
    // Two signs of life may be lost or late before a peer is dead.
    long idle = Math.min(settings.keepalive().toNanos(), dead / 3);
    return new PeerTimeouts(idle, dead, request);
  }

  static String seconds(long nanos) {
    return String.format(Locale.ROOT, "%.1f s", nanos / 1e9);
  }
}
