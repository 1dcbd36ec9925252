package carpool.orchestrator.core;

import carpool.orchestrator.core.Facts.Here;
import carpool.orchestrator.core.Failure.Kind;
import carpool.orchestrator.core.ServiceView.Running;

/// What a step that failed changes, and when it is tried again.
final class StepFailures {
  private final PoolState s;
  private final StepEnds ends;

  StepFailures(PoolState s, StepEnds ends) {
    this.s = s;
    this.ends = ends;
  }

  void onFailed(Step step, Failure failure) {
    s.current.step = null;
    if (!s.current.quiet) {
      s.timeline.end(
          step.label(s.spec),
          failure.kind() == Kind.TIMED_OUT
              ? StepRecord.Outcome.TIMED_OUT
              : failure.kind() == Kind.ABORTED
                  ? StepRecord.Outcome.SKIPPED
                  : StepRecord.Outcome.FAILED,
          failure.text(),
          s.now);
    }
    var aborted = failure.kind() == Kind.ABORTED;
    switch (step) {
      case Step.Inspect _ -> onNotInspected(failure);
      case Step.Promote _ -> {
        // An answer to what nobody wants any more tells nothing.
        if (!aborted && s.goal == Goal.SERVE) {
          onNotPromoted(failure);
        }
      }
      case Step.Fence _ -> onNotFenced(failure);
      case Step.Import _ -> onNotImported(failure);
      case Step.StartService(var index) -> {
        if (aborted) {
          s.services.get(index).doubt(s.now);
        } else {
          onServiceVerdict(index, s.services.get(index).startFailed(failure.text(), s.now));
        }
      }
      case Step.CheckService(var index) -> {
        if (!aborted) {
          onServiceVerdict(index, s.services.get(index).checkedBadly(failure.text(), s.now));
        }
      }
      case Step.StopService(var index) -> s.services.get(index).stopped(failure.text(), s.now);
      case Step.Export _ -> {
        s.problem = failure.text();
        s.hint = failure.hint();
        s.facts.here = Here.UNKNOWN;
        s.timers.arm(TimerKind.RETRY, Patience.RETRY);
      }
      case Step.CutOff _ -> {
        s.problem = "cut off: " + failure.text();
        if (failure.kind() == Kind.UNREACHABLE) {
          // Without a replicator nothing reaches the disks either.
          ends.cutOffDone();
        } else {
          s.timers.arm(TimerKind.RETRY, Patience.RETRY);
        }
      }
      case Step.Clear _ -> {
        // The next look tells.
      }
      case Step.Detach _ -> s.cut.detached = true;
      case Step.LastResort _ -> {
        s.problem = "last resort: " + failure.text();
        s.hint = failure.hint();
      }
      case Step.Demote _ -> {
        s.problem = "demote: " + failure.text();
        s.hint = failure.hint();
        if (s.facts.here == Here.NO) {
          // Perhaps because somebody uses the devices: for a pool that was not here before?
          s.facts.here = Here.UNKNOWN;
        }
        var late = s.now - s.demotion.since >= s.spec.deadlines().demoteNanos();
        s.timers.arm(TimerKind.RETRY, late ? Patience.STUCK : Patience.RETRY);
      }
    }
  }

  private void onNotInspected(Failure failure) {
    if (s.served) {
      s.probes.deadCount++;
      if (s.probes.deadCount >= 3) {
        s.probes.dead = "pool " + s.spec.name() + " does not answer";
        s.problem = "the pool does not answer: " + failure.text();
        if (s.probes.deadCount == 3) {
          var _ = s.failOver(Cause.POOL, Strike.POOL, "pool " + s.spec.name() + " does not answer");
        }
      }
      return;
    }
    s.problem = "cannot tell whether the pool is here: " + failure.text();
    s.hint = failure.hint();
    s.probes.blindCount++;
    s.timers.arm(TimerKind.RETRY, Patience.RETRY);
  }

  private void onNotPromoted(Failure failure) {
    s.problem = failure.text();
    s.hint = failure.hint();
    if (failure.kind() != Kind.REFUSED) {
      s.timers.arm(TimerKind.RETRY, Patience.RETRY);
      return;
    }
    if (failure.refusal() == Refusal.PEER_UNHEARD) {
      s.promotion.peerUnheard = true;
      s.timers.arm(TimerKind.RETRY, 0);
      return;
    }
    if (failure.refusal().aboutData()) {
      s.promotion.waitingForPeer = false;
      s.blockers.refused = failure;
      s.intent.held = false;
      s.intent.force = false;
      s.timers.arm(TimerKind.REFUSED, Patience.REFUSED);
      return;
    }
    if (!s.promotion.waitingForPeer) {
      s.promotion.waitingForPeer = true;
      s.promotion.peerPrimarySince = s.now;
    }
    if (s.now - s.promotion.peerPrimarySince >= Patience.HAND_OVER) {
      s.intent.held = false;
      s.promotion.waitingForPeer = false;
      s.fail(Cause.POOL, "the peer does not give up pool " + s.spec.name());
    } else {
      s.timers.arm(TimerKind.RETRY, Patience.PEER_RETRY);
    }
  }

  /// A veto: this node must not write while the other one may. The peer is asked again before the
  /// command is: it may be back.
  private void onNotFenced(Failure failure) {
    s.promotion.peerUnheard = false;
    s.problem = "not fenced: " + failure.text();
    s.hint =
        "connect the other node; or make sure that it is off, then carpool takeover --force "
            + s.spec.name();
    s.timers.arm(TimerKind.RETRY, Patience.REFUSED);
  }

  private void onNotImported(Failure failure) {
    s.facts.here = Here.UNKNOWN;
    if (failure.kind() == Kind.NOT_FOUND) {
      if (s.importing.notFoundOnce) {
        s.importing.notFound = true;
        s.everSettled = true;
        s.facts.here = Here.NO;
        s.probes.nextNanos = s.now + Patience.PROBE_WAITING;
        s.problem = failure.text();
        s.hint = failure.hint();
        s.timeline.close("no pool", s.now);
      } else {
        s.importing.notFoundOnce = true;
        s.timers.arm(TimerKind.RETRY, Patience.RETRY);
      }
      return;
    }
    s.problem = failure.text();
    s.hint = failure.hint();
    // An attempt in the last moment would only hide, by its own end, why the others failed.
    if (s.now - s.importing.since >= s.spec.deadlines().importNanos() - 2 * Patience.RETRY) {
      s.importing.tried = false;
      s.cannotServe("pool " + s.spec.name() + " could not be imported: " + failure.text(), false);
    } else {
      s.timers.arm(TimerKind.RETRY, Patience.RETRY);
    }
  }

  private void onServiceVerdict(int index, ServiceTrack.Verdict verdict) {
    var service = s.services.get(index);
    switch (verdict) {
      case AGAIN -> {
        if (service.running() == Running.STARTING) {
          s.timers.arm(TimerKind.RETRY, Patience.CHECK_STARTING);
        } else if (service.running() == Running.FAILED) {
          var what = Strike.service(service.spec.name());
          s.strikes.standsStill(what, failed(service), s.now);
        }
      }
      case START -> {}
      case RESTART -> s.timers.arm(TimerKind.RETRY, Patience.RETRY);
      case FAILED -> {
        var what = Strike.service(service.spec.name());
        var text = failed(service);
        if (service.spec.onFailure() == PoolSpec.OnFailure.FAILOVER
            && s.failOver(Cause.SERVICE, what, text)) {
          s.problem = "service " + service.spec.name() + " failed: " + service.problem();
        }
      }
    }
  }

  private String failed(ServiceTrack service) {
    return "service " + service.spec.name() + " of " + s.spec.name() + " failed";
  }
}
