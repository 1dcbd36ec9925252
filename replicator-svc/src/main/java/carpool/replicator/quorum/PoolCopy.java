package carpool.replicator.quorum;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Phase;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.Role;

/// What the rule needs to know of one resource of a pool.
///
/// @param usable the copy may be promoted as far as it knows itself: neither outdated nor half
///   synchronised
record PoolCopy(boolean primary, boolean fenced, Phase phase, boolean usable) {
  static PoolCopy of(ReplicationCore core) {
    return new PoolCopy(
        core.role() == Role.PRIMARY,
        core.fenced(),
        core.phase(),
        core.disk() == DiskState.UP_TO_DATE || core.disk() == DiskState.CONSISTENT);
  }

  /// The same without making one, after each step.
  boolean describes(ReplicationCore core) {
    return phase == core.phase()
        && primary == (core.role() == Role.PRIMARY)
        && fenced == core.fenced()
        && usable == (core.disk() == DiskState.UP_TO_DATE || core.disk() == DiskState.CONSISTENT);
  }
}
