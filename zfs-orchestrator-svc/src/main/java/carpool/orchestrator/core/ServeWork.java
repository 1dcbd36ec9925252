package carpool.orchestrator.core;

import carpool.orchestrator.core.Facts.Here;

/// The next step towards serving, and watching over what is served.
final class ServeWork {
  /// The step in which clients wait for the address.
  static final String ADDRESS = "address";

  private final PoolState s;

  ServeWork(PoolState s) {
    this.s = s;
  }

  void serve() {
    if (!s.facts.replicatorUp || s.stuck != null) {
      return;
    }
    if (s.facts.here == Here.UNKNOWN) {
      s.run(new Step.Inspect(), Patience.INSPECT);
    } else if (s.facts.here == Here.YES && !s.facts.allInRole(Role.PRIMARY)) {
      pause(
          "I/O is held: the replicator was restarted, and is not primary again yet for "
              + s.facts.names(r -> r.role() != Role.PRIMARY),
          "nothing; it takes the role again when it has met the other node");
    } else if (s.facts.here == Here.YES && s.facts.any(ResourceFacts::held)) {
      // What is looked at now would hang, and count against a pool that is well.
      pause(
          "I/O is held: neither the other node nor the witness allows this node to go on with "
              + s.facts.names(ResourceFacts::held),
          "connect the other node, or bring the witness back; carpool witness show");
    } else if (!s.facts.allInRole(Role.PRIMARY)) {
      if (s.promotion.peerUnheard) {
        s.run(new Step.Fence(), s.spec.deadlines().fenceNanos());
      } else if (!s.promotion.granted) {
        s.promotion.mayBePrimary = true;
        var peerWord = s.spec.fences() && !s.promotion.peerFenced && !s.intent.force;
        s.run(
            new Step.Promote(s.intent.force, peerWord, "takeover of pool " + s.spec.name()),
            s.spec.deadlines().promoteNanos());
      } else {
        s.timers.ensure(TimerKind.DEVICES, s.spec.deadlines().deviceNanos());
      }
    } else if (!s.facts.all(ResourceFacts::deviceReady)) {
      s.adopting = false;
      s.timeline.begin("devices", s.now);
      s.timers.ensure(TimerKind.DEVICES, s.spec.deadlines().deviceNanos());
    } else {
      if (s.timers.running(TimerKind.DEVICES)) {
        s.timers.drop(TimerKind.DEVICES);
        s.timeline.end("devices", StepRecord.Outcome.DONE, "", s.now);
      }
      serveFromDevices();
    }
  }

  /// Takes no step while the replicator holds what the pool asks of it: until it goes on, or says
  /// that it will not.
  private void pause(String problem, String hint) {
    if (!s.paused) {
      s.paused = true;
      s.problem = problem;
      s.hint = hint;
    }
  }

  private void serveFromDevices() {
    if (s.paused) {
      s.paused = false;
      s.problem = "";
      s.hint = "";
    }
    if (s.facts.here == Here.NO || (!s.served && s.facts.health == Health.UNMOUNTED)) {
      if (s.stopLeftOver()) {
        return;
      }
      if (s.importing.notFound) {
        s.probe(Patience.PROBE_WAITING);
        return;
      }
      s.importing.begin(s.now);
      s.run(new Step.Import(), s.importing.since + s.spec.deadlines().importNanos() - s.now);
      return;
    }
    for (var index = 0; index < s.services.size(); index++) {
      if (bringUp(index)) {
        return;
      }
    }
    if (!s.served) {
      s.served = true;
      s.everSettled = true;
      s.intent.force = false;
      s.problem = "";
      s.hint = "";
      s.probes.nextNanos = s.now + Patience.PROBE_SERVING;
      if (s.adopting) {
        s.adopting = false;
        s.goalCause = "served by the process before this one";
        s.timeline.rename(PassageKind.ADOPTION, s.goalCause);
      }
      if (s.facts.addressesPresent || !s.timeline.isOpen()) {
        s.timeline.close("", s.now);
      } else {
        s.timeline.begin(ADDRESS, s.now);
        s.timers.arm(TimerKind.ADDRESS, Patience.ADDRESS);
      }
    }
    watchOver();
  }

  /// Looks at the pool when that is due; false when it is not.
  private boolean probed() {
    if (s.probes.nextNanos - s.now > 0) {
      return false;
    }
    s.probes.nextNanos = s.now + Patience.PROBE_SERVING;
    s.run(new Step.Inspect(), Patience.INSPECT);
    return true;
  }

  /// Begins what is still to be done for one service; false when it is as well as it can be.
  private boolean bringUp(int index) {
    var service = s.services.get(index);
    switch (service.running()) {
      case RUNNING, FAILED -> {
        return false;
      }
      case STARTING -> {
        // One that does not come up again while the node serves may have lost its pool.
        if (!s.served || !probed()) {
          s.run(new Step.CheckService(index), service.spec.timeoutNanos());
        }
      }
      case UNKNOWN, STOPPING -> {
        if (service.spec.checked()) {
          s.run(new Step.CheckService(index), service.spec.timeoutNanos());
        } else {
          s.run(new Step.StartService(index), service.spec.timeoutNanos());
        }
      }
      case STOPPED -> {
        if (service.stopFirst()) {
          s.run(new Step.StopService(index), service.spec.timeoutNanos());
        } else {
          s.run(new Step.StartService(index), service.spec.timeoutNanos());
        }
      }
    }
    return true;
  }

  /// While serving: what is due of checks and probes, else a timer for the next.
  private void watchOver() {
    if (s.probes.clearDue) {
      s.probes.clearDue = false;
      s.run(new Step.Clear(), Patience.INSPECT);
      return;
    }
    var next = s.probes.nextNanos;
    for (var index = 0; index < s.services.size(); index++) {
      var service = s.services.get(index);
      if (service.spec.checked()) {
        if (service.nextCheckNanos() - s.now <= 0) {
          s.run(new Step.CheckService(index), service.spec.timeoutNanos());
          return;
        }
        next = Math.min(next - s.now, service.nextCheckNanos() - s.now) + s.now;
      }
    }
    if (probed()) {
      return;
    }
    s.timers.arm(TimerKind.TICK, next - s.now);
  }
}
