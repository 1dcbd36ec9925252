package carpool.orchestrator.core;

/// The attempts to export the pool.
final class ExportAttempt extends Attempts {
  /// The replicator was told that the resources are about to be given up. Stands until the next
  /// goal that keeps the pool.
  boolean announced;
}
