package carpool.replicator.core.witness;

import static java.util.Objects.requireNonNull;

import carpool.replicator.core.witness.World.Requests;

/// Everything that can happen next in a [World], to one of the nodes.
enum Move {
  // ----- clients and operators
  PROMOTE("is to be promoted"),
  DEMOTE("is demoted"),
  WRITE("is written to"),
  ANSWER_WRITE("answers the write"),
  ANSWER_READ("answers a read"),
  // ----- the session
  OPEN("opens a session"),
  LOSE_SESSION("loses the session"),
  HEAR_KEEP_ALIVE("hears a keep-alive of the peer and echoes it"),
  HEAR_ECHO("hears the echo"),
  HEAR_WRITE("receives the peer's write"),
  HEAR_WRITTEN("hears that the peer has the write"),
  HEAR_PROMOTION_QUESTION("is asked whether the peer may become primary"),
  HEAR_PROMOTION_ANSWER("hears whether it may become primary"),
  MARK_TARGET("as target, records that its copy is not usable"),
  COMMIT_SYNC("as source, records that it is no longer ahead"),
  FINISH_SYNC("as target, records that its copy is usable"),
  LEARN_SYNC("as source, hears that the peer's copy is usable"),
  // ----- OutdatePeer
  HEAR_OUTDATE_QUESTION("is asked to outdate its copy"),
  HEAR_OUTDATE_ANSWER("hears what became of OutdatePeer"),
  OUTDATE_UNREACHABLE("cannot reach the peer with OutdatePeer"),
  // ----- the witness
  EXECUTE("has its request carried out"),
  HEAR_WITNESS("hears the witness's answer"),
  LOSE_ANSWER("loses the witness's answer"),
  CALL_FAILS("hears that its call to the witness failed"),
  EXECUTE_LATE("has an old request carried out late"),
  PROBE("looks after the record"),
  WIPE("(the witness comes back empty)"),
  REPLACE("(the empty witness is adopted by both)"),
  // ----- faults
  LINK("(its direction to the peer is cut or healed)"),
  WITNESS_LINK("(its path to the witness is cut or healed)"),
  CRASH("crashes"),
  RESTART("starts"),
  PAUSE("stands still"),
  RESUME("runs again"),
  TICK("(time passes)");

  final String text;

  Move(String text) {
    this.text = text;
  }

  /// It breaks something.
  boolean fault() {
    return switch (this) {
      case WIPE, LINK, WITNESS_LINK, CRASH, PAUSE, LOSE_ANSWER -> true;
      default -> false;
    };
  }

  /// It can happen now.
  boolean possible(World w, int n) {
    var node = w.nodes[n];
    var peer = w.peerOf(n);
    return switch (this) {
      case RESTART -> !node.up;
      case RESUME -> node.paused;
      case CRASH -> node.up && node.crashes > 0;
      case PAUSE -> node.running() && node.pauses > 0;
      case LINK -> node.linkChanges > 0;
      case WITNESS_LINK -> node.witnessLinkChanges > 0;
      case WIPE -> n == 0 && w.wipes > 0;
      case TICK -> n == 0;
      case EXECUTE -> node.request != null && node.request.answer() == null;
      case EXECUTE_LATE -> node.stray != null;
      default -> node.running() && possibleRunning(w, n, node, peer);
    };
  }

  private boolean possibleRunning(World w, int n, Node node, Node peer) {
    return switch (this) {
      case PROMOTE -> node.standing(Standing.SECONDARY);
      case DEMOTE ->
          !node.standing(Standing.SECONDARY)
              && (node.pending == 0 || !node.inSession() || node.stage >= 2);
      case WRITE -> w.writes > 0 && node.standing(Standing.PRIMARY) && node.pending == 0;
      case ANSWER_WRITE ->
          node.pending != 0
              && w.answers(n)
              && (!node.inSession()
                  || node.stage == 3
                  || (node.inSession(SyncState.SOURCE) && (node.state().alone() || marked(peer))));
      case ANSWER_READ -> node.pending == 0 && (node.data & ~w.seen) != 0 && w.answers(n);
      case OPEN ->
          n == 0
              && peer.running()
              && node.linkUp
              && peer.linkUp
              && !node.inSession()
              && !peer.inSession()
              && !node.standing(Standing.STOPPED)
              && !peer.standing(Standing.STOPPED);
      case LOSE_SESSION ->
          node.inSession() && !(node.linkUp && peer.linkUp && peer.running() && peer.inSession());
      case HEAR_KEEP_ALIVE ->
          node.inSession()
              && peer.running()
              && peer.inSession()
              && peer.standing(Standing.PRIMARY)
              && peer.linkUp;
      case HEAR_ECHO -> node.inSession() && peer.echo != Node.NONE && peer.linkUp;
      case HEAR_WRITE -> node.inSession() && peer.stage == 1 && peer.linkUp;
      case HEAR_WRITTEN -> node.inSession() && node.stage == 2 && peer.linkUp;
      case HEAR_PROMOTION_QUESTION -> node.inSession() && peer.askPromotion && peer.linkUp;
      case HEAR_PROMOTION_ANSWER -> node.inSession() && peer.promotionAnswer != 0 && peer.linkUp;
      case MARK_TARGET -> node.inSession(SyncState.TARGET) && !node.inconsistent;
      case COMMIT_SYNC -> node.inSession(SyncState.SOURCE) && marked(peer);
      case FINISH_SYNC -> node.inSession(SyncState.TARGET) && peer.syncCommit >= 0 && peer.linkUp;
      case LEARN_SYNC -> node.inSession() && peer.syncDone && peer.linkUp;
      case HEAR_OUTDATE_QUESTION -> peer.outdateQuestion != 0 && peer.linkUp;
      case HEAR_OUTDATE_ANSWER -> node.outdateAnswer != 0 && peer.linkUp;
      case OUTDATE_UNREACHABLE ->
          (node.outdateQuestion == 1 || node.outdateAnswer != 0)
              && !(node.linkUp && peer.linkUp && peer.running());
      case HEAR_WITNESS ->
          node.request != null && node.request.answer() != null && node.witnessLinkUp;
      case LOSE_ANSWER ->
          node.request != null && node.request.answer() != null && node.request.record() != null;
      case CALL_FAILS ->
          node.state().call() != null && (node.request == null || !node.witnessLinkUp);
      case PROBE ->
          node.standing(Standing.SECONDARY)
              && !node.state().copyUsable()
              && !node.inSession()
              && node.state().call() == null
              && w.record.names(World.NAMES.get(n));
      case REPLACE ->
          n == 0
              && w.incarnation == 0
              && node.inSession(SyncState.IN_SYNC)
              && peer.running()
              && peer.inSession(SyncState.IN_SYNC);
      case RESTART, RESUME, CRASH, PAUSE, LINK, WITNESS_LINK, WIPE, TICK, EXECUTE, EXECUTE_LATE ->
          throw new IllegalStateException();
    };
  }

  /// The target of a sync has said that its copy is durably unusable.
  private static boolean marked(Node target) {
    return target.inSession(SyncState.TARGET) && target.inconsistent;
  }

  /// Makes it happen.
  void apply(World w, int n) {
    carryOut(w, n);
    w.tidy();
  }

  private void carryOut(World w, int n) {
    var node = w.nodes[n];
    var peer = w.peerOf(n);
    switch (this) {
      case PROMOTE -> w.feed(n, new WitnessEvent.PromotionWanted(false));
      case DEMOTE -> {
        node.pending = 0;
        node.stage = 0;
        w.feed(n, new WitnessEvent.Demoted());
      }
      case WRITE -> {
        w.writes--;
        node.pending = 1 << w.writesBegun++;
        node.data |= node.pending;
        node.stage = node.inSession() ? 1 : 0;
      }
      case ANSWER_WRITE -> {
        w.seen |= node.pending;
        node.pending = 0;
        node.stage = 0;
      }
      case ANSWER_READ -> w.seen |= node.data;
      case OPEN -> Handshake.open(w);
      case LOSE_SESSION -> w.feed(n, new WitnessEvent.SessionLost());
      // Heard at once: heard later it is worth less to the primary and binds the peer for longer.
      case HEAR_KEEP_ALIVE -> w.feed(n, new WitnessEvent.KeepAliveHeard(0));
      case HEAR_ECHO -> {
        int sent = peer.echo;
        peer.echo = Node.NONE;
        w.feed(n, new WitnessEvent.KeepAliveEchoed(sent));
      }
      case HEAR_WRITE -> {
        node.data |= peer.pending;
        if (peer.syncCommit >= 0) {
          peer.syncCommit |= peer.pending;
        }
        peer.stage = 2;
      }
      case HEAR_WRITTEN -> node.stage = 3;
      case HEAR_PROMOTION_QUESTION -> {
        peer.askPromotion = false;
        w.feed(n, new WitnessEvent.PeerAsksPromotion(Requests.PROMOTION));
      }
      case HEAR_PROMOTION_ANSWER -> {
        var answer = peer.promotionAnswer == 1 ? PeerAnswer.GRANTED : PeerAnswer.REFUSED;
        peer.promotionAnswer = 0;
        answerQuestion(w, n, answer);
      }
      case MARK_TARGET -> node.inconsistent = true;
      case COMMIT_SYNC -> {
        node.ahead = false;
        node.syncCommit = node.data;
        node.committed = node.data;
        w.feed(n, new WitnessEvent.SyncCommitted());
      }
      case FINISH_SYNC -> {
        node.data = peer.syncCommit;
        node.outdated = false;
        node.inconsistent = false;
        node.ahead = false;
        peer.syncCommit = -1;
        node.syncDone = true;
        w.feed(n, new WitnessEvent.InSync());
      }
      case LEARN_SYNC -> {
        peer.syncDone = false;
        if ((node.committed & node.pending) != 0) {
          node.stage = 3; // it was part of what was copied
        }
        w.feed(n, new WitnessEvent.InSync());
      }
      case HEAR_OUTDATE_QUESTION -> {
        long request = peer.outdateQuestion == 1 ? Requests.OUTDATE : Requests.OUTDATE_LATE;
        peer.outdateQuestion = 0;
        w.feed(n, new WitnessEvent.PeerAsksOutdate(request, node.ahead && !peer.ahead));
      }
      case HEAR_OUTDATE_ANSWER -> {
        var answer = node.outdateAnswer == 1 ? PeerAnswer.GRANTED : PeerAnswer.REFUSED;
        node.outdateAnswer = 0;
        answerQuestion(w, n, answer);
      }
      case OUTDATE_UNREACHABLE -> answerQuestion(w, n, PeerAnswer.UNREACHABLE);
      case EXECUTE -> {
        var request = requireNonNull(node.request);
        node.request = request.answered(w.execute(request));
      }
      case HEAR_WITNESS -> {
        var answer = requireNonNull(requireNonNull(node.request).answer());
        node.request = null;
        w.feed(n, answer);
      }
      case LOSE_ANSWER -> node.request = null;
      case CALL_FAILS -> {
        var call = requireNonNull(node.state().call());
        w.feed(n, new WitnessEvent.CallFailed(call.token()));
      }
      case EXECUTE_LATE -> {
        var stray = requireNonNull(node.stray);
        node.stray = null;
        w.execute(stray);
      }
      case PROBE -> w.feed(n, new WitnessEvent.ProbeDue());
      case WIPE -> {
        w.wipes--;
        w.wipe();
      }
      case REPLACE -> w.replaceWitness();
      case LINK -> {
        node.linkChanges--;
        node.linkUp = !node.linkUp;
      }
      case WITNESS_LINK -> {
        node.witnessLinkChanges--;
        node.witnessLinkUp = !node.witnessLinkUp;
      }
      case CRASH -> {
        node.crashes--;
        w.crash(n);
      }
      case RESTART -> w.start(n);
      case PAUSE -> {
        node.pauses--;
        node.paused = true;
      }
      case RESUME -> node.paused = false;
      case TICK -> w.tick();
    }
  }

  private static void answerQuestion(World w, int n, PeerAnswer answer) {
    var question = w.nodes[n].state().question();
    if (question != null) {
      w.feed(n, new WitnessEvent.PeerAnswered(question.token(), answer));
    }
  }
}
