package carpool.replicator.core.witness;

/// A primary answers nothing for the moment.
///
/// @param sinceNanos since when
/// @param unheard neither the peer nor the witness has answered since then
/// @param gaveAway the address was given away meanwhile
public record Hold(long sinceNanos, boolean unheard, boolean gaveAway) {}
