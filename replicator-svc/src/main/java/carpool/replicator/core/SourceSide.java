package carpool.replicator.core;

/// The side whose blocks count: from the agreement until the target is as good.
final class SourceSide {
  private boolean waitingFull;

  private final ReplicationCore core;
  private final CoreState state;

  SourceSide(ReplicationCore core) {
    this.core = core;
    state = core.state;
  }

  /// Nobody is primary: whoever is promoted first becomes the source.
  ///
  /// @param full everything has to be copied then
  void waits(boolean full) {
    waitingFull = full;
  }

  /// This node became primary while both waited.
  void startAfterWaiting() {
    startAsSource(waitingFull);
  }

  void startAsSource(boolean full) {
    state.become(Phase.SOURCE_MARKING);
    var peer = state.peerHello;
    if (full) {
      state.differences.markAllDifferent();
    } else if (peer != null) {
      state.differences.different().addAll(peer.different());
    }
    if (state.identity.virgin()) {
      core.alone.begin(); // or the target could not be told from the source afterwards
    }
    core.records.markDifferencesInMap();
    if (!state.map.writeDue() && !state.map.undurableLeft()) {
      sourceMarked();
    } else {
      core.records.pumpMap();
    }
  }

  void sourceMarked() {
    if (state.map.undurableLeft() || (state.identity.alone() && !state.aloneDurable)) {
      return; // called again when the next write is durable
    }
    state.effects.send(state.session, new PeerMessage.MapTaken());
    if (state.differences.different().isEmpty()) {
      state.become(Phase.SOURCE_RECORDING_CLEAN);
      recordNotAlone();
    } else {
      state.become(Phase.SOURCE_ANNOUNCED);
      core.sync.announce();
      state.effects.send(state.session, new PeerMessage.SyncStart());
    }
  }

  private void recordNotAlone() {
    if (state.identity.alone()) {
      core.flushing.aloneEnds();
      state.identity = state.identity.noLongerAlone();
      state.aloneDurable = false;
      core.records.writeMetadata(Then.NOT_ALONE, 0);
      core.flushing.pumpFlush();
    } else {
      offer();
    }
  }

  void offer() {
    state.become(Phase.OFFERED);
    state.effects.send(state.session, new PeerMessage.InStep(state.identity.asSeenByTarget()));
    core.alone.peerTakesWrites();
    core.writes.releaseHeldBack();
  }

  void syncFlushed() {
    if (!state.differences.different().isEmpty()) {
      state.become(Phase.COPYING);
      core.sync.pump();
      return;
    }
    state.become(Phase.SOURCE_RECORDING);
    recordNotAlone();
  }
}
