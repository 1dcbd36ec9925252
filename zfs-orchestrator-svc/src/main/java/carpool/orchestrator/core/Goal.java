package carpool.orchestrator.core;

/// What the pool is being moved towards.
enum Goal {
  SERVE,
  /// Resources primary, pool exported: an operator's wish.
  EXPORT,
  /// Nothing here, all resources secondary.
  YIELD
}
