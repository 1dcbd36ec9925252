package carpool.replicator.core;

/// What two nodes agree on when they meet; each side computes its own half from the same two
/// hellos.
public sealed interface Agreement {

  /// This node's blocks are copied to the peer.
  ///
  /// @param full every block counts as different
  /// @param resuid number of the pair from now on
  record Source(boolean full, long resuid) implements Agreement {}

  /// This node receives blocks.
  record Target(boolean full, long resuid) implements Agreement {}

  /// Equal copies of equal worth and no primary: connected, and the first to be promoted is the
  /// source of whatever differs.
  ///
  /// @param full nothing was ever copied between the two
  record Waiting(boolean full, long resuid) implements Agreement {}

  /// No session.
  record Refused(RefusalReason reason) implements Agreement {}

  /// This node is primary but must not be: it stops acknowledging at once (R5).
  record Fenced(RefusalReason reason) implements Agreement {}
}
