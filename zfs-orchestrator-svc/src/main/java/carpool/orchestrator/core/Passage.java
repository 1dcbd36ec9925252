package carpool.orchestrator.core;

import java.util.List;

/// One takeover, give-up, switchover, import, export or adoption, with its steps.
///
/// @param endedNanos meaningful when `over`
/// @param problem why it did not get where it should; empty when it did
public record Passage(
    PassageKind kind,
    String cause,
    long startedNanos,
    long endedNanos,
    boolean over,
    String problem,
    List<StepRecord> steps) {}
