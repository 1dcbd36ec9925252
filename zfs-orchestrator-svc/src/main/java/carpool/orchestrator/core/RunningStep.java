package carpool.orchestrator.core;

import org.jspecify.annotations.Nullable;

/// The step that runs; at most one does.
final class RunningStep {
  @Nullable Step step;

  /// Of the step begun last: the end of an earlier one counts for nothing.
  long token;

  boolean aborting;

  /// Not shown: a probe, or a check of what is served.
  boolean quiet;
}
