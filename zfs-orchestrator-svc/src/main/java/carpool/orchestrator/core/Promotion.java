package carpool.orchestrator.core;

/// The promotion of the resources under way, and what the peer has to do with it.
final class Promotion {
  /// The replicator agreed; the roles may lag behind.
  boolean granted;

  /// The peer could not be asked: fencing is next.
  boolean peerUnheard;

  /// The peer was fenced for the promotion that is next.
  boolean peerFenced;

  /// The peer is still primary, and gives up soon.
  boolean waitingForPeer;

  long peerPrimarySince;

  /// A promotion was asked for, now or before a crash, and no demotion has ended since: the watch
  /// may lag behind what the replicator did. Outlives the goal.
  boolean mayBePrimary = true;

  /// A new goal: nothing was asked for yet, and a peer fenced for one takeover is not for the next.
  void reset() {
    granted = false;
    peerUnheard = false;
    peerFenced = false;
    waitingForPeer = false;
  }
}
