package carpool.replicator.core;

import java.util.List;

/// What one step of [ReplicationCore] asks for, as a value. There are five kinds, one for each
/// party that carries them out; [Effects] says what each one means and which event answers it.
public sealed interface Effect {

  /// For the local disk. Carried out after the step.
  sealed interface LocalDisk extends Effect {}

  /// For the peer.
  sealed interface Peer extends Effect {}

  /// A frame of the session. Queued before the next step begins, because the order of frames
  /// counts.
  sealed interface Frame extends Peer {}

  /// For the journal, which writes the activemap and the metadata in this order. Handed over before
  /// the next step begins.
  sealed interface Journal extends Effect {}

  /// For the client of a request slot. Carried out after the step.
  sealed interface Client extends Effect {}

  /// For the operator and the surroundings of the resource. Carried out after the step.
  sealed interface Operator extends Effect {}

  // ----- local disk

  /// See [Effects#writeLocal].
  record WriteLocal(int slot, long offsetBytes, int lengthBytes, WriteKind kind)
      implements LocalDisk {}

  /// See [Effects#readLocal].
  record ReadLocal(int slot, long offsetBytes, int lengthBytes) implements LocalDisk {}

  /// See [Effects#scanLocal].
  record ScanLocal(int slot, long offsetBytes, int lengthBytes, boolean digest)
      implements LocalDisk {}

  /// See [Effects#compareLocal].
  record CompareLocal(int slot, long offsetBytes, int lengthBytes) implements LocalDisk {}

  /// See [Effects#flushLocal].
  record FlushLocal(long flushId) implements LocalDisk {}

  /// See [Effects#flushForPeer].
  record FlushForPeer(long session, long flushId) implements LocalDisk {}

  // ----- journal

  /// See [Effects#writeMap].
  record WriteMap(long token, List<Effects.MapPart> parts) implements Journal {}

  /// See [Effects#writeMetadata].
  record WriteMetadata(long token, Role role, DiskState disk, Identity identity)
      implements Journal {}

  // ----- peer

  /// See [Effects#sendWrite].
  record SendWrite(long session, int slot, long offsetBytes, int lengthBytes, WriteKind kind)
      implements Frame {}

  /// See [Effects#sendChunk].
  record SendChunk(long session, int slot, long offsetBytes, int lengthBytes, int skipBytes)
      implements Frame {}

  /// See [Effects#sendCompare].
  record SendCompare(long session, int slot, long offsetBytes, int lengthBytes, boolean zeroes)
      implements Frame {}

  /// See [Effects#sendFlush].
  record SendFlush(long session, long flushId) implements Frame {}

  /// See [Effects#sendRead].
  record SendRead(long session, int slot, long offsetBytes, int lengthBytes) implements Frame {}

  /// See [Effects#ackReceived].
  record AckReceived(long session, int slot) implements Frame {}

  /// See [Effects#ackWritten].
  record AckWritten(long session, int slot, boolean ok) implements Frame {}

  /// See [Effects#ackFlushed].
  record AckFlushed(long session, long flushId, boolean ok) implements Frame {}

  /// See [Effects#answerRead].
  record AnswerRead(long session, int slot, boolean ok) implements Frame {}

  /// See [Effects#answerCompare].
  record AnswerCompare(long session, int slot, int coveredBytes, long differentMask)
      implements Frame {}

  /// See [Effects#send].
  record SendMessage(long session, PeerMessage message) implements Frame {}

  /// See [Effects#closeSession(long, CloseReason, String)].
  record CloseSession(long session, CloseReason why, String text) implements Peer {}

  /// See [Effects#askLeave].
  record AskLeave(long question, Tenure tenure, Identity identity) implements Peer {}

  /// See [Effects#answerLeave].
  record AnswerLeave(long request, Leave leave) implements Peer {}

  // ----- clients

  /// See [Effects#complete].
  record Complete(int slot, Effects.Result result) implements Client {}

  /// See [Effects#release].
  record Release(int slot) implements Client {}

  // ----- operator

  /// See [Effects#roleDecided].
  record RoleDecided(long request, PromotionRule.Verdict verdict) implements Operator {}

  /// See [Effects#fenced].
  record Fenced(String reason) implements Operator {}

  /// See [Effects#report].
  record Report(Effects.Notice notice) implements Operator {}
}
