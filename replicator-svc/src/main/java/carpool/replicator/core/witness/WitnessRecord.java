package carpool.replicator.core.witness;

/// What the witness holds about one pool: the resources of a pool are read and written in one
/// transaction, so that they say the same.
public sealed interface WitnessRecord {

  /// Nothing was recorded. Nobody may win on it: what the copies hold is unknown to the witness.
  record Absent() implements WitnessRecord {}

  /// The copies are in sync as far as anybody was allowed to answer: each node may win.
  record Both() implements WitnessRecord {}

  /// Only this node may serve.
  ///
  /// @param node name of the node
  /// @param generation random, drawn for the one transaction that wrote it: a node whose answer was
  ///   lost finds its own win by reading
  /// @param forced written by an operator's force, and therefore never taken for a late win
  record Only(String node, long generation, boolean forced) implements WitnessRecord {}

  /// The record names this node.
  default boolean names(String node) {
    return this instanceof Only only && only.node().equals(node);
  }
}
