package carpool.replicator.core;

/// How far a primary whose own disk failed is in going on with its peer's copy.
///
/// The peer must first durably draw a new generation and mark every block as different: the failed
/// disk may come back after a restart and must not pass for a copy of the same worth (R1, R4).
enum SoleCopy {
  /// This node's disk is good, or nobody can take its place.
  NONE,
  /// The peer was told and has not answered: nothing is answered to clients meanwhile.
  ASKED,
  /// Reads, writes and flushes are the peer's.
  CONFIRMED
}
