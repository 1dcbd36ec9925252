package carpool.kit.config;

import java.time.Duration;

/// The `replicator:` section: what is the same for all resources of the pair.
///
/// @param blockPort TCP port of the block connection, on the hosts of hast.conf's `listen`
/// @param keepalive how often each side says that it is alive
/// @param deadAfter silence after which the peer is taken for dead; longer than `keepalive`
/// @param hold how long requests are held while the replicator is restarted; then the device ends
///   and the pool is given up
/// @param syncRate upper bound of a synchronisation
/// @param splitBrain what happens when both copies were written while apart
public record ReplicatorSettings(
    int blockPort,
    Duration keepalive,
    Duration deadAfter,
    Duration hold,
    Rate syncRate,
    SplitBrainPolicy splitBrain) {

  /// Who survives a split brain.
  public enum SplitBrainPolicy {
    /// Nobody by itself: an operator decides.
    NONE,
    /// The side that changed fewer extents gives way.
    KEEP_MORE_CHANGES,
    /// The side that was written to longer ago gives way.
    KEEP_LATEST_WRITE
  }
}
