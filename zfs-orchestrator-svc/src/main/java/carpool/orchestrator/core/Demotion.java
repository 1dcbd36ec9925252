package carpool.orchestrator.core;

/// The demotion of the resources under way.
final class Demotion extends Attempts {
  /// The replicator agreed; the roles may lag behind.
  boolean granted;

  /// The demotion did not end in its time and the devices were cut off for it.
  boolean cut;

  @Override
  void reset() {
    super.reset();
    granted = false;
    cut = false;
  }
}
