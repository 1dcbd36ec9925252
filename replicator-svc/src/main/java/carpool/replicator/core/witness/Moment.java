package carpool.replicator.core.witness;

/// What comes in with every event.
///
/// @param nowNanos the monotonic clock that counts suspend; only differences count
/// @param fresh random, not 0, never used before in this cluster: becomes the generation of a claim
///   or the token of a call
public record Moment(long nowNanos, long fresh) {}
