package carpool.orchestrator.core;

import java.util.List;

/// A pool at one moment, for status.
///
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
    boolean unmanaged) {}
