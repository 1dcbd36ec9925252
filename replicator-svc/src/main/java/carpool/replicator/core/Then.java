package carpool.replicator.core;

/// What follows when a record of the metadata is durable.
enum Then {
  NOTHING,
  /// Writes that waited for the new generation may be answered.
  ALONE,
  /// Target: recorded as inconsistent, blocks may come.
  TARGET_MARKED,
  /// Target: the source's identity is taken over.
  ADOPTED,
  /// Source: the target may be told that it is in step.
  NOT_ALONE,
  PROMOTED,
  DEMOTED,
  /// The peer of a failed disk: this copy is the only one.
  SOLE_COPY,
  /// The peer may go on alone: this copy is outdated.
  LEAVE_GIVEN,
  /// The peer may become primary: it is recorded that this node was not the last one.
  PROMOTION_GRANTED
}
