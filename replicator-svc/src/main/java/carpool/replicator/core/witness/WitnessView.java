package carpool.replicator.core.witness;

/// The record as one answer of the witness carries it.
///
/// @param incarnation the random identity that the witness carries; 0 when it carries none (empty)
/// @param revision changes with every write of the record and never comes back; 0 when absent. Of
///   several keys it is the largest, and a write at this revision holds only if every key is there
///   and none is newer
public record WitnessView(long incarnation, WitnessRecord record, long revision) {}
