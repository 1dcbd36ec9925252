package carpool.orchestrator.core;

/// One line of the timeline. Repeated attempts of one step in a row are one line.
///
/// @param startedNanos of the first attempt
/// @param durationNanos up to the end of the last attempt
public record StepRecord(
    String name,
    long startedNanos,
    long durationNanos,
    Outcome outcome,
    String text,
    int attempts) {

  /// How it ended.
  public enum Outcome {
    RUNNING,
    DONE,
    FAILED,
    TIMED_OUT,
    SKIPPED
  }
}
