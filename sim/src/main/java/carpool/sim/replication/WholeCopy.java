package carpool.sim.replication;

import carpool.replicator.core.Identity;

/// Whether every block is copied when two copies meet, whatever their maps say. `Negotiation` has a
/// rule for each of these cases.
public final class WholeCopy {
  private WholeCopy() {}

  /// One of the two was never written by the pair, or they are further apart than the maps of both
  /// tell.
  public static boolean due(Identity first, Identity second) {
    if (first.virgin() || second.virgin()) {
      return true;
    }
    if (first.generation() == Identity.HAST_GENERATION
        || second.generation() == Identity.HAST_GENERATION) {
      return false; // its counters tell
    }
    boolean parted = head(first) != 0 && head(first) == head(second);
    return !parted
        && first.generation() != second.generation()
        && first.generation() != ~second.generation() // the target of an unfinished copy
        && head(first) != second.generation()
        && head(second) != first.generation();
  }

  private static long head(Identity identity) {
    return identity.history().isEmpty() ? 0 : identity.history().getFirst();
  }
}
