package carpool.orchestrator.core;

import carpool.orchestrator.core.Facts.Here;
import carpool.orchestrator.core.Situation.Handover;
import org.jspecify.annotations.Nullable;

/// What the pool is to be moved towards, derived anew at every event, and how a new goal begins.
final class GoalRule {
  private final Situation s;

  GoalRule(Situation s) {
    this.s = s;
  }

  @Nullable Goal decide() {
    if (s.goal == null && !s.facts.known()) {
      return s.stopping ? Goal.YIELD : null;
    }
    if (s.stopping
        || s.maintenance != null
        || s.clientsLost != null
        || s.fenced
        || s.broken
        || s.cutOff
        || s.refused != null
        || s.failingYields
        || s.facts.electionDead
        || s.facts.replicatorDead
        || s.handover == Handover.YIELDING
        || s.handover == Handover.RESIGNING) {
      return Goal.YIELD;
    }
    // For the time of a restart of the election service, what was right before stays right.
    var master =
        s.facts.carp == Carp.MASTER || (s.facts.carp == Carp.UNKNOWN && s.goal != Goal.YIELD);
    if (!master && !s.held) {
      return Goal.YIELD;
    }
    return s.exported ? Goal.EXPORT : Goal.SERVE;
  }

  private String why(Goal next) {
    if (next == Goal.EXPORT) {
      return "operator";
    }
    if (next == Goal.SERVE) {
      return s.held ? "operator" : "MASTER: " + s.facts.carpReason;
    }
    if (s.stopping) {
      return "the orchestrator stops";
    }
    if (s.fenced) {
      return "fenced: the peer has newer data";
    }
    if (s.handover != Handover.NONE) {
      return s.handoverCause;
    }
    if (s.broken) {
      return "the devices under the pool are gone";
    }
    if (s.maintenance != null) {
      return "maintenance: " + s.maintenance;
    }
    if (s.clientsLost != null) {
      return s.clientsLost;
    }
    if (s.failing != null && s.failingYields) {
      return s.failing.text();
    }
    if (s.refused != null) {
      return s.refused.text();
    }
    if (s.facts.replicatorDead) {
      return "the replicator does not answer";
    }
    if (s.facts.electionDead) {
      return "the election service does not answer";
    }
    return s.facts.carp + ": " + s.facts.carpReason;
  }

  void pursue(Goal next) {
    var kind =
        switch (next) {
          case SERVE -> "takeover";
          case EXPORT -> "export";
          case YIELD -> s.handover == Handover.YIELDING ? "switchover" : "give-up";
        };
    if (next != Goal.YIELD && (s.announced || s.goal == null)) {
      // The process before this one may have announced it.
      s.announced = false;
      s.emit(new PoolEffect.AnnounceGiveUp(0));
    }
    s.goal = next;
    s.adopting &= next == Goal.SERVE;
    s.goalCause = why(next);
    if (next == Goal.YIELD && s.facts.here == Here.NO && s.facts.any(ResourceFacts::deviceReady)) {
      // Somebody may have made or imported a pool on them since the last look.
      s.facts.here = Here.UNKNOWN;
    }
    s.settled = false;
    s.served = false;
    s.dead = null;
    s.clearDue = false;
    s.paused = false;
    s.noPool = false;
    s.noPoolOnce = false;
    s.promoteGranted = false;
    s.peerUnheard = false;
    s.peerFenced = false;
    s.demoteGranted = false;
    s.waitingForPeer = false;
    s.importTried = false;
    s.exportTried = false;
    s.demoteTried = false;
    s.demoteCut = false;
    s.stuck = null;
    s.problem = "";
    s.hint = "";
    s.timers.drop(TimerKind.RETRY);
    s.timers.drop(TimerKind.DEVICES);
    s.timers.drop(TimerKind.STUCK);
    s.timers.drop(TimerKind.TICK);
    s.timers.drop(TimerKind.ADDRESS);
    s.timeline.open(kind, s.goalCause, s.now);
  }

  /// A resource that lost its role under the pool took the device with it. Even if the role can be
  /// had again, what hangs on the old device is lost: the pool has to be given up first.
  void noteBroken() {
    if (s.broken
        || s.cutOff
        || s.facts.here != Here.YES
        || !s.facts.any(resource -> !resource.carries())) {
      return;
    }
    s.broken = true;
    if (s.goal == Goal.SERVE && s.facts.peerAble()) {
      s.emit(new PoolEffect.Resign("the devices under pool " + s.spec.name() + " are gone", false));
    }
  }
}
