package carpool.orchestrator.core;

/// One service as it is.
///
/// @param restarts since the pool was taken over
/// @param problem last output of a failed command; empty when all is well
public record ServiceView(Running running, long sinceNanos, int restarts, String problem) {

  /// What is known of it.
  public enum Running {
    STOPPED,
    /// Not looked at since this process started, or a command was broken off.
    UNKNOWN,
    STARTING,
    RUNNING,
    STOPPING,
    FAILED
  }
}
