package carpool.orchestrator.core;

import carpool.orchestrator.core.Facts.Here;
import carpool.orchestrator.core.ServiceView.Running;
import carpool.orchestrator.core.Situation.Handover;

/// The next step away from the pool: services in reverse → export → demote, by force where it has
/// to be; and the watch of a standby over a pool that should not be there.
final class YieldWork {
  private final Situation s;
  private final Runnable again;

  /// @param again decides and acts anew
  YieldWork(Situation s, Runnable again) {
    this.s = s;
    this.again = again;
  }

  void export() {
    if (s.facts.here == Here.UNKNOWN) {
      s.run(new Step.Inspect(), Patience.INSPECT);
    } else if (s.facts.here == Here.YES) {
      if (!stopNextService()) {
        if (!s.exportTried) {
          s.exportTried = true;
          s.exportSince = s.now;
        }
        var left = s.exportSince + s.spec.deadlines().exportNanos() - s.now;
        if (left <= 0) {
          s.answer("POOL_BUSY", s.spec.name() + " could not be exported: " + s.problem, "");
          s.exported = false;
          again.run();
          return;
        }
        s.run(new Step.Export(s.exportForced), left);
      }
    } else if (!s.stopLeftOver()) {
      settle();
    }
  }

  private boolean stopNextService() {
    for (var index = s.services.size() - 1; index >= 0; index--) {
      var service = s.services.get(index);
      if (service.running() != Running.STOPPED) {
        service.stopping(s.now);
        s.run(new Step.StopService(index), service.spec.timeoutNanos());
        return true;
      }
    }
    return false;
  }

  void giveUp() {
    if (s.settled) {
      if (lastResortDue()) {
        s.lastResortNanos = s.now + Patience.LAST_RESORT;
        s.run(new Step.LastResort(), Patience.LAST_RESORT);
      } else if (!s.stopping) {
        // A pool that turns up without the right to it, by whatever way, is given up, too.
        s.probe(standbyProbe());
      }
      return;
    }
    if (s.handover == Handover.YIELDING && !s.stopping && !s.facts.peerHasAll()) {
      // What was written since is on this node only: a planned move must not lose it.
      s.endSwitchover(
          "PEER_UNREACHABLE", "the other node fell behind meanwhile; this node serves again");
      again.run();
      return;
    }
    if (s.facts.here == Here.UNKNOWN) {
      s.run(new Step.Inspect(), Patience.INSPECT);
    } else if (s.facts.here == Here.YES && !(s.cutOff && s.detached)) {
      giveUpPool();
    } else if (s.stopLeftOver()) {
      return;
    } else if (s.handover == Handover.YIELDING
        && s.demoteGranted
        && !s.facts.allInRole(Role.SECONDARY)) {
      // The next look tells whether the peer had everything when the role went.
      return;
    } else if (!s.facts.replicatorUp || (!s.mayBePrimary && secondaryOrSoon())) {
      settle();
    } else {
      demote();
    }
  }

  /// The cut was not enough: after one more look the pool still hangs on devices that are gone.
  private boolean lastResortDue() {
    return s.spec.lastResort() && s.cutOff && s.cutProbes > 0 && s.now - s.lastResortNanos >= 0;
  }

  private long standbyProbe() {
    return s.cutOff ? Patience.PROBE_WAITING : Patience.PROBE_STANDBY;
  }

  private boolean secondaryOrSoon() {
    return s.demoteGranted || s.facts.allInRole(Role.SECONDARY);
  }

  private void giveUpPool() {
    if (stopNextService()) {
      return;
    }
    if (!s.exportTried) {
      s.exportTried = true;
      s.exportSince = s.now;
    }
    var spent = s.now - s.exportSince;
    var half = s.spec.deadlines().exportNanos() / 2;
    if (s.cutOff) {
      s.run(new Step.Detach(), Patience.CUT_OFF);
    } else if (s.fenced) {
      // It answers nothing, so nothing can be exported from it; and nothing that waits may count.
      s.run(
          new Step.CutOff("pool " + s.spec.name() + " hangs on fenced resources"),
          Patience.CUT_OFF);
    } else if (spent < half) {
      announce(2 * half - spent);
      s.run(new Step.Export(false), half - spent);
    } else if (s.handover == Handover.YIELDING && !s.stopping) {
      // A planned move does not break what works.
      s.endSwitchover("POOL_BUSY", s.spec.name() + " could not be exported: " + s.problem);
      again.run();
    } else if (spent < 2 * half) {
      s.run(new Step.Export(true), 2 * half - spent);
    } else {
      s.run(new Step.CutOff("export of pool " + s.spec.name() + " did not end"), Patience.CUT_OFF);
    }
  }

  /// To a peer that lives. One that is gone takes nothing over: then what is left to write is
  /// written by this node alone.
  private void announce(long exportNanos) {
    if (!s.announced && s.facts.peerAble()) {
      s.announced = true;
      s.emit(
          new PoolEffect.AnnounceGiveUp(
              exportNanos + s.spec.deadlines().demoteNanos() + 2 * Patience.CUT_OFF));
    }
  }

  private void demote() {
    if (!s.demoteTried) {
      s.demoteTried = true;
      s.demoteSince = s.now;
    }
    var late = s.now - s.demoteSince >= s.spec.deadlines().demoteNanos();
    if (late && !s.cutOff && !s.demoteCut && s.facts.anyPrimary()) {
      s.run(
          new Step.CutOff("demotion for pool " + s.spec.name() + " did not end"), Patience.CUT_OFF);
    } else {
      s.run(
          new Step.Demote(s.goalCause, s.cutOff || s.demoteCut), s.spec.deadlines().demoteNanos());
    }
  }

  /// There is nothing left to resign from.
  private boolean roleLost() {
    return s.facts.carp == Carp.BACKUP || s.facts.carp == Carp.INIT;
  }

  /// Everything is given up that can be.
  private void settle() {
    if (s.settled) {
      return;
    }
    s.settled = true;
    s.everSettled = true;
    s.timeline.close(s.cutOff ? "the devices were cut off under the pool" : "", s.now);
    if (s.goal == Goal.EXPORT) {
      if (s.pending != null && s.pending.command() instanceof Command.Export) {
        s.answer("", "exported; the resources stay primary", "");
      }
      return;
    }
    if (!s.facts.anyFenced()) {
      s.fenced = false;
    }
    if (!s.cutOff && s.failing == null) {
      s.problem = "";
      s.hint = "";
    }
    if (s.handover == Handover.YIELDING && s.cutOff) {
      // No planned move any more: the pool is still here. Its cause rules this node out as MASTER.
      s.endSwitchover("STEP_FAILED", "the devices were cut off under pool " + s.spec.name());
    } else if (s.handover == Handover.YIELDING && roleLost()) {
      s.handover = Handover.WAITING_FOR_PEER;
      s.timers.arm(TimerKind.SWITCHOVER, Patience.PEER_TAKES_OVER);
      if (s.facts.all(ResourceFacts::peerPrimary)) {
        s.endSwitchover("", "the peer has the devices");
      }
    } else if (s.handover == Handover.YIELDING) {
      s.handover = Handover.RESIGNING;
      s.timers.arm(TimerKind.SWITCHOVER, Patience.RESIGN);
      s.emit(new PoolEffect.Resign("switchover", true));
    } else if (s.stopping) {
      s.emit(new PoolEffect.Resign("the orchestrator stops", true));
    } else if (s.failing != null && s.failingYields) {
      s.timers.arm(TimerKind.FAILING, Patience.FAILING);
      s.emit(new PoolEffect.Resign(s.failing.text(), false));
    }
    if (!s.stopping) {
      s.nextProbeNanos = s.now + standbyProbe();
      s.timers.arm(TimerKind.TICK, standbyProbe());
    }
  }
}
