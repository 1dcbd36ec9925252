package carpool.replicator.core;

/// When a write counts as done (hast.md section 6.1).
public enum ReplicationMode {
  /// Written here and there.
  FULLSYNC,
  /// Written here, received there.
  MEMSYNC,
  /// Written here.
  ASYNC
}
