package carpool.replicator.witness;

/// Who may go on without the other node. Both forms carry a random number that is fresh for each
/// attempt to write them, so a node whose answer got lost recognises its own win.
public sealed interface Holder {
  /// Fresh for each attempt.
  long generation();

  /// The copies are in sync: either node may win.
  record Both(long generation) implements Holder {}

  /// That node alone.
  ///
  /// @param forced written by an operator's force
  record Only(String node, long generation, boolean forced) implements Holder {
    /// Written by the rule.
    public Only(String node, long generation) {
      this(node, generation, false);
    }
  }
}
