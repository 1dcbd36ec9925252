package carpool.replicator.peer.session;

import carpool.replicator.core.CloseReason;
import carpool.replicator.link.BlockConnection;
import java.util.function.LongConsumer;

/// Looks after a block connection: sends a sign of life when it idles, ends it when the peer is
/// silent. Requests that are not answered are the core's concern.
public final class LinkWatch {
  private LinkWatch() {}

  /// Several times a second; never blocks.
  ///
  /// @param silent told just before a session ends because the peer was silent
  public static void look(
      PeerLink link,
      BlockConnection connection,
      PeerTimeouts patience,
      PauseDetector punctual,
      LongConsumer silent) {
    long now = link.host().nanoTime();
    if (connection.keepAliveDue(now, patience.idleNanos())) {
      link.keepAlive();
    }
    if (punctual.heard(connection.silentNanos(now)) > patience.deadNanos()) {
      silent.accept(now);
      connection.close(
          CloseReason.SILENT,
          "nothing was heard of the peer for " + PeerTimeouts.seconds(patience.deadNanos()));
    }
  }
}
