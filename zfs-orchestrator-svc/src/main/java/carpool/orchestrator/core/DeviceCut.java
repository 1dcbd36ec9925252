package carpool.orchestrator.core;

/// The devices were cut off under a pool that could not be exported, and what was done since to get
/// rid of what still hangs on them.
final class DeviceCut {
  boolean done;

  /// Looks since the cut that found the pool still here.
  int probeCount;

  boolean detached;

  /// Nanoseconds, monotonic: not before this the last resort again.
  long lastResortNanos;
}
