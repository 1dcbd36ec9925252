package carpool.replicator.link;

import carpool.replicator.core.CloseReason;
import carpool.replicator.core.PeerMessage;
import carpool.replicator.core.WriteKind;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Receives what comes over a block connection, in order, on the connection's receive thread.
public interface BlockHandler {
  /// Everything that came is handled, and the receive thread is about to wait for more: what was
  /// kept back to be sent together goes out now.
  default void onIdle() {}

  /// A buffer for a payload of the peer; taken back by `onWrite`, `onRead` or `onCompare`. Waits
  /// while none is free.
  ///
  /// @return number of the slot
  int takePeerSlot() throws InterruptedException;

  /// Gives a slot back whose payload did not come whole.
  void returnPeerSlot(int slot);

  /// The buffer of a slot, at least [BlockConnection#PAYLOAD_MAX_BYTES] long; limit and position
  /// are set by the connection.
  ByteBuffer buffer(int slot);

  /// A write whose payload is in the slot's buffer.
  ///
  /// @param sequence number to answer with
  void onWrite(
      int slot, long sequence, long offsetBytes, int lengthBytes, WriteKind kind, boolean receipt);

  /// A read to be answered.
  void onRead(int slot, long sequence, long offsetBytes, int lengthBytes);

  /// A range to be compared.
  ///
  /// @param digests one of [BlockConnection#DIGEST_BYTES] for each block of
  ///   [BlockConnection#DIGEST_BLOCK_BYTES]; none: the range is zero there. Belongs to the receiver
  void onCompare(int slot, long sequence, long offsetBytes, int lengthBytes, ByteBuffer digests);

  /// The peer has compared.
  ///
  /// @param differentMask bit i: the block that ends i blocks before the end of the bytes differs
  void onCompared(int slot, int coveredBytes, long differentMask);

  /// The peer received our write.
  void onReceived(int slot);

  /// The peer has done our write.
  void onWritten(int slot, boolean ok);

  /// Where the payload of an answered read goes, or null when nobody waits for it any more.
  @Nullable ByteBuffer readTarget(int slot, int lengthBytes);

  /// Our read is answered.
  void onData(int slot, boolean ok);

  /// The peer wants a flush.
  void onFlush(long flushId);

  /// The peer has flushed.
  void onFlushed(long flushId, boolean ok);

  /// A message of the peer's core.
  void onMessage(PeerMessage message);

  /// The connection is over; called once, last, when nothing is being sent any more.
  void onEnd(CloseReason cause, String reason);
}
