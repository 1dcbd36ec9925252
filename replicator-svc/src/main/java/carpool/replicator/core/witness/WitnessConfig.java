package carpool.replicator.core.witness;

/// What does not change in the life of a machine. All times are nanoseconds of the monotonic clock
/// that counts suspend.
///
/// @param node this node's name
/// @param peer the other node's name
/// @param deadAfterNanos for how long after sending a keep-alive that the peer echoes a primary may
///   answer
/// @param marginNanos by how much the two clocks may differ over `deadAfterNanos`
/// @param callNanos for how long an answer of the witness, or of the peer, is waited for
/// @param retryNanos how long after a failed call the next one is made
/// @param awakeNanos a process that was not stepped for so long counts as having stood still; more
///   than the interval of [WitnessEvent.TimePassed]
/// @param giveAwayNanos for how long a primary may hold its clients before it gives the address
///   away
public record WitnessConfig(
    String node,
    String peer,
    long deadAfterNanos,
    long marginNanos,
    long callNanos,
    long retryNanos,
    long awakeNanos,
    long giveAwayNanos,
    OnLoss onLoss) {}
