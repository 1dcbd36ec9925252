package carpool.orchestrator.core;

/// State of the election group that a pool follows, as told by the election service.
public enum Carp {
  /// The election service does not answer.
  UNKNOWN,
  INIT,
  BACKUP,
  MASTER
}
