package carpool.replicator.core;

/// What the original decides: HAST's decision by counters (hast.md section 3.4, rules 4 to 10;
/// `freebsd/freebsd-src:sbin/hastd/secondary.c init_remote`). The table that [HastGenerations] is
/// held against.
///
/// | | S.r < P.l | S.r = P.l | S.r > P.l |
/// |---|---|---|---|
/// | S.l > P.r | split brain | dirty extents, from secondary | full, from secondary |
/// | S.l = P.r | dirty extents, from primary | dirty extents, from primary | full, from primary |
/// | S.l < P.r | full, from primary | full, from primary | full, from primary |
final class GenerationCounters {
  private GenerationCounters() {}

  /// Where the blocks come from, and which.
  enum Decision {
    DIRTY_FROM_PRIMARY,
    FULL_FROM_PRIMARY,
    DIRTY_FROM_SECONDARY,
    FULL_FROM_SECONDARY,
    SPLIT_BRAIN
  }

  /// Decides for the secondary's and the primary's counters (unsigned).
  static Decision decide(
      long secondaryLocal, long secondaryRemote, long primaryLocal, long primaryRemote) {
    int local = Long.compareUnsigned(secondaryLocal, primaryRemote);
    int remote = Long.compareUnsigned(secondaryRemote, primaryLocal);
    if (local < 0) {
      return Decision.FULL_FROM_PRIMARY;
    }
    if (local == 0) {
      return remote > 0 ? Decision.FULL_FROM_PRIMARY : Decision.DIRTY_FROM_PRIMARY;
    }
    if (remote < 0) {
      return Decision.SPLIT_BRAIN;
    }
    return remote == 0 ? Decision.DIRTY_FROM_SECONDARY : Decision.FULL_FROM_SECONDARY;
  }
}
