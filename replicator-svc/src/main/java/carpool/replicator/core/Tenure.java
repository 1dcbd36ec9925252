package carpool.replicator.core;

/// How long a node has been primary, to choose between two that are it on the same generation.
///
/// The one that was promoted later goes on: that was done because the other did not answer, so it
/// is the other that stood still or was cut off. The choice is the same for all resources of a
/// pool, which are promoted together; by names alone a pool could be torn, with the newer copy of
/// one disk here and of another there.
///
/// @param ticks of the core's time since the promotion
public record Tenure(String nodeName, int ticks) {
  /// What a node claims that is not primary yet: nothing against one that is.
  static Tenure none(String nodeName) {
    return new Tenure(nodeName, Integer.MAX_VALUE);
  }

  /// The claim of a node that is not primary.
  public boolean isNone() {
    return ticks == Integer.MAX_VALUE;
  }

  /// Whether this node goes on and the other gives way.
  boolean goesOnBefore(Tenure other) {
    return ticks != other.ticks ? ticks < other.ticks : nodeName.compareTo(other.nodeName) < 0;
  }
}
