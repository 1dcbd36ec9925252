package carpool.replicator.core.witness;

/// What became of a question to the peer.
public enum PeerAnswer {
  /// The peer agrees. To an OUTDATE question: its copy is durably outdated.
  GRANTED,
  /// The peer is primary, or goes first.
  REFUSED,
  /// Nobody answered, in time or at all.
  UNREACHABLE
}
