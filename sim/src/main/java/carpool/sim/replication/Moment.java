package carpool.sim.replication;

/// A moment at which a fault is worth most.
enum Moment {
  /// A write of the activemap or of the metadata is under way.
  RECORD,
  /// A flush of this node's own is under way.
  FLUSH,
  /// A flush for the peer is under way.
  FLUSH_FOR_PEER,
  /// A receipt of a write that is not carried out yet was sent.
  RECEIPT,
  /// The peer has written what this node has perhaps not.
  PEER_WROTE,
  /// A client was told that its write is done.
  ANSWERED,
  /// A client was told that its flush is done.
  FLUSHED,
  /// The node became primary.
  PROMOTED,
  /// The node is about to give its role up to the peer.
  GIVES_UP,
  /// The node goes on alone.
  ALONE
}
