package carpool.replicator.core;

/// Why two nodes do not replicate. The names travel on the wire and stand in status; each says what
/// an operator can do.
public enum RefusalReason {
  SIZE_DIFFERS("the two providers offer different sizes: create both with the same media size"),
  RESUID_DIFFERS("the two copies belong to different pairs: create one of them anew"),
  SPLIT_BRAIN("both sides were written while apart: name the survivor with `carpool split-brain`"),
  BOTH_PRIMARY("both nodes are primary: this node waits until the other gives up"),
  PEER_OUTDATED_PRIMARY("the peer is primary on an older copy: it has to give up first"),
  OUTDATED_PRIMARY("the peer's copy is newer than that of this primary"),
  NO_USABLE_COPY("neither side has a consistent copy to start from"),
  PEER_DISK_UNUSABLE("the peer's disk is failed or detached"),
  DISK_UNUSABLE("the local disk is failed or detached"),
  PEER_NOT_READY("the peer does not take part now (role init)"),
  NOT_READY("this node does not take part now (role init)");

  private final String text;

  RefusalReason(String text) {
    this.text = text;
  }

  /// A sentence for people.
  public String text() {
    return text;
  }
}
