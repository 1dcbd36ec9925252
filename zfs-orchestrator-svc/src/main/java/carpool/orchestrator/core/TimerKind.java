package carpool.orchestrator.core;

/// What the machine waits for; of each kind at most one timer is running.
enum TimerKind {
  ELECTION_LOST,
  REPLICATOR_LOST,
  /// Pause before the next attempt; nothing else is begun meanwhile.
  RETRY,
  DEVICES,
  REFUSED,
  STUCK,
  SWITCHOVER,
  /// For the step that runs while the process is to be replaced.
  LEAVING,
  FAILING,
  /// Something that failed is no longer counted.
  FAIL_WINDOW,
  /// Probe of the pool and checks of services.
  TICK,
  /// For the address to come to a node that serves.
  ADDRESS
}
