package carpool.replicator.core;

import carpool.replicator.core.Effects.Notice;

/// The local disk fails: a primary goes on with the peer's copy when the peer knows, durably, that
/// it is the only one ([SoleCopy]); and the peer's side of that.
final class DiskLoss {
  /// The peer said that its disk failed; the answer waits until this copy is durably the only one.
  private boolean soleCopyAsked;

  /// Number of the peer's last write before it said so.
  private long soleCopyAfterWrite;

  private final ReplicationCore core;
  private final CoreState state;

  DiskLoss(ReplicationCore core) {
    this.core = core;
    state = core.state;
  }

  /// The local disk is of no use any more. A primary whose peer is in step goes on with the peer's
  /// copy; any other stops.
  void diskFailed(String what) {
    if (state.disk == DiskState.FAILED) {
      return;
    }
    state.disk = DiskState.FAILED;
    state.effects.report(Notice.DISK);
    if (state.role == Role.PRIMARY
        && !state.fenced
        && state.phase == Phase.IN_STEP
        && state.peerDisk.servable()) {
      state.soleCopy = SoleCopy.ASKED;
      state.effects.send(state.session, new PeerMessage.DiskFailed());
      core.writes.holdBackMapWaiters();
      // As well as it can be done: after a restart this copy must not pass for a good one, even if
      // the peer falls before it has recorded the same.
      core.records.writeMetadata(Then.NOTHING, 0, DiskState.INCONSISTENT);
      return;
    }
    if (state.session != 0) {
      state.effects.closeSession(state.session, what);
    }
    if (state.role == Role.PRIMARY) {
      core.fencing.fence(what);
    }
  }

  /// The peer knows, durably, that its copy is the only one: what waited goes on there.
  void soleCopyConfirmed() {
    state.soleCopy = SoleCopy.CONFIRMED;
    core.writes.soleCopyConfirmed();
    core.flushing.pumpFlush();
    core.roles.continueDemotion();
  }

  /// The session ended: who asked is asked again in the next.
  void disconnected() {
    soleCopyAsked = false;
    if (state.soleCopy != SoleCopy.NONE) {
      state.soleCopy = SoleCopy.NONE;
      if (state.role == Role.PRIMARY) {
        core.fencing.fence("the local disk failed and the peer is gone");
      }
    }
  }

  /// The primary's disk failed: this copy goes on under a new generation, so that whatever is left
  /// over there can never pass for as good. What was received before, and perhaps answered
  /// (memsync), is on this disk before that is confirmed.
  void becomeSoleCopy() {
    state.peerDisk = DiskState.FAILED;
    soleCopyAsked = true;
    soleCopyAfterWrite = core.peerRequests.writes();
    state.differences.markAllDifferent();
    core.records.markDifferencesInMap();
    if (!state.identity.alone()) {
      state.identity = state.identity.goOnAlone(state.freshGeneration());
      state.aloneDurable = false;
      core.records.writeMetadata(Then.SOLE_COPY, 0);
    }
    state.effects.report(Notice.DISK);
    confirmSoleCopy();
  }

  void confirmSoleCopy() {
    if (soleCopyAsked
        && state.phase == Phase.IN_STEP
        && state.aloneReady()
        && soleCopyAfterWrite < core.peerRequests.oldestPeerWrite()
        && !state.map.writeDue()
        && !state.map.undurableLeft()) {
      soleCopyAsked = false;
      state.effects.send(state.session, new PeerMessage.SoleCopyTaken());
    }
  }
}
