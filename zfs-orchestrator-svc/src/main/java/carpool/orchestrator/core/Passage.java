package carpool.orchestrator.core;

import java.util.List;

/// One takeover, give-up, switchover, import, export or adoption, with its steps.
///
/// @param endedNanos meaningful when `over`
/// @param problem why it did not get where it should; empty when it did
public record Passage(
    String kind,
    String cause,
    long startedNanos,
    long endedNanos,
    boolean over,
    String problem,
    List<StepRecord> steps) {

  /// Nothing was done to the pool: the process before this one served it, and this one goes on.
  public static final String ADOPTION = "adoption";
}
