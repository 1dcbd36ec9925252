package carpool.replicator.core;

import carpool.replicator.core.Effects.Notice;
import carpool.replicator.core.Effects.Result;
import carpool.replicator.core.Op.Kind;

/// A primary that must not go on: it answers nothing, or everything with an error.
final class Fencing {
  private final ReplicationCore core;
  private final CoreState state;

  Fencing(ReplicationCore core) {
    this.core = core;
    state = core.state;
  }

  /// Clients get errors from now on, at once and for everything that waits. The last resort of a
  /// node that cannot give its pool up in time.
  void cutOff() {
    if (state.role == Role.PRIMARY) {
      state.cutOff = true;
      core.givingUp.forget();
      fence("cut off");
      failAll();
    }
  }

  void failAll() {
    for (int i = 0; i < state.settings.clientSlots(); i++) {
      var op = state.ops[i];
      if (op.kind == Kind.CLIENT_WRITE && !op.answered) {
        op.answered = true;
        state.effects.complete(op.slot, Result.IO_ERROR);
      } else if (op.kind == Kind.CLIENT_READ && !op.answered) {
        op.answered = true;
        state.effects.complete(op.slot, Result.IO_ERROR);
        if (!op.localPending && !op.remotePending && !op.waitsForRange) {
          core.reads.endRead(op);
        }
      }
    }
    core.writes.dropWaiting();
    core.flushing.failAll();
    core.roles.flushAbandoned();
    dropUnwatched();
  }

  /// Frees answered writes of which nobody waits for a disk, in the order that lets waiters be seen
  /// once. What the peer has carried out, and has not flushed or this disk refused, differs.
  private void dropUnwatched() {
    boolean dropped;
    do {
      dropped = false;
      for (int i = 0; i < state.settings.clientSlots(); i++) {
        var op = state.ops[i];
        if (op.kind == Kind.CLIENT_WRITE
            && op.answered
            && op.locked
            && !op.localPending
            && !op.remotePending) {
          if (op.remoteOk) {
            state.differences.markDifferent(op.offset, op.length);
          }
          core.writes.finishWrite(op);
          dropped = true;
        }
      }
    } while (dropped);
  }

  void fence(String why) {
    if (!state.fenced) {
      state.fenced = true;
      state.effects.fenced(why);
      state.effects.report(Notice.FENCED);
    }
  }
}
