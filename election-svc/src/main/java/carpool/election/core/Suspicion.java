package carpool.election.core;

/// Things that can be innocent once and are an attack or a mistake when they repeat. Each is a
/// counter in status and metrics. None of them changes a role by itself.
public enum Suspicion {
  /// Two masters at the same time: we heard one while being one.
  ANOTHER_MASTER("another-master", "another master advertises while this node is master"),
  /// A leave marker, or a claim of a slower peer, was contradicted by a living master.
  CLAIM_CONTRADICTED("claim-contradicted", "a takeover was begun and a living master contradicted"),
  /// A takeover or preemption was put off because the role was lost to an advertisement just now.
  HELD_BACK("held-back", "a takeover was held back to bound flapping"),
  /// This process did not run for a while.
  CLOCK_LATE("clock-late", "the process did not run in time"),
  /// Somebody else answers ARP or NDP for our address.
  DUPLICATE_ADDRESS("duplicate-address", "another host answers for a virtual address"),
  /// A peer advertised a priority it did not have before.
  PRIORITY_CHANGED("priority-changed", "a peer changed its advbase or advskew"),
  /// An address not heard before advertises for this group with the right key.
  NEW_PEER("new-peer", "a peer was heard for the first time"),
  /// Packets were sorted out as replays; more than one is no accident.
  REPLAY("replay", "an old advertisement was replayed");

  private final String label;
  private final String text;

  Suspicion(String label, String text) {
    this.label = label;
    this.text = text;
  }

  /// Name in metrics and status: lower case, hyphens.
  public String label() {
    return label;
  }

  /// What a log line says.
  public String text() {
    return text;
  }
}
