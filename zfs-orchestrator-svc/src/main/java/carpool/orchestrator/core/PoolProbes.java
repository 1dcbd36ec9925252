package carpool.orchestrator.core;

import org.jspecify.annotations.Nullable;

/// What the probes of the pool found, and when the next one is due.
final class PoolProbes {
  /// It was found out once whether the pool is here.
  boolean looked;

  /// Probes in a row that could not tell whether the pool is here.
  int blindCount;

  /// Probes in a row of a served pool that found it dead.
  int deadCount;

  /// The pool is here and nothing can be served from it: what was found. Null while it is well.
  @Nullable String dead;

  /// A look found the pool suspended, and what failed is to be tried again.
  boolean clearDue;

  long nextNanos;

  /// A new goal: what was found dead may be revived. The counts go on.
  void reset() {
    dead = null;
    clearDue = false;
  }
}
