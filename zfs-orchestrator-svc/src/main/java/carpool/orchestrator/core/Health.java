package carpool.orchestrator.core;

/// Health of an imported pool. A mounted file system that answers is ONLINE.
public enum Health {
  /// Not imported, or not known.
  NONE,
  ONLINE,
  /// Imported, and a dataset that should be mounted is not: what a service wrote would go to the
  /// file system below.
  UNMOUNTED,
  DEGRADED,
  FAULTED,
  SUSPENDED;

  /// True when nothing can be served from the pool any more.
  public boolean dead() {
    return this == FAULTED || this == SUSPENDED;
  }
}
