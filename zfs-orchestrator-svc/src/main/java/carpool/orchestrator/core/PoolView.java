package carpool.orchestrator.core;

import java.util.List;

/// A pool at one moment, for status.
///
/// @param against why this node could not serve it well, one sentence each; empty: it could
/// @param busy a command is being carried out, or a move of the pool
/// @param step name of the step being worked on; empty when none
public record PoolView(
    Phase phase,
    long sinceNanos,
    boolean imported,
    Health health,
    String problem,
    String hint,
    String step,
    List<ServiceView> services,
    boolean maintenance,
    boolean unmanaged,
    List<String> against,
    boolean busy) {}
