package carpool.orchestrator.core;

/// Where a pool is, for operators.
public enum Phase {
  STARTING,
  /// Not here.
  STANDBY,
  TAKING_OVER,
  SERVING,
  GIVING_UP,
  /// Should serve and may not or cannot.
  BLOCKED,
  /// The devices are there and hold no pool of this name.
  NO_POOL,
  /// Export did not end in time; the devices were cut off.
  CUT_OFF
}
