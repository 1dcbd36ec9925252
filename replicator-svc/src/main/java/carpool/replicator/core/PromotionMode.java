package carpool.replicator.core;

/// How much a promotion must be sure of.
public enum PromotionMode {
  /// What the rule asks for ([PromotionRule]); an unreachable peer does not stand in the way.
  CHECKED,

  /// Besides, the peer itself must have answered. For whoever can make sure by other means that an
  /// unreachable peer is off, and asks again when that is done.
  PEER_WORD,

  /// The operator takes the risk that the rule names.
  FORCED;

  /// The mode of a request that knows no more than whether it is by force.
  public static PromotionMode of(boolean force) {
    return force ? FORCED : CHECKED;
  }
}
