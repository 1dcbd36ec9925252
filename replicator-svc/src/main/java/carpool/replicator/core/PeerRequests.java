package carpool.replicator.core;

import carpool.replicator.core.Effects.Notice;
import carpool.replicator.core.Op.Kind;
import java.util.ArrayDeque;

/// The other side of a session: what the peer wants written, read, compared and flushed here.
final class PeerRequests {
  private final ArrayDeque<PeerFlush> peerFlushes = new ArrayDeque<>();

  /// Counts the writes of the peer.
  private long peerWrites;

  /// So many of them both copies have flushed: the peer has flushed again since.
  private long flushedWrites;

  /// So many of them its last flush covers; it may not have ended over there.
  private long flushingWrites;

  /// A flush of the peer that waits.
  ///
  /// @param afterWrite number of the peer's last write before it
  private record PeerFlush(long session, long flushId, long afterWrite) {}

  private final ReplicationCore core;
  private final CoreState state;

  PeerRequests(ReplicationCore core) {
    this.core = core;
    state = core.state;
  }

  /// Target: the peer wants a range compared; what to compare it with came along.
  void peerCompareArrived(long fromSession, int slot, long offsetBytes, int lengthBytes) {
    if (fromSession != state.session
        || state.role == Role.PRIMARY
        || !state.phase.acceptsPeerWrites()) {
      state.effects.answerCompare(fromSession, slot, lengthBytes, -1);
      if (fromSession == state.session) {
        state.effects.closeSession(
            state.session, CloseReason.MALFORMED, "a comparison does not fit phase " + state.phase);
      }
      return;
    }
    var op = state.ops[slot];
    op.begin(Kind.PEER_READ, offsetBytes, lengthBytes);
    op.session = fromSession;
    state.effects.compareLocal(slot, offsetBytes, lengthBytes);
  }

  /// Answer to `compareLocal`.
  ///
  /// @param ok false when the disk refused; then the blocks count as different
  /// @param coveredBytes so many bytes from the start were compared, at least one block: all of a
  ///   range with digests
  /// @param differentMask bit i: the block that ends i blocks before the end of these differs
  void localCompared(int slot, boolean ok, int coveredBytes, long differentMask) {
    var op = state.ops[slot];
    op.kind = Kind.FREE;
    if (!ok) {
      state.effects.report(Notice.DISK);
    }
    state.effects.answerCompare(op.session, slot, coveredBytes, differentMask);
    core.roles.peerRequestEnded();
  }

  /// Target: a write of the peer is complete in this slot.
  ///
  /// @param wantsReceipt memsync: acknowledge the receipt too
  void peerWriteArrived(
      long fromSession,
      int slot,
      long offsetBytes,
      int lengthBytes,
      WriteKind kind,
      boolean wantsReceipt) {
    if (fromSession != state.session
        || state.role == Role.PRIMARY
        || !state.phase.acceptsPeerWrites()
        || state.disk == DiskState.FAILED) {
      state.effects.ackWritten(fromSession, slot, false);
      if (fromSession == state.session) {
        state.effects.closeSession(
            state.session,
            CloseReason.MALFORMED,
            "a write of the peer does not fit phase " + state.phase);
      }
      return;
    }
    var op = state.ops[slot];
    op.begin(Kind.PEER_WRITE, offsetBytes, lengthBytes);
    op.writeKind = kind;
    op.session = fromSession;
    op.arrival = ++peerWrites;
    if (wantsReceipt) {
      state.effects.ackReceived(fromSession, slot);
    }
    state.effects.writeLocal(slot, offsetBytes, lengthBytes, kind);
  }

  /// Target: the peer wants to read.
  void peerReadArrived(long fromSession, int slot, long offsetBytes, int lengthBytes) {
    if (fromSession != state.session
        || !state.phase.acceptsPeerWrites()
        || state.disk == DiskState.FAILED) {
      state.effects.answerRead(fromSession, slot, false);
      return;
    }
    var op = state.ops[slot];
    op.begin(Kind.PEER_READ, offsetBytes, lengthBytes);
    op.session = fromSession;
    state.effects.readLocal(slot, offsetBytes, lengthBytes);
  }

  /// Target: the peer flushes.
  void peerFlushArrived(long fromSession, long flushId) {
    if (fromSession == state.session) {
      // The last round has ended on both, or this one would not have begun.
      flushedWrites = flushingWrites;
      if (FlushRounds.coversAllSent(flushId)) {
        flushingWrites = peerWrites; // else it may lack what its disk had not taken yet
      }
      peerFlushes.addLast(new PeerFlush(fromSession, flushId, peerWrites));
      startPeerFlushes();
    }
  }

  /// True when the peer may not have flushed all that it wrote here: a power cut may have taken it
  /// over there.
  boolean peerMayLack() {
    return peerWrites > flushedWrites;
  }

  /// The nodes have agreed: what the peer may lack is copied to it, or it does not.
  void met() {
    flushedWrites = peerWrites;
    flushingWrites = peerWrites;
  }

  /// Number of the peer's last write.
  long writes() {
    return peerWrites;
  }

  /// A flush covers all writes that came before it, also those that are received (memsync) and not
  /// on the disk yet: it waits for them. Number of the oldest write of the peer that is under way;
  /// very large when there is none.
  long oldestPeerWrite() {
    long oldest = Long.MAX_VALUE;
    for (int i = state.settings.clientSlots() + state.settings.syncSlots();
        i < state.ops.length;
        i++) {
      if (state.ops[i].kind == Kind.PEER_WRITE) {
        oldest = Math.min(oldest, state.ops[i].arrival);
      }
    }
    return oldest;
  }

  void startPeerFlushes() {
    long oldest = oldestPeerWrite();
    while (!peerFlushes.isEmpty() && peerFlushes.getFirst().afterWrite < oldest) {
      var flush = peerFlushes.removeFirst();
      state.effects.flushForPeer(flush.session, flush.flushId);
    }
  }

  /// Answer to `flushForPeer`.
  void peerFlushDone(long fromSession, long flushId, boolean ok) {
    if (!ok) {
      core.loss.diskFailed("a flush of the local disk failed");
    }
    state.effects.ackFlushed(fromSession, flushId, ok);
  }
}
