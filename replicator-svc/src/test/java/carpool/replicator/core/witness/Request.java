package carpool.replicator.core.witness;

import org.jspecify.annotations.Nullable;

/// A request to the witness on its way, or its answer on the way back.
///
/// @param record what to write; null in a read
/// @param create write only if the witness is empty
/// @param answer null while the request was not carried out
record Request(
    long call,
    long incarnation,
    long expectedRevision,
    @Nullable WitnessRecord record,
    boolean create,
    @Nullable WitnessEvent answer) {

  Request answered(WitnessEvent event) {
    return new Request(call, incarnation, expectedRevision, record, create, event);
  }

  /// Carried out late it could still change something.
  boolean pending() {
    return answer == null && record != null;
  }
}
