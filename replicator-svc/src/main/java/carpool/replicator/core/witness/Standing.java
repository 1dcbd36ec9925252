package carpool.replicator.core.witness;

/// What this node is as far as the witness rule goes.
public enum Standing {
  /// Serves nobody.
  SECONDARY,
  /// Is to be promoted and waits for the decision.
  CANDIDATE,
  /// The same by an operator's force.
  FORCED_CANDIDATE,
  /// Primary; whether it answers is decided anew for each request.
  PRIMARY,
  /// Primary by role, but the other node serves: answers nothing until it is demoted.
  STOPPED
}
