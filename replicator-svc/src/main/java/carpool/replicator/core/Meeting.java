package carpool.replicator.core;

import carpool.replicator.core.Effects.Notice;
import carpool.replicator.core.Op.Kind;
import org.jspecify.annotations.Nullable;

/// The session with the peer, from the hellos to its end.
final class Meeting {
  @Nullable RefusalReason refusal;
  private @Nullable Hello ownHello;

  private final ReplicationCore core;
  private final CoreState state;

  Meeting(ReplicationCore core) {
    this.core = core;
    state = core.state;
  }

  /// Starts a session: what to tell the peer. Only when [ReplicationCore#readyForSession].
  ///
  /// @param newSession number of the session, larger than any before, not 0
  Hello openSession(long newSession) {
    Check.invariant(core.readyForSession(), "not ready for a session");
    state.session = newSession;
    state.become(Phase.NEGOTIATING);
    core.doubt.helloSent();
    ownHello =
        new Hello(
            state.settings.nodeName(),
            state.role,
            state.primaryTicks,
            state.wasPrimary,
            state.toldDisk(),
            state.identity,
            state.settings.dataSizeBytes(),
            state.ids.getAsLong(),
            state.yields,
            state.differences.different().copy());
    return ownHello;
  }

  /// Both hellos are exchanged and the block connection stands.
  void connected(long ofSession, Hello fromPeer) {
    var mine = ownHello;
    if (ofSession != state.session || state.phase != Phase.NEGOTIATING || mine == null) {
      return;
    }
    if (mine.role() != state.role
        || mine.disk() != state.toldDisk()
        || mine.yields() != state.yields
        || !mine.identity().equals(state.identity)) {
      state.effects.closeSession(state.session, "this node changed while negotiating");
      return;
    }
    var agreement = Negotiation.decide(mine, fromPeer);
    if (!(agreement instanceof Agreement.Source) && moreDiffersThan(mine)) {
      // It was promoted, wrote, and gave the role up since.
      state.effects.closeSession(state.session, "blocks were written while negotiating");
      return;
    }
    state.peerHello = fromPeer;
    state.peerRole = fromPeer.role();
    state.peerDisk = fromPeer.disk();
    switch (agreement) {
      case Agreement.Refused(var reason) -> refuse(reason);
      case Agreement.Fenced(var reason) -> {
        refuse(reason);
        state.peerNewer |= reason == RefusalReason.OUTDATED_PRIMARY;
        core.fencing.fence(reason.text());
      }
      case Agreement.Source(boolean full, long resuid) -> {
        agree(resuid);
        state.disk = DiskState.UP_TO_DATE;
        core.source.startAsSource(full);
      }
      case Agreement.Target(boolean full, long resuid) -> {
        agree(resuid);
        if (state.disk != DiskState.INCONSISTENT) {
          // From now on it is known that the peer has more; only being in step changes that.
          state.disk = DiskState.OUTDATED;
          core.records.writeMetadata(Then.NOTHING, 0);
        }
        state.become(Phase.TARGET_AGREED);
      }
      case Agreement.Waiting(boolean full, long resuid) -> {
        agree(resuid);
        state.disk = DiskState.UP_TO_DATE;
        core.source.waits(full);
        state.become(Phase.WAITING);
      }
    }
    if (state.phase.agreed()) {
      core.doubt.met();
    }
    core.roles.met();
  }

  /// The peer goes by the blocks that the hello named. Only a source goes by its own of this
  /// moment.
  private boolean moreDiffersThan(Hello hello) {
    var untold = state.differences.different().copy();
    untold.removeAll(hello.different());
    return !untold.isEmpty();
  }

  private void agree(long resuid) {
    refusal = null;
    core.alone.met();
    core.peerRequests.met();
    state.peerMayLack = false;
    state.peerNewer = false;
    state.splitBrain = false;
    if (state.identity.resuid() != resuid) {
      state.identity = state.identity.withResuid(resuid);
      core.records.writeMetadata(Then.NOTHING, 0);
    }
    state.effects.report(Notice.CONNECT);
  }

  private void refuse(RefusalReason reason) {
    boolean news = refusal != reason;
    refusal = reason;
    if (reason == RefusalReason.SPLIT_BRAIN) {
      state.splitBrain = true;
    }
    if (news) {
      state.effects.report(
          reason == RefusalReason.SPLIT_BRAIN ? Notice.SPLIT_BRAIN : Notice.REFUSED);
    }
    state.effects.closeSession(state.session, reason.text());
  }

  /// The session ended, whoever ended it. Nothing of it is heard afterwards.
  void disconnected(long ofSession) {
    if (ofSession == 0 || ofSession != state.session) {
      return;
    }
    boolean interrupted = state.phase == Phase.COPYING || state.phase == Phase.RECEIVING;
    boolean wasAgreed = state.phase.agreed();
    state.session = 0;
    state.become(Phase.APART);
    state.peerRole = Role.INIT;
    state.peerDisk = DiskState.DISKLESS;
    ownHello = null;
    state.peerHello = null;
    core.loss.disconnected();
    losePeer();
    core.alone.disconnected();
    core.doubt.disconnected();
    core.deadlines.disconnected(ofSession);
    if (interrupted) {
      state.effects.report(Notice.SYNC_INTERRUPTED);
    }
    if (wasAgreed) {
      state.effects.report(Notice.DISCONNECT);
    }
    core.roles.disconnected();
    core.writes.releaseHeldBack();
  }

  private void losePeer() {
    boolean answeredAlready = false;
    boolean unreceived = false;
    for (int i = 0; i < state.settings.clientSlots() + state.settings.syncSlots(); i++) {
      var op = state.ops[i];
      if (op.remotePending) {
        op.remotePending = false;
        op.remoteOk = false;
        if (op.kind == Kind.CLIENT_WRITE) {
          state.differences.markDifferent(op.offset, op.length);
          answeredAlready |= op.answered;
          unreceived |= op.answered && !op.remoteReceived;
          if (!op.answered) {
            core.alone.want();
          }
        }
      } else if (op.kind == Kind.CLIENT_WRITE && op.remoteOk) {
        // Acknowledged by the peer, but not counted as unflushed yet.
        state.differences.markDifferent(op.offset, op.length);
      }
    }
    state.differences.peerLost();
    if (unreceived) {
      core.alone.wantForAnswered();
    } else if (answeredAlready) {
      core.alone.want();
    }
    state.flushes.peerLost();
    for (int i = 0; i < state.settings.clientSlots() + state.settings.syncSlots(); i++) {
      var op = state.ops[i];
      switch (op.kind) {
        case CLIENT_WRITE -> {
          if (op.locked && !core.writes.notBegun(op)) {
            core.writes.settleWrite(op);
          }
        }
        case SYNC_COPY -> core.sync.peerLost(op);
        case CLIENT_READ -> {
          if (op.locked && op.answered) {
            core.reads.endRead(op);
          } else if (op.locked && !op.heldBack) {
            core.reads.readFailed(op);
          }
        }
        case REPAIR -> {
          if (!op.localPending) {
            core.reads.endRepair(op);
          }
        }
        case FREE, PEER_WRITE, PEER_READ -> {}
      }
    }
    core.flushing.endFlushRound();
  }
}
