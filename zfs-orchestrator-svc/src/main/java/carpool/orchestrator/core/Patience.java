package carpool.orchestrator.core;

/// How long the workflow waits for things that have no deadline of their own in the configuration.
/// Nanoseconds.
final class Patience {
  private static final long SECOND = 1_000_000_000L;

  /// Both services are restarted by a supervisor within about a second; only a longer silence is an
  /// outage.
  static final long ELECTION_LOST = 5 * SECOND;

  static final long REPLICATOR_LOST = 10 * SECOND;

  /// For the first answer of a service that was neither reached nor refused the connection: a
  /// machine that has just started is busy.
  static final long FIRST_CONTACT = 30 * SECOND;

  /// A command that only reads.
  static final long INSPECT = 5 * SECOND;

  static final long CUT_OFF = 5 * SECOND;

  /// For a running step before a restart: the next process finds out what became of it.
  static final long LEAVING = SECOND;

  /// For the command of the last resort, and until it is tried again.
  static final long LAST_RESORT = 30 * SECOND;

  /// Between attempts of a step that failed.
  static final long RETRY = SECOND;

  /// Between promotions while the old primary has not given up, when its watch tells nothing.
  static final long PEER_RETRY = SECOND / 2;

  /// For the old primary to give up; then this node says that it cannot take over, so that the
  /// address goes back to where the pool is.
  static final long HAND_OVER = 90 * SECOND;

  /// After a refusal for the data's sake, when nothing seems to change.
  static final long REFUSED = 10 * SECOND;

  /// After a takeover that failed while the peer could not help either.
  static final long STUCK = 10 * SECOND;

  /// For CARP to move after a resignation, and for the peer to become primary after that.
  static final long RESIGN = 10 * SECOND;

  static final long PEER_TAKES_OVER = 30 * SECOND;

  /// A failed node yields to the other for so long.
  static final long FAILING = 60 * SECOND;

  /// For the address, once the pool is served: all pools of the group have to be.
  static final long ADDRESS = 30 * SECOND;

  static final long PROBE_SERVING = 5 * SECOND;

  /// For a pool that was cleared to be well.
  static final long CLEARED = SECOND;

  static final long PROBE_WAITING = 2 * SECOND;
  static final long PROBE_STANDBY = 10 * SECOND;

  /// Between checks of a service that was started and is not yet well.
  static final long CHECK_STARTING = SECOND / 4;

  static final long CHECK_SUSPECT = SECOND;

  /// A service that ran for so long gets its restarts back.
  static final long BUDGET_REFILL = 300 * SECOND;

  private Patience() {}
}
