package carpool.replicator.core.witness;

import carpool.replicator.core.witness.WitnessCall.Writing;
import carpool.replicator.core.witness.WitnessRecord.Both;
import carpool.replicator.core.witness.WitnessRecord.Only;

/// The product's machine with one rule broken. The exhaustive check has to find each.
enum Fault implements Rule {
  /// A read of *only me* is taken for a win.
  GOES_ON_AFTER_A_READ {
    @Override
    public Transition step(WitnessState s, Moment moment, WitnessEvent event) {
      return event instanceof WitnessEvent.RecordRead(_, var view)
              && view.record() instanceof Only(var node, var generation, _)
              && node.equals(s.config().node())
          ? PRODUCT.step(States.withClaim(s, generation), moment, event)
          : PRODUCT.step(s, moment, event);
    }
  },

  /// A transaction without an answer counts as won.
  TIMEOUT_COUNTS_AS_WON {
    @Override
    public Transition step(WitnessState s, Moment moment, WitnessEvent event) {
      return PRODUCT.step(
          s,
          moment,
          failed(s, event) ? new WitnessEvent.TransactionWon(tokenOf(s), UNKNOWN_REVISION) : event);
    }
  },

  /// A transaction without an answer counts as lost, and a later read does not know its generation.
  TIMEOUT_COUNTS_AS_LOST {
    @Override
    public Transition step(WitnessState s, Moment moment, WitnessEvent event) {
      if (failed(s, event)) {
        var view =
            new WitnessView(
                s.incarnation(), new Only(s.config().peer(), 0, false), UNKNOWN_REVISION);
        return PRODUCT.step(s, moment, new WitnessEvent.TransactionLost(tokenOf(s), view));
      }
      return PRODUCT.step(
          s,
          moment,
          event instanceof WitnessEvent.RecordRead(var call, var view)
                  && view.record().names(s.config().node())
              ? new WitnessEvent.RecordRead(
                  call,
                  new WitnessView(
                      view.incarnation(), new Only(s.config().peer(), 0, false), view.revision()))
              : event);
    }
  },

  /// The source resets the record to *both* while it still copies.
  RESETS_BEFORE_IN_SYNC {
    @Override
    public Transition step(WitnessState s, Moment moment, WitnessEvent event) {
      return PRODUCT.step(
          s,
          moment,
          event instanceof WitnessEvent.SessionOpened(var sync) && sync == SyncState.SOURCE
              ? new WitnessEvent.SessionOpened(SyncState.IN_SYNC)
              : event);
    }
  },

  /// A candidate asks the witness before its promise is over.
  DOES_NOT_KEEP_ITS_PROMISE {
    @Override
    public Transition step(WitnessState s, Moment moment, WitnessEvent event) {
      return PRODUCT.step(States.withPromise(s, moment.nowNanos()), moment, event);
    }
  },

  /// A process that stood still answers by what it knew before.
  ANSWERS_BEFORE_ASKING {
    @Override
    public boolean answers(WitnessState s, long nowNanos) {
      boolean asleep = nowNanos - s.awakeUntilNanos() >= 0;
      return PRODUCT.answers(s, nowNanos)
          || (asleep && s.standing() == Standing.PRIMARY && (s.alone() || s.session() != null));
    }
  },

  /// A process that starts does not keep what its predecessor may have promised.
  FORGETS_ITS_PROMISE {
    @Override
    public WitnessState start(
        WitnessConfig config, long incarnation, boolean copyUsable, long nowNanos) {
      return States.withPromise(PRODUCT.start(config, incarnation, copyUsable, nowNanos), nowNanos);
    }
  },

  /// A won record is relied on until the reset is answered.
  KEEPS_ITS_WIN_UNTIL_THE_RESET_IS_ANSWERED {
    @Override
    public Transition step(WitnessState s, Moment moment, WitnessEvent event) {
      var transition = PRODUCT.step(s, moment, event);
      boolean resetSent =
          transition.effects().stream()
              .anyMatch(e ->
                  e instanceof WitnessEffect.WriteRecord write && write.record() instanceof Both);
      return resetSent && s.won() != null && s.won().record() instanceof Only
          ? new Transition(States.withWon(transition.next(), s.won()), transition.effects())
          : transition;
    }
  },

  /// The generation of a claim is recognised after a session in between.
  RECOGNISES_AN_OLD_CLAIM {
    @Override
    public Transition step(WitnessState s, Moment moment, WitnessEvent event) {
      var transition = PRODUCT.step(s, moment, event);
      return event instanceof WitnessEvent.SessionOpened
          ? new Transition(States.withClaim(transition.next(), s.claim()), transition.effects())
          : transition;
    }
  },

  /// A primary resets to *both* in a session that may be a memory.
  SETTLES_WITHOUT_A_LEASE {
    @Override
    public Transition step(WitnessState s, Moment moment, WitnessEvent event) {
      boolean inSession = s.standing() == Standing.PRIMARY && s.session() != null;
      if (!inSession || !(event instanceof WitnessEvent.TimePassed || isAnswer(event))) {
        return PRODUCT.step(s, moment, event);
      }
      var transition = PRODUCT.step(States.withLease(s, moment.nowNanos() + 1), moment, event);
      return new Transition(
          States.withLease(transition.next(), s.leaseUntilNanos()), transition.effects());
    }
  },

  /// The peer's word is relied on after the peer may have made its copy usable.
  KEEPS_THE_WORD_WHEN_A_SYNC_IS_COMMITTED {
    @Override
    public Transition step(WitnessState s, Moment moment, WitnessEvent event) {
      var transition = PRODUCT.step(s, moment, event);
      return event instanceof WitnessEvent.SyncCommitted
              && transition.next().standing() == Standing.PRIMARY
          ? new Transition(
              States.withPeerOutdated(transition.next(), s.peerOutdated()), transition.effects())
          : transition;
    }
  };

  private static final long UNKNOWN_REVISION = -1;

  private static boolean failed(WitnessState s, WitnessEvent event) {
    return s.call() instanceof Writing writing
        && (event instanceof WitnessEvent.CallFailed
            || (event instanceof WitnessEvent.TimePassed && writing.deadlineNanos() <= 0));
  }

  private static long tokenOf(WitnessState s) {
    var call = s.call();
    return call == null ? 0 : call.token();
  }

  private static boolean isAnswer(WitnessEvent event) {
    return event instanceof WitnessEvent.RecordRead
        || event instanceof WitnessEvent.TransactionLost;
  }
}
