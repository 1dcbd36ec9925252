package carpool.replicator.core;

import carpool.replicator.core.Effects.Notice;
import carpool.replicator.core.FlushRounds.Waiter;

/// What the peer says in a session, in order with its data.
final class Conversation {
  private final ReplicationCore core;
  private final CoreState state;

  Conversation(ReplicationCore core) {
    this.core = core;
    state = core.state;
  }

  /// A message of the peer, in order with its data.
  void message(long ofSession, PeerMessage message) {
    if (ofSession != state.session || !state.phase.agreed()) {
      return;
    }
    switch (message) {
      case PeerMessage.StateChanged(var newRole, var newDisk) -> peerChanged(newRole, newDisk);
      case PeerMessage.PromotionRequest() -> core.roles.peerWantsPromotion();
      case PeerMessage.PromotionAnswer(boolean granted) -> core.roles.promotionAnswered(granted);
      case PeerMessage.MapTaken() -> {
        if (expects(state.phase == Phase.TARGET_AGREED || state.phase == Phase.WAITING)) {
          state.differences.different().clear();
          state.map.clean(core.records.needed(), true);
          core.records.pumpMap();
          state.become(Phase.TARGET_AGREED);
        }
      }
      case PeerMessage.SyncStart() -> {
        if (expects(state.phase == Phase.TARGET_AGREED || state.phase == Phase.WAITING)) {
          state.become(Phase.TARGET_MARKING);
          loseOwnGeneration();
          state.disk = DiskState.INCONSISTENT;
          state.effects.report(Notice.SYNC_START);
          core.records.writeMetadata(Then.TARGET_MARKED, 0);
        }
      }
      case PeerMessage.SyncReady() -> {
        if (expects(state.phase == Phase.SOURCE_ANNOUNCED)) {
          state.become(Phase.COPYING);
          state.peerDisk = DiskState.INCONSISTENT;
          state.effects.report(Notice.SYNC_START);
          core.alone.peerTakesWrites();
          core.writes.releaseHeldBack();
          core.sync.begin();
        }
      }
      case PeerMessage.InStep(var adopted) -> {
        if (expects(state.phase == Phase.RECEIVING || state.phase == Phase.TARGET_AGREED)) {
          state.become(Phase.ADOPTING);
          // Its hello may have said less: it knows now that nobody has anything newer.
          state.peerDisk = DiskState.UP_TO_DATE;
          state.flushes.add(new Waiter.Adoption(state.session, adopted));
          core.flushing.pumpFlush();
        }
      }
      case PeerMessage.InStepDone() -> {
        if (expects(state.phase == Phase.OFFERED)) {
          state.become(Phase.IN_STEP);
          state.peerDisk = DiskState.UP_TO_DATE;
          state.yields = false;
          state.map.clean(core.records.needed(), true);
          core.records.pumpMap();
          state.effects.report(Notice.SYNC_DONE);
          core.sync.pump();
        }
      }
      case PeerMessage.DiskFailed() -> {
        if (expects(state.phase == Phase.IN_STEP && state.role != Role.PRIMARY)) {
          core.loss.becomeSoleCopy();
        }
      }
      case PeerMessage.SoleCopyTaken() -> {
        if (expects(state.soleCopy == SoleCopy.ASKED)) {
          core.loss.soleCopyConfirmed();
        }
      }
    }
  }

  /// The target's copy becomes a mixture: it is no longer what its generation says.
  private void loseOwnGeneration() {
    var peer = state.peerHello;
    if (peer == null) {
      return;
    }
    var own = state.identity.knownTo(peer.identity(), state.disk == DiskState.INCONSISTENT);
    if (!own.equals(state.identity)) {
      return; // unfinished already
    }
    if (!peer.identity().continues(own)) {
      // This side lost a split brain. Its own branch ends here, or an interruption would find the
      // split brain again.
      state.identity = own.backToWherePartedFrom(peer.identity());
      state.aloneDurable = false;
    } else if (peer.identity().generation() == own.generation()) {
      state.identity = own.unfinished();
    }
  }

  private boolean expects(boolean rightPhase) {
    if (!rightPhase) {
      state.effects.closeSession(
          state.session,
          CloseReason.MALFORMED,
          "the peer's message does not fit phase " + state.phase);
    }
    return rightPhase;
  }

  private void peerChanged(Role newRole, DiskState newDisk) {
    state.peerRole = newRole;
    state.peerDisk = newDisk;
    if (newRole == Role.PRIMARY && state.role == Role.PRIMARY) {
      state.effects.closeSession(state.session, RefusalReason.BOTH_PRIMARY.text());
    } else if (newRole == Role.PRIMARY
        && state.phase == Phase.IN_STEP
        && !state.differences.different().isEmpty()) {
      // What a verification found and nobody repaired: the new primary learns it from our hello.
      state.effects.closeSession(state.session, "blocks that differ are known to this node only");
    }
    state.effects.report(Notice.ROLE);
  }
}
