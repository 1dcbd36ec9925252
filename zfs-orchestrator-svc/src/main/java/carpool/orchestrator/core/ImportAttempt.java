package carpool.orchestrator.core;

/// The attempts to import the pool, all within one deadline.
final class ImportAttempt {
  boolean tried;

  /// Nanoseconds, monotonic: the first attempt.
  long since;

  /// There is no pool on the devices, by one look; a second one confirms it.
  boolean notFoundOnce;

  boolean notFound;

  void begin(long now) {
    if (!tried) {
      tried = true;
      since = now;
    }
  }

  void reset() {
    tried = false;
    notFoundOnce = false;
    notFound = false;
  }
}
