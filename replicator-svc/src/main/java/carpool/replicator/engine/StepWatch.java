package carpool.replicator.engine;

import carpool.replicator.core.ReplicationCore;

/// Sees the core after each of its steps, before any effect of the step is carried out. Called
/// under the engine's lock: must be quick, and must not call the engine.
@FunctionalInterface
public interface StepWatch {
  /// The core has been stepped.
  void stepped(ReplicationCore core);
}
