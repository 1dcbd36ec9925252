package carpool.replicator.core.witness;

/// What a primary does with its clients' requests when neither the peer nor the witness answers.
public enum OnLoss {
  /// Hold them until one of the two answers.
  SUSPEND,
  /// Answer them with an error until one of the two answers.
  IO_ERROR,
  /// Serve as without a witness: two nodes may then serve at once.
  CONTINUE
}
