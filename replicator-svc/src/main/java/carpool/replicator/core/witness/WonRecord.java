package carpool.replicator.core.witness;

/// The record as this process wrote it last, nothing having been sent by it since.
///
/// @param revision of that transaction
public record WonRecord(WitnessRecord record, long revision) {}
