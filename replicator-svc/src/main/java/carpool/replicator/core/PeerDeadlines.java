package carpool.replicator.core;

/// Every wait on the peer has an end that the core knows, counted in ticks.
///
/// An answer that does not come within `timeout` ends the session. A primary then goes stand-alone
/// ([GoingAlone] asks the peer first) and does not meet the peer again for a while, longer each
/// time: a peer whose disk hangs would stall the clients in each new session anew.
///
/// A slow transfer is not a stalled answer: as long as older requests are answered, the requests
/// behind them wait in a queue that moves.
final class PeerDeadlines {
  /// Begins the reason of a session that ends here for want of an answer.
  static final String UNANSWERED = "the peer is alive, but has not answered a request";

  /// Shortest time without a session after a peer made this primary wait. Longer than the question
  /// of [GoingAlone] takes.
  private static final int BACKOFF_MIN_TICKS = 5;

  private static final int BACKOFF_MAX_TICKS = 60;

  /// So long in step with every answer in time, and the peer counts as quick again.
  private static final int TRUSTED_AFTER_TICKS = 60;

  /// The hellos and the block connection take several steps, each with a limit of its own.
  private static final int HELLO_MIN_TICKS = 15;

  private final ReplicationCore core;
  private final CoreState state;

  private final Wait flush = new Wait();
  private final Wait phase = new Wait();
  private final Wait promotion = new Wait();
  private final Wait soleCopy = new Wait();
  private Phase phaseSeen = Phase.APART;
  private long phaseSession;
  private long phaseNumber;

  /// Number of the last request to the peer; requests are numbered in the order of their sending.
  private long lastAsked;

  /// Number of the oldest request that was answered since the last tick.
  private long oldestAnswered = Long.MAX_VALUE;

  /// The session that was ended by an expiry.
  private long expiredSession;

  private int timeoutTicks;
  private int backoffTicks;

  /// How often this peer has made this primary wait.
  private int expiries;

  private int trustedTicks;

  /// One thing that is waited for; the key tells one from the next.
  private static final class Wait {
    private long key;
    private long asked;
    private int ticks;
  }

  PeerDeadlines(ReplicationCore core) {
    this.core = core;
    state = core.state;
    configure(state.settings.timeoutTicks());
  }

  /// @param newTimeoutTicks how long an answer of the peer may take
  void configure(int newTimeoutTicks) {
    timeoutTicks = Math.max(1, newTimeoutTicks);
  }

  int timeoutTicks() {
    return timeoutTicks;
  }

  /// False while this primary keeps away from a peer that made it wait. One that gives its role up
  /// has nobody else to wait for.
  boolean mayMeet() {
    return backoffTicks == 0 || core.givingUp.holds();
  }

  /// The role changed: what was true of the peer's answers to a primary is over.
  void forget() {
    backoffTicks = 0;
    expiries = 0;
    trustedTicks = 0;
  }

  /// The peer was asked for something in this op.
  void asked(Op op) {
    op.asked = ++lastAsked;
    op.waitedTicks = 0;
  }

  /// The peer has answered what it was asked in this op.
  void answered(Op op) {
    oldestAnswered = Math.min(oldestAnswered, op.asked);
  }

  /// The session ended. After an expiry this primary goes stand-alone, whether or not a client
  /// waits: the next session must find it so, or its clients would wait for that one.
  void disconnected(long ofSession) {
    if (ofSession == expiredSession && state.role == Role.PRIMARY && !core.roles.demoting()) {
      core.alone.want();
    }
  }

  /// A second has passed.
  void tick() {
    if (state.session == 0) {
      rest();
    } else if (state.session != expiredSession) {
      look();
      trust();
    }
    oldestAnswered = Long.MAX_VALUE;
  }

  private void rest() {
    if (backoffTicks > 1 || (backoffTicks == 1 && !core.alone.asking())) {
      backoffTicks--;
    }
  }

  private void trust() {
    trustedTicks = state.phase == Phase.IN_STEP ? trustedTicks + 1 : 0;
    if (trustedTicks >= TRUSTED_AFTER_TICKS) {
      expiries = 0;
    }
  }

  private void look() {
    if (opExpired()) {
      return;
    }
    boolean flushing = state.flushes.remotePending();
    if (overdue(flush, flushing ? state.flushes.lastId() : 0, timeoutTicks)) {
      expire("a flush");
    } else if (overdue(phase, phaseWaits() ? phaseKey() : 0, phaseTicks())) {
      expire("in the phase " + state.phase);
    } else if (overdue(promotion, core.roles.promotionQuestion(), timeoutTicks)) {
      expire("a request for the role primary");
    } else if (overdue(
        soleCopy, state.soleCopy == SoleCopy.ASKED ? state.session : 0, timeoutTicks)) {
      expire("that it holds the only copy");
    }
  }

  private boolean opExpired() {
    for (int i = 0; i < state.settings.clientSlots() + state.settings.syncSlots(); i++) {
      var op = state.ops[i];
      if (op.kind != Op.Kind.FREE && (op.remotePending || op.comparing)) {
        // An answer before the first tick may have come before the question.
        boolean moves = op.waitedTicks > 0 && oldestAnswered < op.asked;
        op.waitedTicks = moves ? 0 : op.waitedTicks + 1;
        if (op.waitedTicks > timeoutTicks) {
          expire(op.toString());
          return true;
        }
      }
    }
    return false;
  }

  /// @param key 0 when nothing is waited for
  private boolean overdue(Wait wait, long key, int limitTicks) {
    if (key == 0 || key != wait.key) {
      wait.key = key;
      wait.asked = lastAsked;
      wait.ticks = 0;
      return false;
    }
    wait.ticks = oldestAnswered <= wait.asked ? 0 : wait.ticks + 1;
    // Seen first by the tick that followed the question.
    return wait.ticks >= limitTicks;
  }

  /// The next word is the peer's.
  private boolean phaseWaits() {
    return switch (state.phase) {
      case NEGOTIATING, SOURCE_ANNOUNCED, OFFERED, TARGET_AGREED -> true;
      case APART,
          WAITING,
          SOURCE_MARKING,
          COPYING,
          SOURCE_FLUSHING,
          SOURCE_RECORDING,
          SOURCE_RECORDING_CLEAN,
          TARGET_MARKING,
          RECEIVING,
          ADOPTING,
          IN_STEP ->
          false;
    };
  }

  /// Another number whenever session or phase is another.
  private long phaseKey() {
    if (phaseSeen != state.phase || phaseSession != state.session) {
      phaseSeen = state.phase;
      phaseSession = state.session;
      phaseNumber++;
    }
    return phaseNumber;
  }

  private int phaseTicks() {
    return state.phase == Phase.NEGOTIATING
        ? Math.max(timeoutTicks, HELLO_MIN_TICKS)
        : timeoutTicks;
  }

  private void expire(String what) {
    expiredSession = state.session;
    if (state.role == Role.PRIMARY) {
      backoffTicks = Math.min(BACKOFF_MAX_TICKS, BACKOFF_MIN_TICKS << Math.min(expiries, 4));
      expiries++;
    }
    state.effects.closeSession(
        state.session,
        CloseReason.UNANSWERED,
        UNANSWERED + " for " + timeoutTicks + " s (" + what + ")");
  }
}
