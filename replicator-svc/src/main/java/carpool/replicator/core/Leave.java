package carpool.replicator.core;

/// What became of a primary's question whether it may go on without its peer
/// (docs/replication-protocol.md, "Going on alone").
public enum Leave {
  /// Nobody answered: this node goes on by itself.
  UNREACHABLE,
  /// The peer does not serve, and its copy is outdated from now on, durably.
  GRANTED,
  /// The peer has no copy that could be served in place of this one.
  UNRELATED,
  /// The peer went on alone before: the asker's copy is the older one.
  NEWER,
  /// The peer is primary, of the same generation and promoted later; or the asker is not primary
  /// yet.
  PRIMARY;

  /// What the asked node answers, from what both hold.
  ///
  /// @param serves the asked node is primary and answers its clients
  static Leave judge(
      Tenure askedTenure,
      boolean serves,
      DiskState disk,
      Identity asked,
      Tenure askerTenure,
      Identity asker) {
    if (!disk.servable()) {
      return UNRELATED;
    }
    if (asked.generation() == asker.generation()) {
      return serves && askedTenure.goesOnBefore(askerTenure) ? PRIMARY : GRANTED;
    }
    boolean askedDescends = asked.descendsFrom(asker.generation());
    boolean askerDescends = asker.descendsFrom(asked.generation());
    if (askedDescends && !askerDescends) {
      return NEWER;
    }
    if (askerDescends && !askedDescends) {
      return GRANTED;
    }
    // Nobody is promoted beside a primary that can be reached, whatever the two hold.
    return serves && askerTenure.isNone() ? PRIMARY : UNRELATED;
  }
}
