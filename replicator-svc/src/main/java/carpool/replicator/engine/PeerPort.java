package carpool.replicator.engine;

import carpool.replicator.block.WriteCoalescer;
import carpool.replicator.core.CloseReason;
import carpool.replicator.core.Effect;
import org.jspecify.annotations.Nullable;

/// The session with the peer, as the engine knows it.
public interface PeerPort extends WriteCoalescer.Sender {
  /// Queues a frame. Called while the core is stepped, in the order of the frames; must not step
  /// the core and must not wait for anybody.
  void queue(Effect.Frame frame);

  /// Has another thread send what is queued. For what takes long enough that a hand-over pays: the
  /// caller writes to the local disk meanwhile.
  void sendAside();

  /// Ends the session, if it is the one meant (0: whichever). May step the core.
  ///
  /// @param text for people
  void close(long session, CloseReason why, String text);

  /// As [#close(long, CloseReason, String)], because this node wants it so.
  default void close(long session, String text) {
    close(session, CloseReason.ENDED_HERE, text);
  }

  /// What the data connection of the session did so far; null while there is none.
  @Nullable Traffic traffic();

  /// What a data connection did so far.
  ///
  /// @param lastReceivedNanos `System.nanoTime` of the last frame of the peer
  /// @param oldestRequestNanos for which the peer has owed its oldest answer; 0 when it owes none
  record Traffic(
      long sentBytes, long receivedBytes, long lastReceivedNanos, long oldestRequestNanos) {}
}
