package carpool.orchestrator.core;

/// The attempts to import the pool.
final class ImportAttempt extends Attempts {
  /// There is no pool on the devices, by one look; a second one confirms it.
  boolean notFoundOnce;

  boolean notFound;

  @Override
  void reset() {
    super.reset();
    notFoundOnce = false;
    notFound = false;
  }
}
