package carpool.replicator.core.witness;

/// What may become of a client's request, read or write, at one moment.
public enum Permission {
  /// Answer it.
  ANSWER,
  /// Hold it: the answer may still come.
  HOLD,
  /// Answer it with an error ([OnLoss#IO_ERROR]).
  FAIL
}
