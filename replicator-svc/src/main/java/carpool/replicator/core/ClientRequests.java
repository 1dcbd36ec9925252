package carpool.replicator.core;

/// What clients wait for now.
///
/// @param local requests that the local disk works on
/// @param remote requests that the peer works on; one may be in both
/// @param held requests that neither works on and that are not answered: they wait for the peer,
///   for a record, for another request on the same blocks, or until it is known who may answer
public record ClientRequests(int local, int remote, int held) {}
