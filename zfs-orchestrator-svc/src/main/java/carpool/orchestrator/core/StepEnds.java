package carpool.orchestrator.core;

import carpool.orchestrator.core.Facts.Here;

/// What a step that ended well changes.
final class StepEnds {
  private final PoolState s;

  StepEnds(PoolState s) {
    this.s = s;
  }

  void onDone(Step step, boolean imported, Health health, String text) {
    s.current.step = null;
    if (!s.current.quiet) {
      s.timeline.end(step.label(s.spec), StepRecord.Outcome.DONE, text, s.now);
    }
    switch (step) {
      case Step.Inspect _ -> onInspected(imported, health);
      case Step.Promote _ -> {
        s.promotion.granted = true;
        s.promotion.waitingForPeer = false;
        s.promotion.peerFenced = false;
        // Devices that come anew are looked through anew.
        s.importing.notFound = false;
        s.importing.notFoundOnce = false;
        s.problem = "";
        s.hint = "";
        if (s.facts.allInRole(Role.PRIMARY)) {
          s.promotion.granted = false;
        }
      }
      case Step.Fence _ -> {
        s.promotion.peerUnheard = false;
        s.promotion.peerFenced = true;
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
        s.cut.detached = true;
        if (s.spec.kind() == PoolSpec.Kind.FILESYSTEM) {
          gone();
        }
      }
      case Step.Clear _ ->
          s.probes.nextNanos = Math.min(s.probes.nextNanos - s.now, Patience.CLEARED) + s.now;
      case Step.LastResort _ -> {
        // Dead mounts of a daemon that was killed are to be taken away.
        s.cut.detached = false;
        s.settled = false;
      }
      case Step.Demote _ -> {
        s.promotion.mayBePrimary = false;
        s.exporting.announced = false;
        s.demotion.granted = !s.facts.allInRole(Role.SECONDARY);
      }
    }
  }

  private void onInspected(boolean imported, Health health) {
    s.probes.looked = true;
    if (s.probes.blindCount > 0) {
      s.probes.blindCount = 0;
      s.problem = "";
      s.hint = "";
    }
    s.facts.health = health;
    if (!imported) {
      gone();
      return;
    }
    if (s.cut.done) {
      s.cut.probeCount++;
    }
    if (s.facts.here != Here.YES) {
      s.facts.here = Here.YES;
      if (s.importing.notFound) {
        s.importing.notFound = false;
        s.timeline.open(PassageKind.IMPORT, "found imported", s.now);
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
      if (s.probes.dead != null) {
        s.probes.dead = null;
        s.problem = "";
        s.hint = "";
      }
      s.probes.deadCount = 0;
      if (s.told.phase == Phase.SERVING && s.now - s.told.phaseSince >= Patience.BUDGET_REFILL) {
        s.strikes.clear(Strike.POOL);
      }
      return;
    }
    s.probes.deadCount++;
    s.probes.clearDue = health == Health.SUSPENDED;
    if (s.probes.deadCount >= 2) {
      var first = s.probes.dead == null;
      s.probes.dead = "pool " + s.spec.name() + " is " + health;
      s.problem = "the pool is " + health;
      if (first && s.failOver(Cause.POOL, Strike.POOL, s.probes.dead)) {
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
      s.settled = s.settled && !s.cut.done;
    }
    if (s.served) {
      s.timeline.open(PassageKind.TAKEOVER, "the pool was no longer here", s.now);
    }
    s.facts.here = Here.NO;
    s.facts.health = Health.NONE;
    s.probes.deadCount = 0;
    s.probes.dead = null;
    s.probes.clearDue = false;
    s.served = false;
    s.blockers.broken = false;
    s.cut.done = false;
    s.cut.detached = false;
    s.services.forEach(service -> service.forget(s.now));
  }

  void cutOffDone() {
    if (s.facts.here == Here.YES) {
      s.cut.done = true;
      s.cut.probeCount = 0;
      s.cut.lastResortNanos = s.now;
      s.cut.detached = false;
    } else {
      s.demotion.cut = true;
    }
  }
}
