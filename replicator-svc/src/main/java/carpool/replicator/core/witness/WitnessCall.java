package carpool.replicator.core.witness;

/// The one call to the witness that this node waits for. An answer with another token is late and
/// is not heard.
public sealed interface WitnessCall {
  long token();

  /// When it counts as failed. Nanoseconds.
  long deadlineNanos();

  /// A read of the record.
  record Reading(long token, long deadlineNanos) implements WitnessCall {}

  /// A transaction.
  record Writing(long token, long deadlineNanos, WitnessRecord record) implements WitnessCall {}
}
