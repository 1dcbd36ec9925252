package carpool.orchestrator.core;

import carpool.orchestrator.core.Facts.Here;
import carpool.orchestrator.core.SwitchoverState.Handover;
import java.util.List;

/// What the other two services tell, and timers: from events to what is known.
final class Observations {
  private final PoolState s;

  Observations(PoolState s) {
    this.s = s;
  }

  /// Nothing is known until the services were asked: only silence after that is an outage.
  void onStarted() {
    s.timers.ensure(TimerKind.ELECTION_LOST, Patience.FIRST_CONTACT);
    s.timers.ensure(TimerKind.REPLICATOR_LOST, Patience.FIRST_CONTACT);
    s.facts.electionAsked = false;
    s.facts.replicatorAsked = false;
  }

  void onCarp(Carp carp, String reason) {
    if (!s.facts.electionAsked) {
      s.facts.electionAsked = true;
      s.timers.drop(TimerKind.ELECTION_LOST);
    }
    var before = s.facts.carp;
    s.facts.carp = carp;
    s.facts.carpReason = reason;
    if (carp == Carp.UNKNOWN) {
      s.timers.ensure(TimerKind.ELECTION_LOST, Patience.ELECTION_LOST);
      return;
    }
    s.timers.drop(TimerKind.ELECTION_LOST);
    s.facts.electionDead = false;
    if (carp == Carp.MASTER) {
      s.intent.held = false;
    } else {
      s.intent.exported = s.intent.exported && s.intent.held;
      s.stuck = null;
      s.blockers.failingYields = false;
    }
    switch (s.switchover.handover) {
      case RESIGNING -> {
        if (carp != Carp.MASTER) {
          s.switchover.handover = Handover.WAITING_FOR_PEER;
          s.timers.arm(TimerKind.SWITCHOVER, Patience.PEER_TAKES_OVER);
        }
      }
      case WAITING_FOR_PEER -> {
        if (carp == Carp.MASTER && before != Carp.MASTER) {
          s.endSwitchover("PEER_NOT_READY", "the peer did not take over; this node serves again");
        }
      }
      case NONE, YIELDING -> {}
    }
  }

  void onAddresses(boolean present) {
    s.facts.addressesPresent = present;
    if (present) {
      endWaitForAddress(StepRecord.Outcome.DONE, "");
    }
  }

  private void endWaitForAddress(StepRecord.Outcome outcome, String text) {
    s.timers.drop(TimerKind.ADDRESS);
    if (s.timeline.waitsFor(ServeWork.ADDRESS)) {
      s.timeline.end(ServeWork.ADDRESS, outcome, text, s.now);
      s.timeline.close("", s.now);
    }
  }

  void onResources(List<ResourceFacts> resources) {
    s.facts.replicatorAsked = true;
    var back = !s.facts.replicatorUp;
    var changed = !resources.equals(s.facts.resources);
    s.facts.resources = List.copyOf(resources);
    s.facts.replicatorUp = true;
    s.facts.replicatorDead = false;
    s.timers.drop(TimerKind.REPLICATOR_LOST);
    s.blockers.fenced = s.facts.anyFenced() || (s.blockers.fenced && !s.settled);
    if (back) {
      // It may have come back with other roles.
      s.settled = false;
      s.promotion.granted = false;
      s.demotion.granted = false;
    }
    if (back || changed) {
      if (s.promotion.granted && s.facts.allInRole(Role.PRIMARY)) {
        s.promotion.granted = false;
      }
      if (s.demotion.granted && s.facts.allInRole(Role.SECONDARY)) {
        s.demotion.granted = false;
      }
      if (s.promotion.waitingForPeer) {
        s.timers.drop(TimerKind.RETRY);
      }
      s.clearRefusal();
    }
    if (s.goal == Goal.YIELD
        && s.settled
        && !s.demotion.granted
        && s.facts.here == Here.NO
        && s.facts.anyFenced()) {
      // A promotion that was asked for long ago has come through after all.
      s.settled = false;
      s.promotion.mayBePrimary = true;
    }
    if (s.switchover.handover == Handover.WAITING_FOR_PEER
        && s.facts.all(ResourceFacts::peerPrimary)) {
      s.endSwitchover("", "the peer has the devices");
    }
  }

  void onReplicatorLost() {
    if (!s.facts.replicatorAsked) {
      s.facts.replicatorAsked = true;
      s.timers.drop(TimerKind.REPLICATOR_LOST);
    }
    s.facts.replicatorUp = false;
    s.promotion.granted = false;
    s.demotion.granted = false;
    if (!s.facts.replicatorDead) {
      // Under a pool its restart is a pause: I/O is held, and nothing is lost by waiting.
      s.timers.ensure(
          TimerKind.REPLICATOR_LOST,
          s.facts.here == Here.YES ? s.spec.deadlines().holdNanos() : Patience.REPLICATOR_LOST);
    }
  }

  void onTimer(TimerKind kind) {
    switch (kind) {
      case ELECTION_LOST -> s.facts.electionDead = true;
      case REPLICATOR_LOST -> s.facts.replicatorDead = true;
      case RETRY, TICK -> {}
      case ADDRESS ->
          endWaitForAddress(StepRecord.Outcome.TIMED_OUT, "the address is not on the interface");
      case LEAVING -> s.end.left = s.end.leaving && s.goal != Goal.YIELD;
      case FAIL_WINDOW -> s.strikes.expire(s.now);
      case DEVICES ->
          s.cannotServe(
              "the devices did not appear: " + s.facts.names(r -> !r.deviceReady()),
              s.facts.here == Here.YES);
      case REFUSED -> s.clearRefusal();
      case STUCK -> s.stuck = null;
      case SWITCHOVER -> onSwitchoverTimer();
      case FAILING -> {
        s.blockers.forgetFailing();
      }
    }
  }

  private void onSwitchoverTimer() {
    switch (s.switchover.handover) {
      case RESIGNING ->
          s.endSwitchover("STEP_FAILED", "this node is still MASTER after its resignation");
      case WAITING_FOR_PEER ->
          s.endSwitchover("PEER_NOT_READY", "the peer did not become primary in time");
      case NONE, YIELDING -> {}
    }
  }
}
