package carpool.replicator.core.witness;

/// The one question to the peer that is not answered.
///
/// @param askedNanos this node's clock when it was asked
public record PeerQuestion(long token, long askedNanos, Kind kind) {
  /// What is asked.
  public enum Kind {
    /// May I become primary, in this session? A yes is a promise, as an echoed keep-alive is.
    PROMOTE,
    /// I am primary and go stand-alone: record durably that your copy is outdated.
    OUTDATE
  }
}
