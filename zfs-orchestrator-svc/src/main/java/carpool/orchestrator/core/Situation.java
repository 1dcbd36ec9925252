package carpool.orchestrator.core;

import carpool.orchestrator.core.PoolEffect.Answer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// All that the machine of one pool knows and wants at one moment, and the few things that every
/// part of it does: tell an effect, begin a step, answer an operator, note a setback. Owned by the
/// machine's thread; time is that of the event being handled.
final class Situation {
  /// How far a switchover got.
  enum Handover {
    NONE,
    YIELDING,
    RESIGNING,
    WAITING_FOR_PEER
  }

  record Failing(Cause cause, String text) {}

  record Pending(long id, Command command) {}

  final PoolSpec spec;
  Consumer<PoolEffect> sink = _ -> {};
  final Facts facts = new Facts();
  final Timers timers = new Timers(this::emit);
  final Causes causes = new Causes(this::emit);
  final Strikes strikes;
  final Timeline timeline = new Timeline(this::emit);
  final List<ServiceTrack> services;
  final List<ServiceView> toldServices = new ArrayList<>();
  long now;

  // What stands against serving, and what speaks for it.
  boolean stopping;

  /// Another process is about to take the place of this one.
  boolean leaving;

  /// No step is begun any more: the rest is the next process's.
  boolean left;

  @Nullable String maintenance;

  /// Why nothing is done to the pool; null: it is looked after.
  @Nullable String unmanaged;

  /// Why this node has no clients while the other one has; null: it has, or nothing tells, or an
  /// operator took over all the same.
  @Nullable String clientsLost;

  boolean exported;
  boolean exportForced;
  boolean held;
  boolean heldByForce;
  boolean force;
  boolean fenced;
  Handover handover = Handover.NONE;
  String handoverCause = "";
  @Nullable Failing failing;
  boolean failingYields;
  @Nullable Failure refused;

  /// False from the start until the service has answered, or could not be asked.
  boolean electionAsked = true;

  boolean replicatorAsked = true;

  // The way to the goal.
  @Nullable Goal goal;
  String goalCause = "";
  boolean settled;
  boolean everSettled;

  /// It was found out once whether the pool is here.
  boolean looked;

  /// Since the start nothing was done to the pool: if it is found served, it is adopted.
  boolean adopting = true;

  int blindProbes;
  boolean promoteGranted;

  /// The peer could not be asked: fencing is next.
  boolean peerUnheard;

  /// The peer was fenced for the promotion that is next.
  boolean peerFenced;

  /// A promotion was asked for, now or before a crash, and no demotion has ended since: the watch
  /// may lag behind what the replicator did.
  boolean mayBePrimary = true;

  boolean demoteGranted;
  boolean served;
  boolean paused;

  /// The pool is here, and a device under it is gone for good.
  boolean broken;

  boolean noPool;
  boolean noPoolOnce;
  boolean cutOff;

  /// Looks since the cut that found the pool still here.
  int cutProbes;

  long lastResortNanos;
  boolean detached;
  boolean demoteCut;
  int deadProbes;

  /// The pool is here and nothing can be served from it: what was found. Null while it is well.
  @Nullable String dead;

  /// A look found the pool suspended, and what failed is to be tried again.
  boolean clearDue;

  long peerPrimarySince;
  boolean waitingForPeer;
  long importSince;
  boolean importTried;

  /// The replicator was told that the resources are about to be given up.
  boolean announced;

  long exportSince;
  boolean exportTried;
  long demoteSince;
  boolean demoteTried;
  long nextProbeNanos;
  @Nullable String stuck;
  String problem = "";
  String hint = "";

  // The running step.
  @Nullable Step running;
  long runToken;
  boolean aborting;
  boolean quiet;
  @Nullable Pending pending;
  Phase toldPhase = Phase.STARTING;
  Memory toldMemory;
  long phaseSince;

  Situation(PoolSpec spec, Memory memory) {
    this.spec = spec;
    this.maintenance = memory.maintenance();
    this.unmanaged = memory.unmanaged();
    this.exported = memory.exported();
    this.toldMemory = memory;
    this.strikes = new Strikes(spec.failWindowNanos(), memory.strikes());
    this.services = spec.services().stream().map(ServiceTrack::new).toList();
    services.forEach(service -> toldServices.add(service.view()));
  }

  void emit(PoolEffect effect) {
    sink.accept(effect);
  }

  void run(Step step, long limitNanos) {
    running = step;
    runToken++;
    aborting = false;
    adopting &= step instanceof Step.Inspect || step instanceof Step.CheckService;
    quiet = step instanceof Step.Inspect || served;
    if (!quiet) {
      timeline.begin(step.label(spec), now);
    }
    emit(new PoolEffect.Run(runToken, step, Math.max(1, limitNanos)));
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
    if (nextProbeNanos - now <= 0) {
      nextProbeNanos = now + intervalNanos;
      run(new Step.Inspect(), Patience.INSPECT);
    } else {
      timers.arm(TimerKind.TICK, nextProbeNanos - now);
    }
  }

  void answer(String reason, String text, String todo) {
    if (pending != null) {
      emit(new Answer(pending.id(), reason, text, todo));
      pending = null;
    }
  }

  void endSwitchover(String reason, String text) {
    handover = Handover.NONE;
    timers.drop(TimerKind.SWITCHOVER);
    if (pending != null && pending.command() instanceof Command.Switchover) {
      answer(reason, text, "");
    }
  }

  void clearRefusal() {
    if (refused != null) {
      refused = null;
      settled = false;
      timers.drop(TimerKind.REFUSED);
    }
  }

  void retryNow() {
    noPool = false;
    noPoolOnce = false;
    stuck = null;
    importTried = false;
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
    var othersTurn = unmanaged == null && strikes.note(Strike.POOL, text, now);
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
    if (unmanaged != null) {
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
    if (unmanaged != null) {
      return "it is left alone (unmanaged)";
    }
    return strikes.failedThere(what)
        ? "it failed on the other node, too"
        : facts.peerAble() ? "the other node was tried already" : "the other node could not serve";
  }

  void fail(Cause cause, String text) {
    if (unmanaged != null) {
      return; // An operator decides.
    }
    failing = new Failing(cause, text);
    failingYields = true;
    timers.arm(TimerKind.FAILING, Patience.FAILING);
  }

  /// What is to be kept over a restart.
  Memory memory() {
    return new Memory(maintenance, unmanaged, exported, strikes.all());
  }

  /// True while nothing of the pool is or may come to be here, or nothing is to be done about it:
  /// the process may end.
  boolean yielded() {
    return running == null && (unmanaged != null || (goal == Goal.YIELD && settled));
  }
}
