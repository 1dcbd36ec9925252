package carpool.replicator.witness;

import java.time.Instant;

/// What the witness keeps for one resource.
///
/// @param cluster name of the pair
/// @param pool whose records change together
/// @param incarnation random identity of this set-up of the witness; another one is another witness
/// @param writer the node that wrote this
/// @param written by the writer's clock; for people only
public record ResourceRecord(
    String cluster,
    String pool,
    String resource,
    String incarnation,
    Holder holder,
    String writer,
    Instant written) {}
