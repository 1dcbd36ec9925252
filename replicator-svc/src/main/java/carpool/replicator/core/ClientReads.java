package carpool.replicator.core;

import carpool.replicator.core.Effects.Notice;
import carpool.replicator.core.Effects.Result;
import carpool.replicator.core.Op.Kind;
import java.util.ArrayDeque;

/// Reads of clients, from this disk; from the peer what this disk does not give (R6).
final class ClientReads {
  /// Read, but nothing is answered before the peer was asked ([Doubt]).
  private final ArrayDeque<Op> held = new ArrayDeque<>();

  private final ReplicationCore core;
  private final CoreState state;

  ClientReads(ReplicationCore core) {
    this.core = core;
    state = core.state;
  }

  /// A client reads. Answered by `complete` and `release`.
  void clientRead(int slot, long offsetBytes, int lengthBytes) {
    if (core.roles.refused(slot)) {
      return;
    }
    core.sync.pace().clientActive();
    var op = state.ops[slot];
    op.begin(Kind.CLIENT_READ, offsetBytes, lengthBytes);
    if (state.soleCopy != SoleCopy.NONE) {
      readFromPeer(op);
    } else {
      op.localPending = true;
      state.effects.readLocal(slot, offsetBytes, lengthBytes);
    }
  }

  /// Answer to `readLocal`.
  void localRead(int slot, boolean diskSaysOk) {
    var op = state.ops[slot];
    boolean ok = diskSaysOk && state.disk != DiskState.FAILED;
    switch (op.kind) {
      case CLIENT_READ -> {
        op.localPending = false;
        if (op.answered) {
          endRead(op);
        } else if (ok && core.doubt.holdsAnswers()) {
          op.heldBack = true;
          held.add(op);
        } else if (ok && !state.fenced) {
          op.answered = true;
          state.answerOk(slot);
          endRead(op);
        } else if (!ok) {
          state.effects.report(Notice.DISK);
          readFromPeer(op);
        }
      }
      case PEER_READ -> {
        op.kind = Kind.FREE;
        state.effects.answerRead(op.session, slot, ok);
      }
      case FREE, CLIENT_WRITE, PEER_WRITE, SYNC_COPY, REPAIR ->
          Check.invariant(false, "read answered for " + op);
    }
  }

  /// R6: what cannot be read here is read from the peer. Under a range lock, so that the peer has
  /// every write that was answered before.
  private void readFromPeer(Op op) {
    if (state.ranges.acquireOrWait(op)) {
      askPeer(op);
    } else {
      op.waitsForRange = true;
    }
  }

  void askPeer(Op op) {
    if (op.answered) { // failed while it waited for its range
      endRead(op);
    } else if (peerHolds(op)) {
      op.remotePending = true;
      op.session = state.session;
      core.deadlines.asked(op);
      state.effects.sendRead(state.session, op.slot, op.offset, op.length);
    } else {
      readFailed(op);
    }
  }

  /// True when the peer's copy of the op's range is as good as this node's.
  private boolean peerHolds(Op op) {
    return state.phase.peerTakesWrites()
        && !state.differences.differs(op.offset, op.length)
        && state.peerDisk != DiskState.FAILED;
  }

  /// Neither copy can be read. A fenced node answers nothing; its clients hear of it when it gives
  /// up.
  void readFailed(Op op) {
    if (!state.fenced) {
      op.answered = true;
      state.effects.complete(op.slot, Result.IO_ERROR);
      endRead(op);
    }
  }

  /// The peer's word is there: what was read is answered, unless this node is fenced.
  void answerHeld() {
    for (int i = held.size(); i > 0; i--) {
      var op = held.removeFirst();
      op.heldBack = false;
      if (!state.fenced) {
        op.answered = true;
        state.answerOk(op.slot);
        endRead(op);
      }
    }
  }

  void endRead(Op op) {
    if (op.heldBack) {
      op.heldBack = false;
      held.remove(op);
    }
    op.kind = Kind.FREE;
    state.effects.release(op.slot);
    if (op.locked) {
      core.releaseRange(op);
    }
    core.roles.continueDemotion();
  }

  /// Writes again what could be read from the peer only, so that the disk can put it elsewhere.
  /// Left out when no slot is free: the next read of the block comes here again.
  void repair(long offset, int length) {
    var op = state.disk == DiskState.FAILED ? null : core.sync.freeOp();
    if (op == null) {
      return;
    }
    op.begin(Kind.REPAIR, offset, length);
    if (!state.ranges.tryAcquire(op)) {
      op.kind = Kind.FREE; // a client writes there now, which repairs it too
    } else if (peerHolds(op)) {
      op.remotePending = true;
      op.session = state.session;
      core.deadlines.asked(op);
      state.effects.sendRead(state.session, op.slot, op.offset, op.length);
    } else {
      endRepair(op);
    }
  }

  void endRepair(Op op) {
    op.kind = Kind.FREE;
    core.releaseRange(op);
    core.roles.continueDemotion();
    core.sync.pump();
  }

  /// The peer's answer to `sendRead`.
  void peerReadDone(long fromSession, int slot, boolean ok) {
    var op = state.ops[slot];
    if (fromSession != state.session || !op.remotePending) {
      return;
    }
    core.deadlines.answered(op);
    op.remotePending = false;
    if (op.kind == Kind.REPAIR) {
      if (ok && state.disk != DiskState.FAILED) {
        op.localPending = true;
        state.effects.writeLocal(slot, op.offset, op.length, WriteKind.DATA);
      } else {
        endRepair(op);
      }
    } else if (op.answered) {
      endRead(op);
    } else if (ok && core.doubt.holdsAnswers()) {
      op.heldBack = true;
      held.add(op);
    } else if (ok && !state.fenced) {
      op.answered = true;
      state.answerOk(slot);
      long offset = op.offset;
      int length = op.length;
      endRead(op);
      repair(offset, length);
    } else if (!ok) {
      readFailed(op);
    }
  }
}
