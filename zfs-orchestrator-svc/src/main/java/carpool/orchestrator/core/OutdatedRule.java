package carpool.orchestrator.core;

/// When a standby must say of its own copy that it is outdated: the replication link is down, and
/// the other node, which is MASTER and not demoted, was heard well after that. So it lives and goes
/// on alone, and what it writes from now on is missing here; taking over later would lose it.
///
/// A master that is demoted is not counted: its replicator may be what died, and then this copy is
/// the good one.
public final class OutdatedRule {
  private static final long SECOND = 1_000_000_000L;

  /// What was heard within this time after the loss, and the time that a node waits for its
  /// replicator, proves nothing: both networks may have failed together, or the master's replicator
  /// is being restarted.
  private static final long MARGIN = 5 * SECOND;

  /// Skew of a node that demoted itself.
  private static final int DEMOTED = 240;

  private OutdatedRule() {}

  /// Whether this copy is to be marked.
  ///
  /// @param linkDownNanos for how long the link has been down
  /// @param heardNanos how long ago the master was heard
  /// @param advskew that it advertised
  /// @param holdNanos for which a node waits for its replicator
  public static boolean holds(
      Carp carp, Role role, long linkDownNanos, long heardNanos, long advskew, long holdNanos) {
    return carp == Carp.BACKUP
        && role == Role.SECONDARY
        && advskew < DEMOTED
        && silentLongEnough(linkDownNanos, heardNanos, holdNanos);
  }

  /// Whether the master was heard well after the peer's replicator fell silent. To be asked anew,
  /// with what the replicator knows, before a copy is marked: an orchestrator that did not run for
  /// a while takes a new loss for a part of the last one.
  public static boolean silentLongEnough(long silentNanos, long heardNanos, long holdNanos) {
    return heardNanos < silentNanos - MARGIN - holdNanos;
  }
}
