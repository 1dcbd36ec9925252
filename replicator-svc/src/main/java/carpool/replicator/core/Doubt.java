package carpool.replicator.core;

import carpool.replicator.core.FlushRounds.Waiter;

/// A primary that stood still does not know whether it still is the only one: its peer may have
/// taken over. Until it has the peer's word from after that time it answers nothing, neither reads
/// nor flushes nor writes.
///
/// Word of the peer is a flush that it answers in the session, a session that was begun since, or
/// its answer to the question of [GoingAlone]. An unreachable peer is left to the election, as
/// ever.
final class Doubt {
  private boolean doubtful;

  /// Number of the last pause; the answer to a question from before it tells nothing.
  private long pause;

  /// The hello of the session under way was sent after this node stood still.
  private boolean freshHello;

  private final ReplicationCore core;
  private final CoreState state;

  Doubt(ReplicationCore core) {
    this.core = core;
    state = core.state;
  }

  /// Nothing may be answered before the peer was asked.
  boolean holdsAnswers() {
    return doubtful;
  }

  /// This process did not run for a while.
  void stoodStill() {
    if (state.role != Role.PRIMARY || state.fenced || !state.settings.peerConfigured()) {
      return;
    }
    doubtful = true;
    pause++;
    freshHello = false;
    ask();
  }

  private void ask() {
    if (state.phase.peerTakesWrites()) {
      state.flushes.add(new Waiter.Confirmation(state.session, pause));
      core.flushing.pumpFlush();
    } else if (!state.phase.agreed() && core.alone.mayAsk()) {
      core.alone.askAgain();
    }
    // Else the session is settled soon ([#peerTakesWrites]), or ends.
  }

  void helloSent() {
    freshHello = true;
  }

  /// The hellos are exchanged and accepted: the peer is not primary.
  void met() {
    if (freshHello) {
      clear();
    }
  }

  /// The peer takes writes from now on.
  void peerTakesWrites() {
    if (doubtful) {
      ask();
    }
  }

  /// A flush of both copies is done that was asked for in this session, after this pause.
  void confirmed(long ofSession, long afterPause) {
    if (ofSession == state.session && afterPause == pause) {
      clear();
    }
  }

  void disconnected() {
    if (doubtful) {
      ask();
    }
  }

  /// The role is not given up after all.
  void resume() {
    if (doubtful && !core.alone.asking()) {
      ask();
    }
  }

  /// The peer was asked and does not stand in the way, or the role is another.
  void clear() {
    if (doubtful) {
      doubtful = false;
      core.writes.settleAll();
      core.reads.answerHeld();
      core.flushing.answerHeld();
      core.roles.continueDemotion();
    }
  }

  /// All who waited were answered with an error.
  void forget() {
    doubtful = false;
  }
}
