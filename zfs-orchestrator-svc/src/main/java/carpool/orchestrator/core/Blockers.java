package carpool.orchestrator.core;

import org.jspecify.annotations.Nullable;

/// What blocks this node from serving, apart from an operator and the other services. Each is set
/// and cleared on its own; none is kept over a restart.
final class Blockers {
  /// A failure on this node that moves the pool.
  record Failing(Cause cause, String text) {}

  /// Why this node has no clients while the other one has; null: it has, or nothing tells, or an
  /// operator took over all the same.
  @Nullable String clientsLost;

  /// The peer has newer data.
  boolean fenced;

  /// The pool is here, and a device under it is gone for good.
  boolean broken;

  /// Remembered for a while after the pool was given up, as a cause of demotion.
  @Nullable Failing failing;

  /// The failure still takes the pool away; false once CARP has moved.
  boolean failingYields;

  /// The replicator refused the promotion for what this node's copy is.
  @Nullable Failure refused;

  void fail(Cause cause, String text) {
    failing = new Failing(cause, text);
    failingYields = true;
  }

  void forgetFailing() {
    failing = null;
    failingYields = false;
  }
}
