package carpool.replicator.core.witness;

/// How the two copies stand to each other in a session.
public enum SyncState {
  /// The copies differ; this one is the source. A write may be answered without the peer once the
  /// peer has recorded that its copy is unusable, or while [WitnessState#alone].
  SOURCE,
  /// The copies differ; this one is the target.
  TARGET,
  /// This copy is the source and has durably recorded that it is no longer ahead; the peer is about
  /// to record that its copy is usable, or has done so. A write is answered only when both have it.
  COMMITTING,
  /// Both nodes have durably recorded that the copies are in sync.
  IN_SYNC
}
