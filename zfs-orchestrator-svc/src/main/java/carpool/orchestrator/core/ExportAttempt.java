package carpool.orchestrator.core;

/// The attempts to export the pool, all within one deadline.
final class ExportAttempt {
  boolean tried;

  /// Nanoseconds, monotonic: the first attempt.
  long since;

  /// The replicator was told that the resources are about to be given up. Stands until the next
  /// goal that keeps the pool.
  boolean announced;

  void begin(long now) {
    if (!tried) {
      tried = true;
      since = now;
    }
  }

  void reset() {
    tried = false;
  }
}
