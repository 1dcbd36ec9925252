package carpool.replicator.core;

/// Invariants of the core: always on. Who steps the core turns the error into a fail-stop (style
/// 4.8).
public final class Check {
  private Check() {}

  /// A broken invariant; never caught inside the core.
  public static final class Broken extends Error {
    private static final long serialVersionUID = 1L;

    Broken(String what) {
      super(what);
    }
  }

  /// Stops everything unless the invariant holds.
  ///
  /// @throws Broken when `holds` is false
  public static void invariant(boolean holds, String what) {
    if (!holds) {
      throw new Broken(what);
    }
  }
}
