package carpool.election.core;

/// What the neighbours were told about where the addresses are.
///
/// @param lastNanos when they were told last
/// @param step how many announcements of the present mastership were made; not counted past the
///   last gap
record Announcements(long lastNanos, int step) {
  /// Announcements after the first: 1 s and 3 s after it (carp.md 3.2), then a slow refresh.
  private static final long[] GAPS_SECONDS = {1, 2, 60};

  /// Begins anew with the short gaps.
  Announcements restarted() {
    return new Announcements(lastNanos, 0);
  }

  Announcements made(long now) {
    return new Announcements(now, gap() + 1);
  }

  /// Seconds from the next announcement to the one after it.
  long gapSeconds() {
    return GAPS_SECONDS[gap()];
  }

  private int gap() {
    return Math.min(step, GAPS_SECONDS.length - 1);
  }
}
