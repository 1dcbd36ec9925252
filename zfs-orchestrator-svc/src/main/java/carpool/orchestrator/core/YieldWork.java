package carpool.orchestrator.core;

import carpool.orchestrator.core.Facts.Here;
import carpool.orchestrator.core.ServiceView.Running;
import carpool.orchestrator.core.SwitchoverState.Handover;

/// The next step away from the pool: services in reverse → export → demote, by force where it has
/// to be; and the watch of a standby over a pool that should not be there.
final class YieldWork {
  private final PoolState s;
  private final Runnable again;

  /// @param again decides and acts anew
  YieldWork(PoolState s, Runnable again) {
    this.s = s;
    this.again = again;
  }

  void export() {
    if (s.facts.here == Here.UNKNOWN) {
      s.run(new Step.Inspect(), Patience.INSPECT);
    } else if (s.facts.here == Here.YES) {
      if (!stopNextService()) {
        s.exporting.begin(s.now);
        var left = s.exporting.since + s.spec.deadlines().exportNanos() - s.now;
        if (left <= 0) {
          s.answer("POOL_BUSY", s.spec.name() + " could not be exported: " + s.problem, "");
          s.intent.exported = false;
          again.run();
          return;
        }
        s.run(new Step.Export(s.intent.exportForced), left);
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
        s.cut.lastResortNanos = s.now + Patience.LAST_RESORT;
        s.run(new Step.LastResort(), Patience.LAST_RESORT);
      } else if (!s.end.stopping) {
        // A pool that turns up without the right to it, by whatever way, is given up, too.
        s.probe(standbyProbe());
      }
      return;
    }
    if (s.switchover.handover == Handover.YIELDING && !s.end.stopping && !s.facts.peerHasAll()) {
      // What was written since is on this node only: a planned move must not lose it.
      s.endSwitchover(
          "PEER_UNREACHABLE", "the other node fell behind meanwhile; this node serves again");
      again.run();
      return;
    }
    if (s.facts.here == Here.UNKNOWN) {
      s.run(new Step.Inspect(), Patience.INSPECT);
    } else if (s.facts.here == Here.YES && !(s.cut.done && s.cut.detached)) {
      giveUpPool();
    } else if (s.stopLeftOver()) {
      return;
    } else if (s.switchover.handover == Handover.YIELDING
        && s.demotion.granted
        && !s.facts.allInRole(Role.SECONDARY)) {
      // The next look tells whether the peer had everything when the role went.
      return;
    } else if (!s.facts.replicatorUp || (!s.promotion.mayBePrimary && secondaryOrSoon())) {
      settle();
    } else {
      demote();
    }
  }

  /// The cut was not enough: after one more look the pool still hangs on devices that are gone.
  private boolean lastResortDue() {
    return s.spec.lastResort()
        && s.cut.done
        && s.cut.probeCount > 0
        && s.now - s.cut.lastResortNanos >= 0;
  }

  private long standbyProbe() {
    return s.cut.done ? Patience.PROBE_WAITING : Patience.PROBE_STANDBY;
  }

  private boolean secondaryOrSoon() {
    return s.demotion.granted || s.facts.allInRole(Role.SECONDARY);
  }

  private void giveUpPool() {
    if (stopNextService()) {
      return;
    }
    s.exporting.begin(s.now);
    var spent = s.now - s.exporting.since;
    var half = s.spec.deadlines().exportNanos() / 2;
    if (s.cut.done) {
      s.run(new Step.Detach(), Patience.CUT_OFF);
    } else if (s.blockers.fenced) {
      // It answers nothing, so nothing can be exported from it; and nothing that waits may count.
      s.run(
          new Step.CutOff("pool " + s.spec.name() + " hangs on fenced resources"),
          Patience.CUT_OFF);
    } else if (spent < half) {
      announce(2 * half - spent);
      s.run(new Step.Export(false), half - spent);
    } else if (s.switchover.handover == Handover.YIELDING && !s.end.stopping) {
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
    if (!s.exporting.announced && s.facts.peerAble()) {
      s.exporting.announced = true;
      s.emit(
          new PoolEffect.AnnounceGiveUp(
              exportNanos + s.spec.deadlines().demoteNanos() + 2 * Patience.CUT_OFF));
    }
  }

  private void demote() {
    s.demotion.begin(s.now);
    var late = s.now - s.demotion.since >= s.spec.deadlines().demoteNanos();
    if (late && !s.cut.done && !s.demotion.cut && s.facts.anyPrimary()) {
      s.run(
          new Step.CutOff("demotion for pool " + s.spec.name() + " did not end"), Patience.CUT_OFF);
    } else {
      s.run(
          new Step.Demote(s.goalCause, s.cut.done || s.demotion.cut),
          s.spec.deadlines().demoteNanos());
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
    s.timeline.close(s.cut.done ? "the devices were cut off under the pool" : "", s.now);
    if (s.goal == Goal.EXPORT) {
      if (s.pending != null && s.pending.command() instanceof Command.Export) {
        s.answer("", "exported; the resources stay primary", "");
      }
      return;
    }
    if (!s.facts.anyFenced()) {
      s.blockers.fenced = false;
    }
    if (!s.cut.done && s.blockers.failing == null) {
      s.problem = "";
      s.hint = "";
    }
    if (s.switchover.handover == Handover.YIELDING && s.cut.done) {
      // No planned move any more: the pool is still here. Its cause rules this node out as MASTER.
      s.endSwitchover("STEP_FAILED", "the devices were cut off under pool " + s.spec.name());
    } else if (s.switchover.handover == Handover.YIELDING && roleLost()) {
      s.switchover.handover = Handover.WAITING_FOR_PEER;
      s.timers.arm(TimerKind.SWITCHOVER, Patience.PEER_TAKES_OVER);
      if (s.facts.all(ResourceFacts::peerPrimary)) {
        s.endSwitchover("", "the peer has the devices");
      }
    } else if (s.switchover.handover == Handover.YIELDING) {
      s.switchover.handover = Handover.RESIGNING;
      s.timers.arm(TimerKind.SWITCHOVER, Patience.RESIGN);
      s.emit(new PoolEffect.Resign("switchover", true));
    } else if (s.end.stopping) {
      s.emit(new PoolEffect.Resign("the orchestrator stops", true));
    } else if (s.blockers.failing != null && s.blockers.failingYields) {
      s.timers.arm(TimerKind.FAILING, Patience.FAILING);
      s.emit(new PoolEffect.Resign(s.blockers.failing.text(), false));
    }
    if (!s.end.stopping) {
      s.probes.nextNanos = s.now + standbyProbe();
      s.timers.arm(TimerKind.TICK, standbyProbe());
    }
  }
}
