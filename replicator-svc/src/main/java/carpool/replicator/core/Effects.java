package carpool.replicator.core;

import java.nio.ByteBuffer;
import java.util.List;

/// What the core asks its surroundings to do. Called by the core while it is stepped; an
/// implementation only notes the order (and carries it out after the step), it never steps the
/// core.
///
/// Each request that can fail is answered by exactly one event of [ReplicationCore], named below,
/// unless the node stops.
public interface Effects {

  // ----- local disk

  /// Answered by `localWritten`.
  void writeLocal(int slot, long offsetBytes, int lengthBytes, WriteKind kind);

  /// Answered by `localRead`. The payload goes into the slot's buffer.
  void readLocal(int slot, long offsetBytes, int lengthBytes);

  /// Looks at a range for a synchronisation. Answered by `localScanned` with the number of bytes
  /// that are zero from the start of the range, in whole blocks of 64 KiB or to its end; when there
  /// are none, the first chunk of the range (as long as a slot's buffer) is in the slot's buffer.
  ///
  /// @param digest keep a digest of each of the chunk's blocks for `sendCompare`
  void scanLocal(int slot, long offsetBytes, int lengthBytes, boolean digest);

  /// Target: compares the range with what came with the peer's request in this slot. Answered by
  /// `localCompared`.
  void compareLocal(int slot, long offsetBytes, int lengthBytes);

  /// Makes everything written before durable. Answered by `localFlushed`.
  void flushLocal(long flushId);

  /// Writes parts of the activemap and makes them durable. Answered by `mapWritten`. Map and
  /// metadata writes are carried out one after the other, in this order.
  void writeMap(long token, List<MapPart> parts);

  /// Writes the metadata and makes it durable. Answered by `metadataWritten`.
  void writeMetadata(long token, Role role, DiskState disk, Identity identity);

  /// A run of sectors of the activemap.
  ///
  /// @param offsetBytes offset inside the map region
  /// @param image bytes from position to limit; belongs to the receiver
  record MapPart(long offsetBytes, ByteBuffer image) {}

  // ----- peer

  /// Sends a write of this node. Answered by `peerReceived` (memsync only) and `peerWritten`.
  void sendWrite(long session, int slot, long offsetBytes, int lengthBytes, WriteKind kind);

  /// Sends a scanned chunk, or its part after `skipBytes`. Answered by `peerWritten`.
  void sendChunk(long session, int slot, long offsetBytes, int lengthBytes, int skipBytes);

  /// Sends the digests of a scanned chunk, to be compared with what the peer has. Answered by
  /// `peerCompared`.
  ///
  /// @param zeroes no digests: the range is zero here
  void sendCompare(long session, int slot, long offsetBytes, int lengthBytes, boolean zeroes);

  /// Answered by `peerFlushed`.
  void sendFlush(long session, long flushId);

  /// Asks the peer for blocks; they go into the slot's buffer. Answered by `peerReadDone`.
  void sendRead(long session, int slot, long offsetBytes, int lengthBytes);

  /// Target: the write in this slot has arrived.
  void ackReceived(long session, int slot);

  /// Target: the write in this slot is done; the slot is free afterwards.
  void ackWritten(long session, int slot, boolean ok);

  /// Target: asks for a flush on behalf of the peer. Answered by `peerFlushDone`.
  void flushForPeer(long session, long flushId);

  /// Target: sends what was read into the slot; the slot is free afterwards.
  void answerRead(long session, int slot, boolean ok);

  /// Target: tells what `compareLocal` found; the slot is free afterwards.
  ///
  /// @param differentMask see `localCompared`
  void answerCompare(long session, int slot, int coveredBytes, long differentMask);

  /// Target: everything acknowledged before is durable.
  void ackFlushed(long session, long flushId, boolean ok);

  /// Sends a message in order with the data.
  void send(long session, PeerMessage message);

  /// Ends the session; answered by `disconnected` like every other end.
  ///
  /// @param why for whoever counts ends and decides when to connect again
  /// @param text for people
  void closeSession(long session, CloseReason why, String text);

  /// As [#closeSession(long, CloseReason, String)], because this node wants it so.
  default void closeSession(long session, String text) {
    closeSession(session, CloseReason.ENDED_HERE, text);
  }

  /// Asks the peer, outside of any session, whether this primary may go on without it. Answered by
  /// `leaveAnswered`, within seconds.
  void askLeave(long question, Tenure tenure, Identity identity);

  /// Answers the peer's question.
  void answerLeave(long request, Leave leave);

  // ----- clients

  /// Answers a client's request.
  void complete(int slot, Result result);

  /// The buffer of a slot is no longer needed; follows `complete`, perhaps much later.
  void release(int slot);

  // ----- operators

  /// Answers a request for a role.
  void roleDecided(long request, PromotionRule.Verdict verdict);

  /// This primary must not go on: clients get no more answers, the orchestrator has to give the
  /// pool up and make this node secondary.
  void fenced(String reason);

  /// Something an operator or a hook wants to know; in HAST's words where it has one.
  void report(Notice notice);

  /// Answer to a client.
  enum Result {
    OK,
    IO_ERROR
  }

  /// Happenings (HAST's events first, hast.md section 8).
  enum Notice {
    ROLE,
    CONNECT,
    DISCONNECT,
    SYNC_START,
    SYNC_DONE,
    SYNC_INTERRUPTED,
    VERIFY_START,
    VERIFY_DONE,
    VERIFY_STOPPED,
    SPLIT_BRAIN,
    REFUSED,
    DISK,
    /// A block that could not be read was written again from the peer's copy.
    REPAIRED,
    FENCED,
    DEVICE,
    /// The witness is lost or back, or its record is another one.
    WITNESS
  }
}
