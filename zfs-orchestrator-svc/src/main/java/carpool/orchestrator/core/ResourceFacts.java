package carpool.orchestrator.core;

/// What the workflow needs to know of one resource, as the replicator's watch told last.
///
/// @param deviceReady the device node exists and has its size
/// @param resuming the replicator was restarted and may take the role of primary again: the device
///   stands and requests are held
/// @param fenced a primary that must not go on: clients get no answers, the pool has to be given up
/// @param refusal what stands in the way of this node becoming primary
/// @param linkUp connected with the peer
/// @param peerPrimary the peer says that it is primary; false when not connected
/// @param peerCurrent the peer's copy is up to date; false when not connected
/// @param held a primary whose clients wait until the peer or the witness allows it to go on
public record ResourceFacts(
    String name,
    Role role,
    boolean deviceReady,
    boolean resuming,
    boolean fenced,
    Refusal refusal,
    boolean linkUp,
    boolean peerPrimary,
    boolean peerCurrent,
    boolean held) {

  /// A resource whose clients are not held.
  public ResourceFacts(
      String name,
      Role role,
      boolean deviceReady,
      boolean resuming,
      boolean fenced,
      Refusal refusal,
      boolean linkUp,
      boolean peerPrimary,
      boolean peerCurrent) {
    this(
        name,
        role,
        deviceReady,
        resuming,
        fenced,
        refusal,
        linkUp,
        peerPrimary,
        peerCurrent,
        false);
  }

  /// The other node could go on with it now, as far as this one can know.
  public boolean peerAble() {
    return linkUp && peerCurrent;
  }

  /// This node can give nothing more of it to the other: the role is gone, and so is the disk. The
  /// peer has no session with such a node, and had everything before: a primary whose disk failed
  /// answers only what its peer has on its own disk.
  boolean givenUpWithoutDisk() {
    return role == Role.SECONDARY && refusal == Refusal.DISK_UNUSABLE;
  }

  /// What hangs on the device goes on, now or soon.
  boolean carries() {
    return role == Role.PRIMARY || resuming;
  }
}
