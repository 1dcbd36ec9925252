package carpool.replicator.core;

import carpool.replicator.core.PromotionRule.Verdict;

/// Whether the role of an earlier process is taken again. A service that is restarted within `hold`
/// of its predecessor's last sign of life goes on as primary if the peer did not take over; until
/// that is known the device stands and its users wait. No clock and no I/O.
public final class RestartRecovery {
  /// What to do now.
  public enum Move {
    /// Nothing is being tried.
    NONE,
    /// Wait: the peer may still say what became of the role.
    WAIT,
    /// Take the role.
    PROMOTE,
    /// The role is not taken again: the device goes, its users get errors.
    GIVE_UP
  }

  private static final long SECOND_NANOS = 1_000_000_000L;

  private final long holdNanos;
  private boolean trying;
  private long deadlineNanos;

  /// @param holdNanos for how long after the predecessor's last sign of life the role may be taken
  ///   again
  public RestartRecovery(long holdNanos) {
    this.holdNanos = holdNanos;
  }

  /// A predecessor had the role on this boot.
  ///
  /// @param agoNanos its last sign of life
  /// @param nowNanos the monotonic clock
  /// @return true when the role is tried for
  public boolean start(long agoNanos, long nowNanos) {
    trying = agoNanos < holdNanos;
    deadlineNanos = nowNanos + holdNanos - agoNanos;
    return trying;
  }

  /// The role is being tried for.
  public boolean trying() {
    return trying;
  }

  /// The role was taken, or given up, or asked for by somebody else.
  public void end() {
    trying = false;
  }

  /// Judges the moment.
  ///
  /// @param verdict what the core says to a promotion now
  public Move look(Verdict verdict, long nowNanos) {
    if (!trying) {
      return Move.NONE;
    }
    return switch (verdict) {
      case ALLOWED -> Move.PROMOTE;
      case CURRENCY_UNKNOWN, WITNESS_UNHEARD ->
          nowNanos - deadlineNanos >= 0 ? Move.GIVE_UP : Move.WAIT;
      case PEER_IS_PRIMARY,
          COPY_INCONSISTENT,
          COPY_OUTDATED,
          SPLIT_BRAIN,
          PEER_UNHEARD,
          WITNESS_NAMES_PEER,
          WITNESS_FOREIGN,
          DISK_UNUSABLE ->
          Move.GIVE_UP;
    };
  }

  /// Why the role is given up, for people.
  public String reason(Verdict verdict) {
    return verdict == Verdict.CURRENCY_UNKNOWN
        ? "the peer was not met within " + holdNanos / SECOND_NANOS + " s"
        : verdict + ": " + verdict.reason() + ": " + verdict.hint();
  }
}
