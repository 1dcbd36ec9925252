package carpool.replicator.witness;

import carpool.replicator.witness.ReadAnswer.Versioned;
import java.util.Map;

/// What came of a compare-and-set: [Won], [Lost] or a [WitnessFailure].
public sealed interface ChangeAnswer permits ChangeAnswer.Won, ChangeAnswer.Lost, WitnessFailure {

  /// All records were as expected and hold the new values since `revision`.
  record Won(long revision) implements ChangeAnswer {}

  /// Some record was another one than expected; nothing was changed, and nothing will be by this
  /// request.
  ///
  /// @param present has every resource of the request
  record Lost(Map<String, Versioned> present) implements ChangeAnswer {}

  /// A record to be set.
  ///
  /// @param expectedRevision the modification revision that it must have; 0: must not exist
  record Change(long expectedRevision, ResourceRecord record) {}
}
