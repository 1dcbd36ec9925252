package carpool.orchestrator.core;

import carpool.orchestrator.core.Facts.Here;
import carpool.orchestrator.core.SwitchoverState.Handover;
import org.jspecify.annotations.Nullable;

/// What the pool is to be moved towards, derived anew at every event, and how a new goal begins.
final class GoalRule {
  private final PoolState s;

  GoalRule(PoolState s) {
    this.s = s;
  }

  @Nullable Goal decide() {
    if (s.goal == null && !s.facts.known()) {
      return s.end.stopping ? Goal.YIELD : null;
    }
    if (s.end.stopping
        || s.intent.maintenance != null
        || s.blockers.clientsLost != null
        || s.blockers.fenced
        || s.blockers.broken
        || s.cut.done
        || s.blockers.refused != null
        || s.blockers.failingYields
        || s.facts.electionDead
        || s.facts.replicatorDead
        || s.switchover.handover == Handover.YIELDING
        || s.switchover.handover == Handover.RESIGNING) {
      return Goal.YIELD;
    }
    // For the time of a restart of the election service, what was right before stays right.
    var master =
        s.facts.carp == Carp.MASTER || (s.facts.carp == Carp.UNKNOWN && s.goal != Goal.YIELD);
    if (!master && !s.intent.held) {
      return Goal.YIELD;
    }
    return s.intent.exported ? Goal.EXPORT : Goal.SERVE;
  }

  private String why(Goal next) {
    if (next == Goal.EXPORT) {
      return "operator";
    }
    if (next == Goal.SERVE) {
      return s.intent.held ? "operator" : "MASTER: " + s.facts.carpReason;
    }
    if (s.end.stopping) {
      return "the orchestrator stops";
    }
    if (s.blockers.fenced) {
      return "fenced: the peer has newer data";
    }
    if (s.switchover.handover != Handover.NONE) {
      return s.switchover.cause;
    }
    if (s.blockers.broken) {
      return "the devices under the pool are gone";
    }
    if (s.intent.maintenance != null) {
      return "maintenance: " + s.intent.maintenance;
    }
    if (s.blockers.clientsLost != null) {
      return s.blockers.clientsLost;
    }
    if (s.blockers.failing != null && s.blockers.failingYields) {
      return s.blockers.failing.text();
    }
    if (s.blockers.refused != null) {
      return s.blockers.refused.text();
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
          case SERVE -> PassageKind.TAKEOVER;
          case EXPORT -> PassageKind.EXPORT;
          case YIELD ->
              s.switchover.handover == Handover.YIELDING
                  ? PassageKind.SWITCHOVER
                  : PassageKind.GIVE_UP;
        };
    if (next != Goal.YIELD && (s.exporting.announced || s.goal == null)) {
      // The process before this one may have announced it.
      s.exporting.announced = false;
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
    s.paused = false;
    s.probes.reset();
    s.promotion.reset();
    s.importing.reset();
    s.exporting.reset();
    s.demotion.reset();
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
    if (s.blockers.broken
        || s.cut.done
        || s.facts.here != Here.YES
        || !s.facts.any(resource -> !resource.carries())) {
      return;
    }
    s.blockers.broken = true;
    if (s.goal == Goal.SERVE && s.facts.peerAble()) {
      s.emit(new PoolEffect.Resign("the devices under pool " + s.spec.name() + " are gone", false));
    }
  }
}
