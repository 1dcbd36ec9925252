package carpool.replicator.core.witness;

/// How many faults of each kind a world has. Everything else is unbounded.
///
/// @param linkChanges of each direction between the nodes
/// @param witnessLinkChanges of each node's link to the witness
/// @param crashes of each node
/// @param pauses of each node
/// @param writes of clients
/// @param wipes of the witness: it comes back empty
/// @param lateQuestions an OutdatePeer may arrive after its sender has stopped waiting
record Bounds(
    int linkChanges,
    int witnessLinkChanges,
    int crashes,
    int pauses,
    int writes,
    int wipes,
    boolean lateQuestions) {}
