package carpool.orchestrator.core;

import carpool.orchestrator.core.Facts.Here;
import carpool.orchestrator.core.PoolEvent.AddressesSeen;
import carpool.orchestrator.core.PoolEvent.Asked;
import carpool.orchestrator.core.PoolEvent.CarpSeen;
import carpool.orchestrator.core.PoolEvent.ClientNetworkJudged;
import carpool.orchestrator.core.PoolEvent.PeerSaid;
import carpool.orchestrator.core.PoolEvent.ReplicatorLost;
import carpool.orchestrator.core.PoolEvent.ResourcesSeen;
import carpool.orchestrator.core.PoolEvent.Started;
import carpool.orchestrator.core.PoolEvent.StepDone;
import carpool.orchestrator.core.PoolEvent.StepFailed;
import carpool.orchestrator.core.PoolEvent.TimerFired;
import java.util.function.Consumer;

/// The failover workflow of one pool: takeover, give-up, switchover, maintenance, start-up and
/// crash recovery are one machine (design section 5).
///
/// It holds a *goal*, derived anew at every event from CARP state, operator's wishes and failures,
/// and the *truth*: roles and devices as the replicator tells them, whether the pool is here as the
/// last look told, services as their commands told. From both follows the next step; at most one
/// step runs at a time. So a newer CARP state supersedes an older one at any point: when the
/// running step has ended, the next one leads to the new goal, from whatever is true. A step whose
/// outcome is not known makes the truth unknown, and it is looked at again.
///
/// - SERVE: promote all resources → wait for every device → import → services in order.
/// - EXPORT: services in reverse → export; the resources stay primary.
/// - YIELD: services in reverse → export, by force after half of its time, cut off after all of it
///   → demote all resources.
///
/// Always: an import is asked for only while all resources are primary, and a demotion only when
/// the pool is not here or its devices were cut off. CARP MASTER alone is a hint: the right to
/// write is the replicator's to give.
///
/// Owned by one thread. Reads no clock: time comes with the events.
public final class PoolMachine {
  private final PoolState s;
  private final Picture picture;
  private final Observations observations;
  private final OperatorRequests requests;
  private final GoalRule goals;
  private final ServeWork serving;
  private final YieldWork yielding;
  private final StepEnds ends;
  private final StepFailures failures;
  private final UnmanagedWatch unmanaged;

  /// A machine that was never told anything.
  public PoolMachine(PoolSpec spec) {
    this(spec, Memory.NONE);
  }

  /// A machine that goes by what the one before it kept.
  public PoolMachine(PoolSpec spec, Memory memory) {
    s = new PoolState(spec, memory);
    picture = new Picture(s);
    observations = new Observations(s);
    requests = new OperatorRequests(s, picture);
    goals = new GoalRule(s);
    serving = new ServeWork(s);
    yielding = new YieldWork(s, this::advance);
    ends = new StepEnds(s);
    failures = new StepFailures(s, ends);
    unmanaged = new UnmanagedWatch(s);
  }

  /// The pool as it is now.
  public PoolView view() {
    return new PoolView(
        s.told.phase,
        s.told.phaseSince,
        s.facts.here == Here.YES,
        s.facts.here == Here.YES ? s.facts.health : Health.NONE,
        picture.shownProblem(),
        s.hint,
        s.current.step != null && !s.current.quiet
            ? s.current.step.label(s.spec)
            : picture.waitLabel(),
        s.services.stream().map(ServiceTrack::view).toList(),
        inMaintenance(),
        s.intent.unmanaged != null,
        picture.against(),
        s.pending != null || s.switchover.handover != SwitchoverState.Handover.NONE);
  }

  /// An operator's maintenance stands.
  public boolean inMaintenance() {
    return s.intent.maintenance != null;
  }

  /// True while nothing of the pool is or may come to be here: the process may end.
  public boolean yielded() {
    return s.yielded();
  }

  /// Handles one event; what has to be done goes to `effects`, in order.
  public void step(PoolEvent event, Consumer<PoolEffect> effects) {
    s.sink = effects;
    s.now = event.nowNanos();
    switch (event) {
      case Started _ -> observations.onStarted();
      case CarpSeen(_, var carp, var reason) -> observations.onCarp(carp, reason);
      case AddressesSeen(_, var present) -> observations.onAddresses(present);
      case ResourcesSeen(_, var resources) -> observations.onResources(resources);
      case ClientNetworkJudged(_, var lost) ->
          s.blockers.clientsLost = lost.isEmpty() ? null : lost;
      case PeerSaid(_, var known, var failed) -> s.strikes.peer(known, failed);
      case ReplicatorLost _ -> observations.onReplicatorLost();
      case StepDone(_, var token, var imported, var health, var text) -> {
        if (s.current.step != null && token == s.current.token) {
          ends.onDone(s.current.step, imported, health, text);
        }
      }
      case StepFailed(_, var token, var failure) -> {
        if (s.current.step != null && token == s.current.token) {
          failures.onFailed(s.current.step, failure);
        }
      }
      case TimerFired(_, var token) -> {
        var kind = s.timers.fired(token);
        if (kind != null) {
          observations.onTimer(kind);
        }
      }
      case Asked(_, var id, var command) -> requests.onAsked(id, command);
    }
    advance();
    conclude();
  }

  void advance() {
    if (s.end.left) {
      return;
    }
    if (s.intent.unmanaged != null) {
      if (s.end.leaving) {
        s.end.left = s.current.step == null;
      } else {
        unmanaged.watch();
      }
      return;
    }
    goals.noteBroken();
    requests.noteHeld();
    var next = goals.decide();
    if (s.end.leaving && next != Goal.YIELD) {
      s.end.left = s.current.step == null;
      return;
    }
    if (next == null) {
      return;
    }
    if (next != s.goal) {
      goals.pursue(next);
    }
    if (s.current.step != null) {
      abortIfSuperseded();
      return;
    }
    if (s.timers.running(TimerKind.RETRY)) {
      return;
    }
    if (s.end.leaving && s.settled) {
      s.end.left = true;
      return;
    }
    switch (next) {
      case SERVE -> serving.serve();
      case EXPORT -> yielding.export();
      case YIELD -> yielding.giveUp();
    }
    // It may be left already: a switchover that is called off ends in another look at the goal.
    s.end.left |= s.end.leaving && s.settled && s.current.step == null;
  }

  private void abortIfSuperseded() {
    var step = s.current.step;
    if (step == null || s.current.aborting || !step.abortable()) {
      return;
    }
    var servesOnly =
        step instanceof Step.Promote
            || step instanceof Step.StartService
            || step instanceof Step.CheckService
            || step instanceof Step.Clear;
    if (servesOnly && s.goal != Goal.SERVE) {
      s.current.aborting = true;
      s.emit(new PoolEffect.Abort(s.current.token));
    }
  }

  private void conclude() {
    for (var index = 0; index < s.services.size(); index++) {
      var view = s.services.get(index).view();
      if (!view.equals(s.told.services.get(index))) {
        s.told.services.set(index, view);
        s.emit(new PoolEffect.ServiceNoted(index, view));
      }
    }
    s.causes.become(picture.standingCauses());
    var phase = picture.phase();
    if (phase != s.told.phase) {
      var from = s.told.phase;
      s.told.phase = phase;
      s.told.phaseSince = s.now;
      s.emit(new PoolEffect.PhaseChanged(from, phase, s.goalCause));
    }
    requests.answerPending();
    var left = s.strikes.untilNextNanos(s.now);
    if (left >= 0) {
      s.timers.ensure(TimerKind.FAIL_WINDOW, left);
    }
    var memory = s.memory();
    if (!memory.equals(s.told.memory)) {
      s.told.memory = memory;
      s.emit(new PoolEffect.Remember(memory));
    }
  }
}
