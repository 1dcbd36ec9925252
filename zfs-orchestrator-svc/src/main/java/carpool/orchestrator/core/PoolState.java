package carpool.orchestrator.core;

import carpool.orchestrator.core.PoolEffect.Answer;
import carpool.orchestrator.core.SwitchoverState.Handover;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// All that the machine of one pool knows and wants at one moment, and the few things that every
/// part of it does: tell an effect, begin a step, answer an operator, note a setback. Owned by the
/// machine's thread; time is that of the event being handled.
final class PoolState {
  record Pending(long id, Command command) {}

  final PoolSpec spec;
  Consumer<PoolEffect> sink = _ -> {};
  final Facts facts = new Facts();
  final Timers timers = new Timers(this::emit);
  final Causes causes = new Causes(this::emit);
  final Strikes strikes;
  final Timeline timeline = new Timeline(this::emit);
  final List<ServiceTrack> services;
  final OperatorIntent intent;
  final ProcessEnd end = new ProcessEnd();
  final Blockers blockers = new Blockers();
  final SwitchoverState switchover = new SwitchoverState();
  final PoolProbes probes = new PoolProbes();
  final Promotion promotion = new Promotion();
  final ImportAttempt importing = new ImportAttempt();
  final ExportAttempt exporting = new ExportAttempt();
  final Demotion demotion = new Demotion();
  final DeviceCut cut = new DeviceCut();
  final RunningStep current = new RunningStep();
  final Told told;

  /// Of the event being handled; nanoseconds, monotonic.
  long now;

  /// What the pool is moved towards; null until enough is known.
  @Nullable Goal goal;

  String goalCause = "";

  /// The goal is reached: everything is given up, or exported.
  boolean settled;

  boolean everSettled;

  /// Since the start nothing was done to the pool: if it is found served, it is adopted.
  boolean adopting = true;

  boolean served;
  boolean paused;

  /// Why nothing more is tried for a while.
  @Nullable String stuck;

  String problem = "";
  String hint = "";

  /// The command of an operator that is being carried out.
  @Nullable Pending pending;

  PoolState(PoolSpec spec, Memory memory) {
    this.spec = spec;
    this.intent = new OperatorIntent(memory);
    this.told = new Told(memory);
    this.strikes = new Strikes(spec.failWindowNanos(), memory.strikes());
    this.services = spec.services().stream().map(ServiceTrack::new).toList();
    services.forEach(service -> told.services.add(service.view()));
  }

  void emit(PoolEffect effect) {
    sink.accept(effect);
  }

  void run(Step step, long limitNanos) {
    current.step = step;
    current.token++;
    current.aborting = false;
    adopting &= step instanceof Step.Inspect || step instanceof Step.CheckService;
    current.quiet = step instanceof Step.Inspect || served;
    if (!current.quiet) {
      timeline.begin(step.label(spec), now);
    }
    emit(new PoolEffect.Run(current.token, step, Math.max(1, limitNanos)));
  }

  /// Stops, in reverse, the next service whose pool has vanished under it, as it does when ZFS in
  /// user space dies; false when there is none. Before an import: what still writes below the mount
  /// point would fill that directory, and a data set cannot be mounted on a full one.
  boolean stopLeftOver() {
    for (var index = services.size() - 1; index >= 0; index--) {
      var service = services.get(index);
      if (service.leftOver()) {
        service.stopping(now);
        run(new Step.StopService(index), service.spec.timeoutNanos());
        return true;
      }
    }
    return false;
  }

  void probe(long intervalNanos) {
    if (timers.running(TimerKind.TICK)) {
      return;
    }
    if (probes.nextNanos - now <= 0) {
      probes.nextNanos = now + intervalNanos;
      run(new Step.Inspect(), Patience.INSPECT);
    } else {
      timers.arm(TimerKind.TICK, probes.nextNanos - now);
    }
  }

  void answer(String reason, String text, String todo) {
    if (pending != null) {
      emit(new Answer(pending.id(), reason, text, todo));
      pending = null;
    }
  }

  void endSwitchover(String reason, String text) {
    switchover.handover = Handover.NONE;
    timers.drop(TimerKind.SWITCHOVER);
    if (pending != null && pending.command() instanceof Command.Switchover) {
      answer(reason, text, "");
    }
  }

  void clearRefusal() {
    if (blockers.refused != null) {
      blockers.refused = null;
      settled = false;
      timers.drop(TimerKind.REFUSED);
    }
  }

  void retryNow() {
    importing.reset();
    stuck = null;
    timers.drop(TimerKind.RETRY);
    timers.drop(TimerKind.STUCK);
  }

  /// Something needed for serving is not to be had: the other node's turn, if it has one.
  ///
  /// @param useless the pool is here, and nothing can be done with it
  void cannotServe(String text, boolean useless) {
    timers.drop(TimerKind.DEVICES);
    timeline.end("devices", StepRecord.Outcome.TIMED_OUT, text, now);
    problem = text;
    var othersTurn = intent.unmanaged == null && strikes.note(Strike.POOL, text, now);
    if ((facts.peerAble() && othersTurn) || useless) {
      fail(Cause.POOL, text);
    } else {
      timeline.close(text, now);
      stuck = text;
      timers.arm(TimerKind.STUCK, Patience.STUCK);
    }
  }

  /// A failover because of what is wrong here; not when the peer could not do it either, or has
  /// tried already. True when it is begun. What fails while the pool is left alone counts for
  /// nothing: somebody is at work on it.
  boolean failOver(Cause cause, String what, String text) {
    if (intent.unmanaged != null) {
      return false;
    }
    var othersTurn = strikes.note(what, text, now);
    if (!othersTurn || !facts.peerAble()) {
      return false;
    }
    fail(cause, text);
    return true;
  }

  /// Why the pool stays although something failed.
  String whyNotMoved(String what) {
    if (intent.unmanaged != null) {
      return "it is left alone (unmanaged)";
    }
    return strikes.failedThere(what)
        ? "it failed on the other node, too"
        : facts.peerAble() ? "the other node was tried already" : "the other node could not serve";
  }

  void fail(Cause cause, String text) {
    if (intent.unmanaged != null) {
      return; // An operator decides.
    }
    blockers.fail(cause, text);
    timers.arm(TimerKind.FAILING, Patience.FAILING);
  }

  /// What is to be kept over a restart.
  Memory memory() {
    return new Memory(intent.maintenance, intent.unmanaged, intent.exported, strikes.all());
  }

  /// True while nothing of the pool is or may come to be here, or nothing is to be done about it:
  /// the process may end.
  boolean yielded() {
    return current.step == null && (intent.unmanaged != null || (goal == Goal.YIELD && settled));
  }
}
