package carpool.orchestrator.core;

import org.jspecify.annotations.Nullable;

/// What an operator wants of this node. Maintenance, unmanaged and exported are kept over a
/// restart; a takeover holds only while this process lives.
final class OperatorIntent {
  /// Why the node is in maintenance; null: it is not.
  @Nullable String maintenance;

  /// Why nothing is done to the pool; null: it is looked after.
  @Nullable String unmanaged;

  boolean exported;
  boolean exportForced;

  /// This node serves although CARP does not say so.
  boolean held;

  boolean heldByForce;

  /// The next promotion is asked for by force.
  boolean force;

  OperatorIntent(Memory memory) {
    this.maintenance = memory.maintenance();
    this.unmanaged = memory.unmanaged();
    this.exported = memory.exported();
  }
}
