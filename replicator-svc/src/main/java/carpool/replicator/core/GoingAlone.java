package carpool.replicator.core;

import carpool.replicator.core.Effects.Notice;
import java.util.ArrayList;
import java.util.List;

/// A primary that lost its peer and is about to answer a client asks for leave first, afresh: the
/// connection may have ended because this node stood still, and the peer may serve by now. Until
/// the answer what is written is held, not answered.
///
/// A peer that can be reached and does not serve gives leave by recording that its copy is
/// outdated. So after a mere loss of the session nobody can take over without what was written here
/// since; only nodes that cannot reach each other are left to CARP.
final class GoingAlone {
  /// The question takes so long at most when everything works.
  private static final int QUESTION_MIN_TICKS = 5;

  /// Clients wait for this node to go on alone.
  private boolean wanted;

  /// Clients were told things that the peer does not have: it is asked whatever else holds.
  private boolean owed;

  /// The question that is not answered, or 0.
  private long asking;

  private long lastQuestion;

  /// For how many ticks the question has not been answered.
  private int askingTicks;

  /// A primary's question is answered after the witness was asked, however long that takes.
  private boolean byWitness;

  /// Questions of the peer that wait for the end of a session that it has given up already.
  private final List<Long> askers = new ArrayList<>();

  private final ReplicationCore core;
  private final CoreState state;

  GoingAlone(ReplicationCore core) {
    this.core = core;
    state = core.state;
  }

  // ----- this node goes on alone

  /// A client waits for it. In a session it waits for that: for the peer to take writes, or for the
  /// end.
  void want() {
    // A fenced node answers nothing: what it is asked to write makes it no party to a split brain.
    if (state.identity.alone() || state.disk == DiskState.FAILED || state.fenced) {
      return;
    }
    if (!state.settings.peerConfigured()) {
      begin();
      return;
    }
    wanted = true;
    ask();
  }

  /// The same for what was answered already and the peer has not even received.
  void wantForAnswered() {
    owed = true;
    want();
  }

  /// This copy has more than the peer may lose, or nobody has said that the role is given up.
  boolean mayAsk() {
    return owed || !core.givingUp.holds();
  }

  /// The role is not given up after all.
  void resume() {
    ask();
  }

  private void ask() {
    if (wanted && asking == 0 && !state.phase.agreed() && mayAsk()) {
      askAgain();
    }
  }

  /// Asks, whatever was answered before.
  void askAgain() {
    asking = ++lastQuestion;
    askingTicks = 0;
    state.effects.askLeave(asking, state.claim(), state.identity);
  }

  /// This node is to be promoted and has no session: the peer must not serve, and knows that its
  /// copy is outdated before this one is written. Answered by [RoleChange#peerOutdated].
  ///
  /// @param claimed what this copy will be: by force it descends from nothing that the peer knows,
  ///   and the peer's copy stays what it is
  void askBeforePromotion(Identity claimed) {
    asking = ++lastQuestion;
    askingTicks = 0;
    state.effects.askLeave(asking, Tenure.none(state.settings.nodeName()), claimed);
  }

  /// The peer is asked.
  boolean asking() {
    return asking != 0;
  }

  /// A second has passed. Who asks the peer answers in a few seconds; whatever keeps the answer
  /// back, no answer is as good as no peer.
  void tick() {
    if (asking != 0
        && !(byWitness && !core.roles.promoting())
        && ++askingTicks > Math.max(core.deadlines.timeoutTicks(), QUESTION_MIN_TICKS)) {
      answered(asking, Leave.UNREACHABLE);
    }
  }

  void waitForAnswers(boolean newByWitness) {
    byWitness = newByWitness;
    askingTicks = 0;
  }

  /// Answer to `askLeave`.
  void answered(long question, Leave leave) {
    if (question != asking) {
      return; // the nodes have met since
    }
    asking = 0;
    if (core.roles.promoting()) {
      core.roles.peerOutdated(leave);
      return;
    }
    if (state.fenced || state.role != Role.PRIMARY) {
      return;
    }
    switch (leave) {
      case UNREACHABLE, GRANTED, UNRELATED -> {
        if (wanted) {
          begin();
        }
        core.doubt.clear();
      }
      case NEWER -> {
        state.peerNewer = true;
        core.fencing.fence(RefusalReason.OUTDATED_PRIMARY.text());
      }
      case PRIMARY -> core.fencing.fence(RefusalReason.BOTH_PRIMARY.text());
    }
  }

  /// Draws a new generation, unless this copy went on alone already. Without a question: by an
  /// agreement with the peer, or without a peer.
  void begin() {
    wanted = false;
    owed = false;
    if (!state.identity.alone() && state.disk != DiskState.FAILED && !state.fenced) {
      state.identity = state.identity.goOnAlone(state.freshGeneration());
      state.aloneDurable = false;
      // From here on a mark means a change: extents that are merely warm would count as such after
      // a
      // restart.
      state.map.clean(core.records.needed(), true);
      core.records.pumpMap();
      core.records.writeMetadata(Then.ALONE, 0);
      if (state.phase == Phase.NEGOTIATING) {
        state.effects.closeSession(state.session, "went on alone while negotiating");
      }
    }
  }

  /// The nodes have agreed: an answer that is still on its way is about a time that is over.
  void met() {
    asking = 0;
  }

  /// The peer takes writes again: what was held goes there.
  void peerTakesWrites() {
    wanted = false;
    owed = false;
    if (!state.identity.alone()) {
      core.writes.resendHeld();
      core.flushing.aloneEnds();
      core.flushing.pumpFlush();
    }
    core.doubt.peerTakesWrites();
  }

  /// The session ended.
  void disconnected() {
    ask();
    if (!askers.isEmpty()) {
      var waiting = List.copyOf(askers);
      askers.clear();
      waiting.forEach(this::giveLeave);
    }
  }

  /// The role changed: nobody waits any more.
  void forget() {
    wanted = false;
    owed = false;
    asking = 0;
  }

  // ----- the peer goes on alone

  /// The peer is primary and asks whether it may go on without this node.
  void peerAsks(long request, Tenure peerTenure, Identity peer) {
    boolean serves = state.role == Role.PRIMARY && !state.fenced;
    if (peerTenure.isNone() && core.roles.promotedBefore(peerTenure.nodeName())) {
      state.effects.answerLeave(request, Leave.PRIMARY);
      return;
    }
    var leave = judge(peerTenure, peer);
    if (leave != Leave.GRANTED) {
      state.effects.answerLeave(request, leave);
      return;
    }
    if (serves) {
      state.peerNewer = true;
      core.fencing.fence(RefusalReason.BOTH_PRIMARY.text());
    }
    if (state.phase.agreed()) {
      askers.add(request);
      state.effects.closeSession(state.session, "the peer has ended the session");
    } else {
      giveLeave(request);
    }
  }

  /// What is answered, from what both hold.
  Leave judge(Tenure peerTenure, Identity peer) {
    if (state.role == Role.INIT) {
      return Leave.UNRELATED;
    }
    boolean serves = state.role == Role.PRIMARY && !state.fenced;
    return Leave.judge(
        serves ? state.claim() : state.tenure(),
        serves,
        state.disk,
        state.identity,
        peerTenure,
        peer);
  }

  private void giveLeave(long request) {
    if (state.role == Role.PRIMARY) {
      // Fenced: it answers nothing, and what it was told outlives its demotion.
      state.effects.answerLeave(request, Leave.GRANTED);
    } else if (state.disk.servable()) {
      boolean news = state.disk != DiskState.OUTDATED;
      state.disk = DiskState.OUTDATED;
      core.records.writeMetadata(Then.LEAVE_GIVEN, request);
      if (news) {
        state.effects.report(Notice.DISK);
      }
    } else {
      state.effects.answerLeave(request, Leave.UNRELATED);
    }
  }

  /// The record that this copy is outdated has reached the disk, or not.
  void recorded(long request, boolean ok) {
    state.effects.answerLeave(request, ok ? Leave.GRANTED : Leave.UNRELATED);
  }
}
