package carpool.orchestrator.core;

import carpool.orchestrator.core.Facts.Here;

/// What a step that ended well changes.
final class StepEnds {
  private final Situation s;

  StepEnds(Situation s) {
    this.s = s;
  }

  void onDone(Step step, boolean imported, Health health, String text) {
    s.running = null;
    if (!s.quiet) {
      s.timeline.end(step.label(s.spec), StepRecord.Outcome.DONE, text, s.now);
    }
    switch (step) {
      case Step.Inspect _ -> onInspected(imported, health);
      case Step.Promote _ -> {
        s.promoteGranted = true;
        s.waitingForPeer = false;
        s.peerFenced = false;
        // Devices that come anew are looked through anew.
        s.noPool = false;
        s.noPoolOnce = false;
        s.problem = "";
        s.hint = "";
        if (s.facts.allInRole(Role.PRIMARY)) {
          s.promoteGranted = false;
        }
      }
      case Step.Fence _ -> {
        s.peerUnheard = false;
        s.peerFenced = true;
        s.problem = "";
        s.hint = "";
      }
      case Step.Import _ -> {
        s.facts.here = Here.YES;
        s.facts.health = health;
        s.problem = "";
        s.hint = "";
      }
      case Step.StartService(var index) -> s.services.get(index).started(s.now);
      case Step.CheckService(var index) -> {
        var service = s.services.get(index);
        service.checkedWell(s.now);
        if (service.wellForLong(s.now)) {
          s.strikes.clear(Strike.service(service.spec.name()));
        }
      }
      case Step.StopService(var index) -> s.services.get(index).stopped("", s.now);
      case Step.Export _ -> gone();
      case Step.CutOff _ -> cutOffDone();
      case Step.Detach _ -> {
        s.detached = true;
        if (s.spec.kind() == PoolSpec.Kind.FILESYSTEM) {
          gone();
        }
      }
      case Step.Clear _ ->
          s.nextProbeNanos = Math.min(s.nextProbeNanos - s.now, Patience.CLEARED) + s.now;
      case Step.LastResort _ -> {
        // Dead mounts of a daemon that was killed are to be taken away.
        s.detached = false;
        s.settled = false;
      }
      case Step.Demote _ -> {
        s.mayBePrimary = false;
        s.announced = false;
        s.demoteGranted = !s.facts.allInRole(Role.SECONDARY);
      }
    }
  }

  private void onInspected(boolean imported, Health health) {
    s.looked = true;
    if (s.blindProbes > 0) {
      s.blindProbes = 0;
      s.problem = "";
      s.hint = "";
    }
    s.facts.health = health;
    if (!imported) {
      gone();
      return;
    }
    if (s.cutOff) {
      s.cutProbes++;
    }
    if (s.facts.here != Here.YES) {
      s.facts.here = Here.YES;
      if (s.noPool) {
        s.noPool = false;
        s.timeline.open("import", "found imported", s.now);
      }
      if (s.goal == Goal.YIELD) {
        s.settled = false;
      }
    }
    if (s.served) {
      onLookedAfter(health);
    }
  }

  /// A dead pool is the other node's if that could serve it. Else it stays: nothing is lost, ZFS
  /// holds what it could not write, and goes on when the devices do and it is told to.
  private void onLookedAfter(Health health) {
    if (!health.dead()) {
      if (s.dead != null) {
        s.dead = null;
        s.problem = "";
        s.hint = "";
      }
      s.deadProbes = 0;
      if (s.toldPhase == Phase.SERVING && s.now - s.phaseSince >= Patience.BUDGET_REFILL) {
        s.strikes.clear(Strike.POOL);
      }
      return;
    }
    s.deadProbes++;
    s.clearDue = health == Health.SUSPENDED;
    if (s.deadProbes >= 2) {
      var first = s.dead == null;
      s.dead = "pool " + s.spec.name() + " is " + health;
      s.problem = "the pool is " + health;
      if (first && s.failOver(Cause.POOL, Strike.POOL, s.dead)) {
        return;
      }
      s.problem +=
          s.facts.peerAble()
              ? ", and " + s.whyNotMoved(Strike.POOL)
              : ", and the other node could not serve it";
      s.hint =
          health == Health.SUSPENDED
              ? "mend the devices or the replication link; zpool clear is repeated by itself"
              : "mend the devices; zpool status tells more";
    }
  }

  /// The pool is not here, so neither are its services nor anything of a cut.
  private void gone() {
    if (s.facts.here != Here.NO) {
      s.settled = s.settled && !s.cutOff;
    }
    if (s.served) {
      s.timeline.open("takeover", "the pool was no longer here", s.now);
    }
    s.facts.here = Here.NO;
    s.facts.health = Health.NONE;
    s.deadProbes = 0;
    s.dead = null;
    s.clearDue = false;
    s.served = false;
    s.broken = false;
    s.cutOff = false;
    s.detached = false;
    s.services.forEach(service -> service.forget(s.now));
  }

  void cutOffDone() {
    if (s.facts.here == Here.YES) {
      s.cutOff = true;
      s.cutProbes = 0;
      s.lastResortNanos = s.now;
      s.detached = false;
    } else {
      s.demoteCut = true;
    }
  }
}
