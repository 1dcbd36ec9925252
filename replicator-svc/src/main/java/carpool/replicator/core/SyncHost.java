package carpool.replicator.core;

import carpool.replicator.core.FlushRounds.Waiter;

/// What the synchronisation needs of its core.
final class SyncHost implements Synchronisation.Host {
  private final ReplicationCore core;
  private final CoreState state;

  SyncHost(ReplicationCore core) {
    this.core = core;
    state = core.state;
  }

  @Override
  public Synchronisation.Work work() {
    if (state.phase == Phase.COPYING) {
      return Synchronisation.Work.COPY;
    }
    return state.phase == Phase.IN_STEP
            && state.role == Role.PRIMARY
            && !state.fenced
            && !core.roles.demoting()
            && state.disk != DiskState.FAILED
            && state.peerDisk != DiskState.FAILED
        ? Synchronisation.Work.IN_STEP
        : Synchronisation.Work.NONE;
  }

  @Override
  public long session() {
    return state.session;
  }

  @Override
  public void release(Op op) {
    core.releaseRange(op);
    core.roles.continueDemotion();
  }

  @Override
  public void copied() {
    state.become(Phase.SOURCE_FLUSHING);
    state.flushes.add(new Waiter.SyncEnd(state.session));
    core.flushing.pumpFlush();
  }

  @Override
  public void repaired() {
    state.flushes.add(new Waiter.Background());
    core.flushing.pumpFlush();
  }

  @Override
  public void unreadable(long offsetBytes, int lengthBytes) {
    core.reads.repair(offsetBytes, lengthBytes);
  }

  @Override
  public void asks(Op op) {
    core.deadlines.asked(op);
  }

  @Override
  public void markInMap(long offsetBytes, long lengthBytes) {
    state.map.mark(offsetBytes, lengthBytes);
    core.records.pumpMap();
  }
}
