package carpool.replicator.shell;

import carpool.replicator.link.BlockConnection;
import carpool.replicator.link.EndCause;
import java.util.function.LongConsumer;

/// Looks after a block connection: sends a sign of life when it idles, ends it when the peer is
/// silent or leaves a request unanswered.
final class LinkWatch {
  private LinkWatch() {}

  /// Several times a second; never blocks.
  ///
  /// @param silent told just before a session ends because the peer was silent
  static void look(
      PeerLink link,
      BlockConnection connection,
      Patience patience,
      Punctual punctual,
      LongConsumer silent) {
    long now = System.nanoTime();
    if (connection.keepAliveDue(now, patience.idleNanos())) {
      // Not here: a peer that does not read must not keep the others from being watched.
      Thread.ofVirtual().name("keep-alive").start(connection::keepAlive);
    }
    if (punctual.heard(connection.silentNanos(now)) > patience.deadNanos()) {
      silent.accept(now);
      connection.close(
          EndCause.SILENT,
          "nothing was heard of the peer for " + Patience.seconds(patience.deadNanos()));
    } else if (link.oldestRequestNanos(now) > patience.requestNanos()) {
      connection.close(
          EndCause.UNANSWERED,
          "the peer is alive, but has not answered a request for "
              + Patience.seconds(patience.requestNanos()));
    }
  }
}
