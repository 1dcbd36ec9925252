package carpool.orchestrator.core;

import carpool.orchestrator.core.Facts.Here;

/// A pool that an operator looks after: it is looked at and shown, and nothing is done to it,
/// whatever happens. The other node cannot take it while this one is primary.
final class UnmanagedWatch {
  private final PoolState s;

  UnmanagedWatch(PoolState s) {
    this.s = s;
  }

  void watch() {
    if (s.current.step != null) {
      abort();
      return;
    }
    s.probes.reset();
    if (s.facts.here == Here.UNKNOWN) {
      if (!s.timers.running(TimerKind.RETRY)) {
        s.probes.nextNanos = s.now + Patience.PROBE_SERVING;
        s.run(new Step.Inspect(), Patience.INSPECT);
      }
      return;
    }
    adopt();
    s.probe(Patience.PROBE_SERVING);
  }

  /// What is true counts as what was wanted, so that status shows it.
  private void adopt() {
    var here = s.facts.here == Here.YES;
    s.goal = here ? Goal.SERVE : Goal.YIELD;
    s.goalCause = "unmanaged";
    s.served = here;
    s.settled = !here;
    s.everSettled = true;
    s.adopting = false;
    s.blockers.broken = false;
  }

  private void abort() {
    var step = s.current.step;
    if (step != null
        && !s.current.aborting
        && step.abortable()
        && !(step instanceof Step.Inspect)) {
      s.current.aborting = true;
      s.emit(new PoolEffect.Abort(s.current.token));
    }
  }
}
