package carpool.replicator.core;

import carpool.replicator.core.FlushRounds.Waiter;
import carpool.replicator.core.Op.Kind;
import java.util.ArrayDeque;
import java.util.List;

/// Writes of clients: marked, written on both copies, answered (rules W1 to W4 of
/// docs/replication-protocol.md).
final class ClientWrites {
  private final ArrayDeque<Op> mapWaiters = new ArrayDeque<>();
  private final ArrayDeque<Op> heldBack = new ArrayDeque<>();

  private final ReplicationCore core;
  private final CoreState state;

  ClientWrites(ReplicationCore core) {
    this.core = core;
    state = core.state;
  }

  /// A client writes. Answered by `complete` and, when the buffer is free, `release`.
  void clientWrite(int slot, long offsetBytes, int lengthBytes, WriteKind kind, boolean fua) {
    if (core.roles.refused(slot)) {
      return;
    }
    core.sync.pace().clientActive();
    var op = state.ops[slot];
    op.begin(Kind.CLIENT_WRITE, offsetBytes, lengthBytes);
    op.writeKind = kind;
    op.fua = fua;
    if (state.ranges.acquireOrWait(op)) {
      startWrite(op);
    }
  }

  void startWrite(Op op) {
    if (op.answered) { // failed while it waited for its range
      finishWrite(op);
      return;
    }
    if (state.disk == DiskState.FAILED || state.map.mark(op.offset, op.length)) {
      runWrite(op);
    } else {
      op.waitsForMap = true;
      mapWaiters.add(op);
      core.records.pumpMap();
    }
  }

  /// Sectors of the activemap are durable: who waited for them goes on.
  void mapWritten() {
    for (int i = mapWaiters.size(); i > 0; i--) {
      var op = mapWaiters.removeFirst();
      if (state.map.durable(op.offset, op.length)) {
        op.waitsForMap = false;
        runWrite(op);
      } else {
        mapWaiters.addLast(op);
      }
    }
  }

  /// The generation under which this node goes on alone is durable.
  void aloneDurable() {
    settleAll();
  }

  /// What held answers back is over.
  void settleAll() {
    for (int i = 0; i < state.settings.clientSlots(); i++) {
      if (state.ops[i].kind == Kind.CLIENT_WRITE
          && state.ops[i].locked
          && !notBegun(state.ops[i])) {
        settleWrite(state.ops[i]);
      }
    }
  }

  /// The local disk failed: nothing waits for its activemap any more.
  void holdBackMapWaiters() {
    for (var op : List.copyOf(mapWaiters)) {
      op.waitsForMap = false;
      heldBack.add(op);
    }
    mapWaiters.clear();
  }

  /// The peer's copy takes the place of this disk: what is under way is settled anew.
  void soleCopyConfirmed() {
    for (int i = 0; i < state.settings.clientSlots(); i++) {
      if (state.ops[i].kind == Kind.CLIENT_WRITE
          && state.ops[i].locked
          && !heldBack.contains(state.ops[i])) {
        settleWrite(state.ops[i]);
      }
    }
    releaseHeldBack();
  }

  /// The op waits for the activemap or for the peer to be settled.
  boolean notBegun(Op op) {
    return op.waitsForMap || heldBack.contains(op);
  }

  /// Forgets the writes that have not begun; they are answered already.
  void dropWaiting() {
    heldBack.clear();
    mapWaiters.removeIf(op -> op.kind == Kind.CLIENT_WRITE);
  }

  private void runWrite(Op op) {
    if (holdsWrites()) {
      heldBack.add(op);
      return;
    }
    if (state.soleCopy == SoleCopy.CONFIRMED) {
      sendWrite(op);
      return;
    }
    op.localPending = true;
    if (state.phase.peerTakesWrites()) {
      sendWrite(op);
    } else {
      state.differences.markDifferent(op.offset, op.length);
      core.alone.want();
    }
    state.effects.writeLocal(op.slot, op.offset, op.length, op.writeKind);
  }

  /// While it is being settled whether the peer is in step, a write neither goes to the peer nor
  /// makes it outdated; the wait is as short as a message, or ends with the session. On a failed
  /// disk nothing is begun, unless the peer's copy takes its place.
  private boolean holdsWrites() {
    return (state.disk == DiskState.FAILED && state.soleCopy != SoleCopy.CONFIRMED)
        || state.phase == Phase.SOURCE_RECORDING_CLEAN
        || ((state.phase == Phase.SOURCE_MARKING || state.phase == Phase.SOURCE_ANNOUNCED)
            && !state.identity.alone());
  }

  void releaseHeldBack() {
    while (!heldBack.isEmpty() && !holdsWrites()) {
      runWrite(heldBack.removeFirst());
    }
  }

  /// The one place that decides whether a write may be answered (W1 to W4).
  private boolean mayAnswer(Op op) {
    if (state.fenced || op.answered || op.localPending || core.doubt.holdsAnswers()) {
      return false;
    }
    if (state.disk == DiskState.FAILED) {
      // In every mode: there is no other copy.
      return state.soleCopy == SoleCopy.CONFIRMED && op.remoteOk;
    }
    if (!op.localOk) {
      return false;
    }
    if (op.remotePending) {
      return !op.fua
          && switch (state.mode) {
            case FULLSYNC -> false;
            case MEMSYNC -> op.remoteReceived;
            case ASYNC -> true;
          };
    }
    return op.remoteOk || state.aloneReady();
  }

  /// Writes that were carried out here while the nodes were apart and not answered: the peer takes
  /// them now. Their blocks count as different and are copied besides.
  void resendHeld() {
    for (int i = 0; i < state.settings.clientSlots(); i++) {
      var op = state.ops[i];
      if (op.kind == Kind.CLIENT_WRITE
          && op.locked
          && !notBegun(op)
          && !op.answered
          && !op.awaitsFlush
          && !op.remotePending
          && !op.remoteOk) {
        sendWrite(op);
      }
    }
  }

  private void sendWrite(Op op) {
    op.remotePending = true;
    op.remoteReceived = false;
    op.session = state.session;
    core.deadlines.asked(op);
    state.effects.sendWrite(state.session, op.slot, op.offset, op.length, op.writeKind);
  }

  void settleWrite(Op op) {
    if (op.awaitsFlush) {
      return;
    }
    if (mayAnswer(op)) {
      if (op.fua) {
        // Counted as unflushed first: the flush that starts now covers it.
        markIfOnBoth(op);
        op.awaitsFlush = true;
        state.flushes.add(new Waiter.ForcedWrite(op.slot));
        core.flushing.pumpFlush();
        return;
      }
      op.answered = true;
      state.answerOk(op.slot);
    }
    if (op.answered && !op.localPending && !op.remotePending) {
      markIfOnBoth(op);
      finishWrite(op);
    }
  }

  private void markIfOnBoth(Op op) {
    if (op.remoteOk) {
      state.differences.markUnflushed(op.offset, op.length);
      op.remoteOk = false;
    }
  }

  void finishWrite(Op op) {
    op.kind = Kind.FREE;
    state.effects.release(op.slot);
    core.releaseRange(op);
    core.roles.continueDemotion();
  }

  /// The peer has received the write in this slot (memsync).
  void peerReceived(long fromSession, int slot) {
    var op = state.ops[slot];
    if (fromSession == state.session && op.kind == Kind.CLIENT_WRITE && op.remotePending) {
      op.remoteReceived = true;
      settleWrite(op);
    }
  }
}
