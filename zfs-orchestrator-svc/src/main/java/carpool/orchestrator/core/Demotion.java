package carpool.orchestrator.core;

/// The demotion of the resources under way.
final class Demotion {
  /// The replicator agreed; the roles may lag behind.
  boolean granted;

  boolean tried;

  /// Nanoseconds, monotonic: the first attempt.
  long since;

  /// The demotion did not end in its time and the devices were cut off for it.
  boolean cut;

  void begin(long now) {
    if (!tried) {
      tried = true;
      since = now;
    }
  }

  void reset() {
    granted = false;
    tried = false;
    cut = false;
  }
}
