package carpool.replicator.core.witness;

import org.jspecify.annotations.Nullable;

/// One node of a [World]: its disk, its process and what it has sent and not been received yet.
final class Node {
  static final int NONE = Integer.MIN_VALUE;

  // ----- the machine and its disk
  boolean up = true;
  boolean paused;

  /// The writes that the copy has, one bit each.
  int data;

  /// Durable: ahead of the peer's copy.
  boolean ahead;

  boolean outdated;
  boolean inconsistent;
  long incarnation;

  // ----- the process
  @Nullable WitnessState machine;

  /// The write that no client has the answer to, or 0.
  int pending;

  /// Where that write is: not sent, on its way, received (the answer is on its way), acknowledged.
  int stage;

  @Nullable Request request;

  // ----- sent in the session
  int echo = NONE;
  boolean askPromotion;

  /// 1 yes, 2 no.
  int promotionAnswer;

  /// What the target will have once it records that it is in sync, or -1.
  int syncCommit = -1;

  boolean syncDone;

  /// The writes that the sync committed last has copied.
  int committed;

  // ----- sent outside of it

  /// 1 waited for, 2 not any more.
  int outdateQuestion;

  /// 1 granted, 2 refused.
  int outdateAnswer;

  /// A transaction of this node that nobody waits for; outlives its process.
  @Nullable Request stray;

  // ----- faults left
  int crashes;
  int pauses;
  int witnessLinkChanges;
  int linkChanges;

  /// The direction from this node to the other.
  boolean linkUp = true;

  boolean witnessLinkUp = true;

  Node() {}

  Node(Node n) {
    up = n.up;
    paused = n.paused;
    data = n.data;
    ahead = n.ahead;
    outdated = n.outdated;
    inconsistent = n.inconsistent;
    incarnation = n.incarnation;
    machine = n.machine;
    pending = n.pending;
    stage = n.stage;
    request = n.request;
    echo = n.echo;
    askPromotion = n.askPromotion;
    promotionAnswer = n.promotionAnswer;
    syncCommit = n.syncCommit;
    syncDone = n.syncDone;
    committed = n.committed;
    outdateQuestion = n.outdateQuestion;
    outdateAnswer = n.outdateAnswer;
    stray = n.stray;
    crashes = n.crashes;
    pauses = n.pauses;
    witnessLinkChanges = n.witnessLinkChanges;
    linkChanges = n.linkChanges;
    linkUp = n.linkUp;
    witnessLinkUp = n.witnessLinkUp;
  }

  boolean running() {
    return up && !paused;
  }

  boolean usable() {
    return !outdated && !inconsistent;
  }

  WitnessState state() {
    var state = machine;
    if (state == null) {
      throw new IllegalStateException("the node is down");
    }
    return state;
  }

  @Nullable PeerSession session() {
    return machine == null ? null : machine.session();
  }

  boolean inSession() {
    return session() != null;
  }

  boolean inSession(SyncState sync) {
    var open = session();
    return open != null && open.sync() == sync;
  }

  boolean standing(Standing standing) {
    return machine != null && machine.standing() == standing;
  }

  /// What this node sent in the session is lost.
  void forgetSent() {
    echo = NONE;
    askPromotion = false;
    promotionAnswer = 0;
    syncCommit = -1;
    syncDone = false;
    if (stage < 3) {
      stage = 0;
    }
  }
}
