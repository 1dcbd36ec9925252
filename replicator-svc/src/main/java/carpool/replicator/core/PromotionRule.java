package carpool.replicator.core;

/// Who may become primary (design section 3, "Who may become primary").
public final class PromotionRule {
  private PromotionRule() {}

  /// Answer of the rule.
  public enum Verdict {
    ALLOWED("", ""),
    PEER_IS_PRIMARY("the peer is primary", "ask for a switchover, or stop the peer"),
    COPY_INCONSISTENT(
        "a synchronisation into this copy has not finished", "connect the peer and wait for it"),
    COPY_OUTDATED("the peer went on without this copy", "connect the peer and let it synchronise"),
    CURRENCY_UNKNOWN(
        "this node was not in contact with its peer since it started, and the peer may have newer"
            + " data",
        "start or connect the peer"),
    SPLIT_BRAIN(
        "both sides were written while apart", "name the survivor with `carpool split-brain`"),
    PEER_UNHEARD(
        "the peer could not be asked",
        "connect the peer, or let the fencing command make sure that it is off"),
    WITNESS_NAMES_PEER(
        "the witness says that only the peer may serve", "connect the peer and let it synchronise"),
    WITNESS_FOREIGN(
        "the witness is empty, or its record is not the one that the nodes agreed on",
        "connect the peer, then `carpool witness replace`"),
    WITNESS_UNHEARD(
        "neither the peer nor the witness answers", "connect the peer or bring the witness back"),
    DISK_UNUSABLE("the local disk is missing or failed", "mend or replace the disk");

    private final String reason;
    private final String hint;

    Verdict(String reason, String hint) {
      this.reason = reason;
      this.hint = hint;
    }

    /// Why not, in a sentence; empty when allowed.
    public String reason() {
      return reason;
    }

    /// What would change the answer; empty when allowed.
    public String hint() {
      return hint;
    }

    /// True when an operator may override the refusal, at the risk that [#risk] names.
    public boolean forceable() {
      return switch (this) {
        case ALLOWED,
            COPY_INCONSISTENT,
            COPY_OUTDATED,
            CURRENCY_UNKNOWN,
            SPLIT_BRAIN,
            PEER_UNHEARD,
            WITNESS_NAMES_PEER,
            WITNESS_FOREIGN,
            WITNESS_UNHEARD ->
            true;
        case PEER_IS_PRIMARY, DISK_UNUSABLE -> false;
      };
    }

    /// What force puts at risk.
    public String risk() {
      return switch (this) {
        case COPY_INCONSISTENT ->
            "the copy is a mixture of old and new blocks: data may be damaged";
        case COPY_OUTDATED, CURRENCY_UNKNOWN ->
            "writes that only the peer has are lost here, and a split brain follows if the peer"
                + " has any";
        case SPLIT_BRAIN -> "the two copies drift further apart";
        case PEER_UNHEARD, WITNESS_FOREIGN, WITNESS_UNHEARD ->
            "the peer may be writing: a split brain follows if it is";
        case WITNESS_NAMES_PEER ->
            "the peer went on alone, or may at any moment: what it has written is lost here, and a"
                + " split brain follows";
        case ALLOWED, PEER_IS_PRIMARY, DISK_UNUSABLE -> "";
      };
    }
  }

  /// Judges a copy.
  ///
  /// @param disk worth of the local copy now
  /// @param alone the copy's identity says that the peer is older
  /// @param peerConfigured false with `remote none`
  /// @param agreed a session is agreed (waiting, copying or in step)
  /// @param peerPrimary the peer said that it is primary, and may still be
  /// @param splitBrain the last meeting ended in a split brain
  /// @param vouched the witness says that nobody has anything newer
  public static Verdict judge(
      DiskState disk,
      boolean alone,
      boolean peerConfigured,
      boolean agreed,
      boolean peerPrimary,
      boolean splitBrain,
      boolean vouched) {
    if (peerPrimary) {
      return Verdict.PEER_IS_PRIMARY;
    }
    if (splitBrain) {
      return Verdict.SPLIT_BRAIN;
    }
    return switch (disk) {
      case DISKLESS, FAILED -> Verdict.DISK_UNUSABLE;
      case INCONSISTENT -> Verdict.COPY_INCONSISTENT;
      case OUTDATED -> Verdict.COPY_OUTDATED;
      case CONSISTENT ->
          agreed || alone || !peerConfigured || vouched
              ? Verdict.ALLOWED
              : Verdict.CURRENCY_UNKNOWN;
      case UP_TO_DATE -> Verdict.ALLOWED;
    };
  }
}
