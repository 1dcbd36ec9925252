package carpool.replicator.core;

/// What an operator may want of a synchronisation or verification, and when.
final class SyncOrders {
  private final ReplicationCore core;
  private final CoreState state;

  SyncOrders(ReplicationCore core) {
    this.core = core;
    state = core.state;
  }

  /// An operator wants the differences copied now, from this primary.
  ///
  /// @param full copy what differs of all blocks, whatever is known
  /// @param bytesPerSecond limit for this run; 0 as configured, `Long.MAX_VALUE` none
  SyncVerdict orderSync(boolean full, long bytesPerSecond) {
    var verdict = judgeSync();
    if (verdict == SyncVerdict.ALLOWED
        && !full
        && state.phase == Phase.IN_STEP
        && !core.sync.progress().repairing()
        && !state.differences.different().isEmpty()) {
      // The primary's block may be the rotten one.
      return SyncVerdict.UNJUDGED;
    }
    if (verdict == SyncVerdict.ALLOWED) {
      core.sync.pause(false);
      core.sync.pace().order(bytesPerSecond);
      if (full) {
        state.differences.markAllDifferent();
        core.records.markDifferencesInMap();
      }
      if (state.phase == Phase.COPYING) {
        core.sync.more();
      } else {
        core.sync.repair();
      }
    }
    return verdict;
  }

  /// An operator wants copying and comparing to rest, or to go on.
  SyncVerdict pauseSync(boolean pause) {
    var verdict = judgeSync();
    if (verdict == SyncVerdict.ALLOWED) {
      core.sync.pause(pause);
    }
    return verdict;
  }

  /// An operator wants both copies compared.
  ///
  /// @param repair copy what was found afterwards
  SyncVerdict orderVerify(boolean repair) {
    var verdict = judgeVerify();
    if (verdict == SyncVerdict.ALLOWED) {
      core.sync.verify(repair);
    }
    return verdict;
  }

  /// Goes on where [#stopVerify] stopped, or starts.
  SyncVerdict resumeVerify() {
    var verdict = judgeVerify();
    if (verdict == SyncVerdict.ALLOWED && !core.sync.resumeVerify()) {
      core.sync.verify(false);
    }
    return verdict;
  }

  /// Stops comparing; what is left is remembered.
  SyncVerdict stopVerify() {
    core.sync.stopVerify();
    return SyncVerdict.ALLOWED;
  }

  private SyncVerdict judgeSync() {
    if (!state.phase.agreed()) {
      return SyncVerdict.NOT_CONNECTED;
    }
    if (state.disk == DiskState.FAILED || state.peerDisk == DiskState.FAILED) {
      return SyncVerdict.NOT_IN_STEP;
    }
    return state.role == Role.PRIMARY || state.phase.source()
        ? SyncVerdict.ALLOWED
        : SyncVerdict.NOT_PRIMARY;
  }

  private SyncVerdict judgeVerify() {
    if (state.role != Role.PRIMARY) {
      return SyncVerdict.NOT_PRIMARY;
    }
    if (state.phase != Phase.IN_STEP
        || state.disk == DiskState.FAILED
        || state.peerDisk == DiskState.FAILED) {
      return state.phase.agreed() ? SyncVerdict.NOT_IN_STEP : SyncVerdict.NOT_CONNECTED;
    }
    return SyncVerdict.ALLOWED;
  }
}
