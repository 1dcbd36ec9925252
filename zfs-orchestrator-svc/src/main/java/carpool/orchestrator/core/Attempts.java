package carpool.orchestrator.core;

/// The attempts at one thing that is tried again until it is done, all within one deadline.
abstract class Attempts {
  boolean tried;

  /// Nanoseconds, monotonic: the first attempt.
  long since;

  void begin(long now) {
    if (!tried) {
      tried = true;
      since = now;
    }
  }

  /// A new goal: the next attempt is the first one.
  void reset() {
    tried = false;
  }
}
