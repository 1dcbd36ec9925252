package carpool.replicator.core;

/// Whether an operator's order to synchronise or to verify is carried out.
public enum SyncVerdict {
  ALLOWED,
  /// The primary's blocks count: the order belongs there.
  NOT_PRIMARY,
  NOT_CONNECTED,
  /// What is being synchronised cannot be verified yet; and a failed disk is no copy.
  NOT_IN_STEP,
  /// A verification found what differs, and nobody has said which copy is right.
  UNJUDGED
}
