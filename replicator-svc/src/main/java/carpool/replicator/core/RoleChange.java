package carpool.replicator.core;

import carpool.replicator.core.Effects.Notice;
import carpool.replicator.core.Effects.Result;
import carpool.replicator.core.FlushRounds.Waiter;
import carpool.replicator.core.Op.Kind;
import carpool.replicator.core.PromotionRule.Verdict;

/// Promotion, by the peer's consent or under a new generation, and the orderly way back.
final class RoleChange {
  /// The request for primary that is not decided, or 0.
  private long promotion;

  private PromotionMode promotionMode = PromotionMode.CHECKED;

  /// For how many ticks the promotion has not been decided.
  private int promotionTicks;

  /// The peer was asked outside of a session, and has answered or could not.
  private boolean outdateAsked;

  private boolean outdateAnswered;

  /// There was no answer: the peer cannot be reached.
  private boolean peerUnheard;

  /// The peer was asked for a promotion that overrides a verdict.
  private boolean askedOverriding;

  /// The generation that such a promotion would begin; 0: none was drawn.
  private long forcedGeneration;

  /// The peer was asked for its consent.
  private boolean promotionAsked;

  /// The request for another role that is under way, or 0.
  private long demotion;

  private Role demotionTo = Role.SECONDARY;
  private boolean demotionFlushing;

  private final ReplicationCore core;
  private final CoreState state;

  RoleChange(ReplicationCore core) {
    this.core = core;
    state = core.state;
  }

  /// Whether a promotion would be allowed now.
  Verdict judgePromotion() {
    return PromotionRule.judge(
        state.peerNewer && state.disk.servable() ? DiskState.OUTDATED : state.disk,
        // A copy that never met its peer has nothing newer to fear.
        (state.identity.alone() && state.aloneDurable) || state.identity.resuid() == 0,
        state.settings.peerConfigured(),
        state.phase.agreed(),
        state.phase.agreed() && state.peerRole == Role.PRIMARY,
        state.splitBrain || state.yields,
        state.vouched);
  }

  /// Asks for a role; answered by `roleDecided(request)`, for primary and for the way back only
  /// when the role is durable. One request at a time per core is the caller's duty.
  void setRole(long request, Role wanted, PromotionMode mode) {
    if (wanted == state.role && demotion == 0 && promotion == 0) {
      state.effects.roleDecided(request, Verdict.ALLOWED);
      return;
    }
    switch (wanted) {
      case PRIMARY -> askPromotion(request, mode);
      case SECONDARY, INIT -> {
        if (state.role == Role.PRIMARY) {
          startDemotion(request, wanted);
        } else {
          state.role = wanted;
          if (wanted == Role.INIT && state.session != 0) {
            state.effects.closeSession(state.session, "role init");
          }
          state.effects.report(Notice.ROLE);
          state.effects.roleDecided(request, Verdict.ALLOWED);
        }
      }
    }
  }

  private void askPromotion(long request, PromotionMode mode) {
    promotion = request;
    promotionMode = mode;
    peerUnheard = false;
    promotionTicks = 0;
    outdateAsked = false;
    outdateAnswered = false;
    forcedGeneration = 0;
    decidePromotion();
  }

  /// The peer's request or its last write is over: a promotion that waited for that is decided.
  void peerRequestEnded() {
    if (promotion != 0 && !promotionAsked) {
      decidePromotion();
    }
  }

  /// The hellos are exchanged, with whatever result; or this copy is in step.
  void met() {
    if (promotion != 0) {
      decidePromotion();
    }
  }

  /// The session ended; whoever was asked will not answer.
  void disconnected() {
    if (promotion != 0) {
      promotionAsked = false;
      if (!outdateAnswered) {
        outdateAsked = false;
      }
      decidePromotion();
    }
  }

  /// A demotion's flush is abandoned with all others.
  void flushAbandoned() {
    demotionFlushing = false;
  }

  /// The flush that a demotion waited for is done.
  void demotionFlushed() {
    if (demotion != 0) {
      recordDemotion();
    }
  }

  /// Number of the request for which the peer was asked and has not answered, or 0.
  long promotionQuestion() {
    return promotionAsked ? promotion : 0;
  }

  boolean demoting() {
    return demotion != 0;
  }

  private boolean forcing() {
    return promotionMode == PromotionMode.FORCED;
  }

  private void decidePromotion() {
    if (!state.phase.agreed() && state.peerRequestsActive()) {
      return; // decided again when the last write of the old primary has landed
    }
    var verdict = state.role == Role.INIT ? Verdict.DISK_UNUSABLE : judgePromotion();
    if (awaitsSession(verdict)) {
      return; // decided when a session has begun, or has not
    }
    boolean overriding = verdict != Verdict.ALLOWED;
    if (overriding != askedOverriding) {
      outdateAsked = false; // what the peer answered was about another claim
      outdateAnswered = false;
    }
    if (overriding && !(forcing() && verdict.forceable())) {
      endPromotion(verdict);
    } else if (state.phase.agreed()) {
      outdateAsked = false;
      outdateAnswered = false;
      if (!promotionAsked) {
        promotionAsked = true;
        state.effects.send(state.session, new PeerMessage.PromotionRequest());
      }
    } else if (outdateAnswered && peerUnheard && promotionMode == PromotionMode.PEER_WORD) {
      endPromotion(Verdict.PEER_UNHEARD);
    } else if (!state.settings.peerConfigured() || outdateAnswered) {
      promote(verdict);
    } else if (!outdateAsked) {
      outdateAsked = true;
      askedOverriding = overriding;
      core.alone.askBeforePromotion(overriding ? forced() : state.identity);
    }
  }

  /// What this copy becomes when a verdict is overridden. Nobody knows how it stands to the peer's,
  /// so the peer is asked in the name of this, and does not take its own copy for the older one.
  private Identity forced() {
    if (forcedGeneration == 0) {
      forcedGeneration = state.freshGeneration();
    }
    return state.identity.forced(forcedGeneration);
  }

  /// No session yet, and whether this copy is current is what a session would tell; or the session
  /// is making it current.
  private boolean awaitsSession(Verdict verdict) {
    boolean soon =
        switch (verdict) {
          case CURRENCY_UNKNOWN -> true;
          // A source refuses its target, as if it were primary.
          case ALLOWED, COPY_OUTDATED, COPY_INCONSISTENT -> state.phase.target();
          case PEER_IS_PRIMARY,
              SPLIT_BRAIN,
              PEER_UNHEARD,
              WITNESS_NAMES_PEER,
              WITNESS_FOREIGN,
              WITNESS_UNHEARD,
              DISK_UNUSABLE ->
              false;
        };
    return soon
        && !forcing()
        && state.role != Role.INIT
        && promotionTicks < state.settings.sessionWaitTicks();
  }

  /// Answer to the question of [GoingAlone#askBeforePromotion].
  void peerOutdated(Leave leave) {
    if (!outdateAsked || state.phase.agreed()) {
      return;
    }
    switch (leave) {
      case UNREACHABLE, GRANTED, UNRELATED -> {
        outdateAnswered = true;
        peerUnheard = leave == Leave.UNREACHABLE;
        decidePromotion();
      }
      case PRIMARY -> endPromotion(Verdict.PEER_IS_PRIMARY);
      case NEWER -> {
        if (forcing()) {
          outdateAnswered = true;
          decidePromotion();
        } else {
          state.peerNewer = true;
          endPromotion(judgePromotion());
        }
      }
    }
  }

  /// Whoever asked for the promotion waits no more: it does not happen later either.
  void withdrawPromotion() {
    if (promotion == 0) {
      return;
    }
    boolean asked = promotionAsked;
    endPromotion(Verdict.DISK_UNUSABLE);
    if (asked && state.session != 0) {
      // The peer may have consented and taken this node for primary.
      state.effects.send(state.session, new PeerMessage.StateChanged(state.role, state.disk));
    }
  }

  boolean promoting() {
    return promotion != 0;
  }

  /// Both nodes are to be promoted at once: the lower name goes first.
  boolean promotedBefore(String peer) {
    return promotion != 0 && state.settings.nodeName().compareTo(peer) < 0;
  }

  /// A second has passed.
  void tick() {
    if (promotion != 0 && !promotionAsked) {
      promotionTicks++;
      decidePromotion();
    }
  }

  private void endPromotion(Verdict verdict) {
    long request = promotion;
    promotion = 0;
    promotionAsked = false;
    state.vouched = false;
    state.effects.roleDecided(request, verdict);
  }

  private void promote(Verdict overridden) {
    long request = promotion;
    promotion = 0;
    promotionAsked = false;
    core.alone.forget();
    core.deadlines.forget();
    state.peerMayLack = !state.phase.agreed() && core.peerRequests.peerMayLack();
    state.role = Role.PRIMARY;
    state.primaryTicks = 0;
    state.resumes = false;
    state.fenced = false;
    state.cutOff = false;
    state.yields = false;
    state.peerNewer = false;
    state.vouched = false;
    state.disk = DiskState.UP_TO_DATE;
    if (overridden != Verdict.ALLOWED) {
      state.identity = forced();
      state.aloneDurable = false;
      state.differences.markAllDifferent();
      core.records.markDifferencesInMap();
    }
    core.records.writeMetadata(Then.PROMOTED, request);
  }

  void promoted(long request) {
    if (state.session != 0 && state.phase.agreed()) {
      state.effects.send(state.session, new PeerMessage.StateChanged(state.role, state.disk));
      if (state.phase == Phase.WAITING) {
        core.source.startAfterWaiting();
      }
    }
    state.effects.report(Notice.ROLE);
    state.effects.roleDecided(request, Verdict.ALLOWED);
    core.records.afterAlone();
  }

  private void startDemotion(long request, Role wanted) {
    demotion = request;
    demotionTo = wanted;
    demotionFlushing = false;
    if (state.fenced || state.cutOff) {
      core.fencing.failAll();
    }
    continueDemotion();
  }

  /// Goes on when all requests are answered and their effects are over.
  void continueDemotion() {
    if (demotion == 0 || demotionFlushing || anyActive()) {
      return;
    }
    demotionFlushing = true;
    if ((state.disk.servable() || state.soleCopy == SoleCopy.CONFIRMED) && !state.fenced) {
      state.flushes.add(new Waiter.Demotion());
      core.flushing.pumpFlush();
    } else {
      recordDemotion();
    }
  }

  private void recordDemotion() {
    core.alone.forget();
    core.deadlines.forget();
    core.doubt.forget();
    core.givingUp.forget();
    state.role = demotionTo;
    state.primaryTicks = 0;
    state.fenced = false;
    state.cutOff = false;
    if (state.phase == Phase.IN_STEP) {
      state.map.clean(core.records.needed(), true);
      core.records.pumpMap();
    }
    long request = demotion;
    demotion = 0;
    demotionFlushing = false;
    if (state.disk == DiskState.FAILED) {
      // Not recorded: what is on this disk is what it was when the disk failed.
      demoted(request);
    } else {
      core.records.writeMetadata(Then.DEMOTED, request);
    }
  }

  void demoted(long request) {
    if (state.session != 0 && state.phase.agreed()) {
      state.effects.send(state.session, new PeerMessage.StateChanged(state.role, state.disk));
    }
    if (state.role == Role.INIT && state.session != 0) {
      state.effects.closeSession(state.session, "role init");
    } else if (state.disk == DiskState.FAILED && state.session != 0) {
      state.effects.closeSession(state.session, "the local disk failed");
    }
    state.effects.report(Notice.ROLE);
    state.effects.roleDecided(request, Verdict.ALLOWED);
  }

  private boolean anyActive() {
    if (state.phase == Phase.IN_STEP && core.sync.busy()) {
      return true; // it must not arrive when the peer is primary
    }
    if (!state.ranges.held().isEmpty() || state.ranges.waitingCount() > 0 || core.flushing.busy()) {
      // Chunks of a synchronisation run on: a secondary may be their source.
      for (var op : state.ops) {
        if (op.kind == Kind.CLIENT_WRITE || op.kind == Kind.CLIENT_READ) {
          return true;
        }
      }
      return core.flushing.busy();
    }
    for (int i = 0; i < state.settings.clientSlots(); i++) {
      if (state.ops[i].kind != Kind.FREE) {
        return true;
      }
    }
    return false;
  }

  /// Answers a client's new request with an error where clients are not served now.
  ///
  /// @return false when the request is to be begun
  boolean refused(int slot) {
    if (state.role == Role.PRIMARY && !state.cutOff && demotion == 0) {
      return false;
    }
    state.effects.complete(slot, Result.IO_ERROR);
    state.effects.release(slot);
    return true;
  }

  void peerWantsPromotion() {
    boolean granted = state.role != Role.PRIMARY && !state.phase.source();
    var peer = state.peerHello;
    if (granted && promotion != 0 && peer != null) {
      // Both want it at once: the lower name goes first, and the other is told so.
      granted = peer.nodeName().compareTo(state.settings.nodeName()) < 0;
    }
    if (!granted) {
      state.effects.send(state.session, new PeerMessage.PromotionAnswer(false));
      return;
    }
    state.peerRole = Role.PRIMARY;
    if (promotion != 0) {
      endPromotion(Verdict.PEER_IS_PRIMARY);
    }
    if (core.records.passesForPrimary() && state.disk != DiskState.FAILED) {
      // It crashed as primary, and nothing was recorded since. From now on the peer is the one that
      // may have what the other has not, should both crash.
      core.records.writeMetadata(Then.PROMOTION_GRANTED, 0);
    } else {
      grantPromotion();
    }
  }

  /// Should this node crash now it does not pass for the last primary.
  void grantPromotion() {
    state.effects.send(state.session, new PeerMessage.PromotionAnswer(true));
  }

  void promotionAnswered(boolean granted) {
    if (promotion == 0 || !promotionAsked) {
      return;
    }
    if (granted) {
      promote(Verdict.ALLOWED);
    } else {
      endPromotion(Verdict.PEER_IS_PRIMARY);
    }
  }
}
