package carpool.orchestrator.core;

/// Why the replicator does not let this node become primary: the reasons of its contract that the
/// orchestrator tells apart.
public enum Refusal {
  /// Nothing stands in the way.
  NONE,
  /// The old primary has not given up yet; passes by itself.
  PEER_IS_PRIMARY,
  COPY_INCONSISTENT,
  COPY_OUTDATED,
  CURRENCY_UNKNOWN,
  SPLIT_BRAIN,
  /// The peer was to be asked and could not be reached: it is to be fenced first.
  PEER_UNHEARD,
  /// The local disk is missing or failed.
  DISK_UNUSABLE,
  /// The record of the witness says that only the peer may serve.
  WITNESS_NAMES_PEER,
  /// The witness has no record, or one that the nodes do not trust.
  WITNESS_FOREIGN,
  /// Neither the peer nor the witness answers. No fault of this node: nothing is held against it
  /// once one of the two is back.
  WITNESS_UNHEARD,
  /// Every reason not listed here.
  OTHER;

  /// True when it stays until something is done about it. While the peer is primary this node
  /// cannot be, which is how it should be and says nothing about its copy.
  public boolean stays() {
    return this != NONE && this != PEER_IS_PRIMARY;
  }

  /// True when the data of this node is what stands in the way: it must not be served from here.
  public boolean aboutData() {
    return stays() && this != PEER_UNHEARD;
  }

  /// The refusal that a reason word of the contract means.
  public static Refusal of(String reason) {
    return switch (reason) {
      case "" -> NONE;
      case "PEER_IS_PRIMARY", "HAND_OVER_TIMED_OUT", "HAND_OVER_REFUSED" -> PEER_IS_PRIMARY;
      case "COPY_INCONSISTENT" -> COPY_INCONSISTENT;
      case "COPY_OUTDATED" -> COPY_OUTDATED;
      case "CURRENCY_UNKNOWN" -> CURRENCY_UNKNOWN;
      case "SPLIT_BRAIN" -> SPLIT_BRAIN;
      case "PEER_UNHEARD" -> PEER_UNHEARD;
      case "PROVIDER_MISSING" -> DISK_UNUSABLE;
      case "WITNESS_NAMES_PEER" -> WITNESS_NAMES_PEER;
      case "WITNESS_FOREIGN" -> WITNESS_FOREIGN;
      case "WITNESS_UNHEARD" -> WITNESS_UNHEARD;
      default -> OTHER;
    };
  }
}
