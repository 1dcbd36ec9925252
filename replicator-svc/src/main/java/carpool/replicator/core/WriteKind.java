package carpool.replicator.core;

/// What a write puts into its range.
public enum WriteKind {
  /// The payload of the slot.
  DATA,
  /// Zeroes that stay allocated (NBD WRITE_ZEROES with NO_HOLE).
  ZERO,
  /// Zeroes; the store may free the space. Also what TRIM means here, so that both copies read
  /// alike (nbd.md 7.4).
  HOLE
}
