package carpool.orchestrator.core;

import carpool.orchestrator.core.Facts.Here;
import carpool.orchestrator.core.Failure.Kind;
import carpool.orchestrator.core.PoolEffect.Answer;
import carpool.orchestrator.core.PoolEvent.Asked;
import carpool.orchestrator.core.PoolEvent.CarpSeen;
import carpool.orchestrator.core.PoolEvent.ReplicatorLost;
import carpool.orchestrator.core.PoolEvent.ResourcesSeen;
import carpool.orchestrator.core.PoolEvent.StepDone;
import carpool.orchestrator.core.PoolEvent.StepFailed;
import carpool.orchestrator.core.PoolEvent.TimerFired;
import carpool.orchestrator.core.ServiceView.Running;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

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
  private static final String NO_SUCH = "POOL_NOT_FOUND";

  /// Looks in a row that told nothing, before a standby says that it could not serve.
  private static final int BLIND_MAX = 3;

  /// How far a switchover got.
  private enum Handover {
    NONE,
    YIELDING,
    RESIGNING,
    WAITING_FOR_PEER
  }

  private record Failing(Cause cause, String text) {}

  private record Pending(long id, Command command) {}

  private final PoolSpec spec;
  private Consumer<PoolEffect> sink = _ -> {};
  private final Facts facts = new Facts();
  private final Timers timers = new Timers(this::emit);
  private final Causes causes = new Causes(this::emit);
  private final Timeline timeline = new Timeline(this::emit);
  private final List<ServiceTrack> services;
  private final List<ServiceView> toldServices = new ArrayList<>();
  private long now;

  // What stands against serving, and what speaks for it.
  private boolean stopping;
  private @Nullable String maintenance;
  private boolean exported;
  private boolean exportForced;
  private boolean held;
  private boolean force;
  private boolean fenced;
  private Handover handover = Handover.NONE;
  private @Nullable Failing failing;
  private boolean failingYields;
  private @Nullable Failure refused;

  // The way to the goal.
  private @Nullable Goal goal;
  private String goalCause = "";
  private boolean settled;
  private boolean everSettled;

  /// It was found out once whether the pool is here.
  private boolean looked;

  private int blindProbes;
  private boolean promoteGranted;

  /// A promotion was asked for, now or before a crash, and no demotion has ended since: the watch
  /// may lag behind what the replicator did.
  private boolean mayBePrimary = true;

  private boolean demoteGranted;
  private boolean served;
  private boolean paused;

  /// The pool is here, and a device under it is gone for good.
  private boolean broken;

  private boolean noPool;
  private boolean noPoolOnce;
  private boolean cutOff;

  /// Looks since the cut that found the pool still here.
  private int cutProbes;

  private long lastResortNanos;
  private boolean detached;
  private boolean demoteCut;
  private int deadProbes;
  private long peerPrimarySince;
  private boolean waitingForPeer;
  private long importSince;
  private boolean importTried;
  private long exportSince;
  private boolean exportTried;
  private long demoteSince;
  private boolean demoteTried;
  private long nextProbeNanos;
  private @Nullable String stuck;
  private String problem = "";
  private String hint = "";

  // The running step.
  private @Nullable Step running;
  private long runToken;
  private boolean aborting;
  private boolean quiet;

  private @Nullable Pending pending;
  private Phase toldPhase = Phase.STARTING;
  private long phaseSince;

  public PoolMachine(PoolSpec spec) {
    this.spec = spec;
    this.services = spec.services().stream().map(ServiceTrack::new).toList();
    services.forEach(service -> toldServices.add(service.view()));
  }

  /// The pool as it is now.
  public PoolView view() {
    return new PoolView(
        toldPhase,
        phaseSince,
        facts.here == Here.YES,
        facts.here == Here.YES ? facts.health : Health.NONE,
        shownProblem(),
        hint,
        running != null && !quiet ? running.label(spec) : waitLabel(),
        services.stream().map(ServiceTrack::view).toList(),
        maintenance != null);
  }

  /// True while nothing of the pool is or may come to be here: the process may end.
  public boolean yielded() {
    return goal == Goal.YIELD && settled && running == null;
  }

  /// Handles one event; what has to be done goes to `effects`, in order.
  public void step(PoolEvent event, Consumer<PoolEffect> effects) {
    sink = effects;
    now = event.nowNanos();
    switch (event) {
      case CarpSeen(_, var carp, var reason) -> onCarp(carp, reason);
      case ResourcesSeen(_, var resources) -> onResources(resources);
      case ReplicatorLost _ -> onReplicatorLost();
      case StepDone(_, var token, var imported, var health, var text) -> {
        if (running != null && token == runToken) {
          onDone(running, imported, health, text);
        }
      }
      case StepFailed(_, var token, var failure) -> {
        if (running != null && token == runToken) {
          onFailed(running, failure);
        }
      }
      case TimerFired(_, var token) -> {
        var kind = timers.fired(token);
        if (kind != null) {
          onTimer(kind);
        }
      }
      case Asked(_, var id, var command) -> onAsked(id, command);
    }
    advance();
    conclude();
  }

  private void emit(PoolEffect effect) {
    sink.accept(effect);
  }

  // --- events ---------------------------------------------------------------------------------

  private void onCarp(Carp carp, String reason) {
    var before = facts.carp;
    facts.carp = carp;
    facts.carpReason = reason;
    if (carp == Carp.UNKNOWN) {
      timers.ensure(TimerKind.ELECTION_LOST, Patience.ELECTION_LOST);
      return;
    }
    timers.drop(TimerKind.ELECTION_LOST);
    facts.electionDead = false;
    if (carp == Carp.MASTER) {
      held = false;
    } else {
      exported = exported && held;
      stuck = null;
      failingYields = false;
    }
    switch (handover) {
      case RESIGNING -> {
        if (carp != Carp.MASTER) {
          handover = Handover.WAITING_FOR_PEER;
          timers.arm(TimerKind.SWITCHOVER, Patience.PEER_TAKES_OVER);
        }
      }
      case WAITING_FOR_PEER -> {
        if (carp == Carp.MASTER && before != Carp.MASTER) {
          endSwitchover("PEER_NOT_READY", "the peer did not take over; this node serves again");
        }
      }
      case NONE, YIELDING -> {}
    }
  }

  private void onResources(List<ResourceFacts> resources) {
    var back = !facts.replicatorUp;
    var changed = !resources.equals(facts.resources);
    facts.resources = List.copyOf(resources);
    facts.replicatorUp = true;
    facts.replicatorDead = false;
    timers.drop(TimerKind.REPLICATOR_LOST);
    fenced = facts.anyFenced() || (fenced && !settled);
    if (back) {
      // It may have come back with other roles.
      settled = false;
      promoteGranted = false;
      demoteGranted = false;
    }
    if (back || changed) {
      if (promoteGranted && facts.allInRole(Role.PRIMARY)) {
        promoteGranted = false;
      }
      if (demoteGranted && facts.allInRole(Role.SECONDARY)) {
        demoteGranted = false;
      }
      if (waitingForPeer) {
        timers.drop(TimerKind.RETRY);
      }
      clearRefusal();
    }
    if (handover == Handover.WAITING_FOR_PEER && facts.all(ResourceFacts::peerPrimary)) {
      endSwitchover("", "the peer has the devices");
    }
  }

  private void onReplicatorLost() {
    facts.replicatorUp = false;
    promoteGranted = false;
    demoteGranted = false;
    if (!facts.replicatorDead) {
      // Under a pool its restart is a pause: I/O is held, and nothing is lost by waiting.
      timers.ensure(
          TimerKind.REPLICATOR_LOST,
          facts.here == Here.YES ? spec.deadlines().holdNanos() : Patience.REPLICATOR_LOST);
    }
  }

  private void onTimer(TimerKind kind) {
    switch (kind) {
      case ELECTION_LOST -> facts.electionDead = true;
      case REPLICATOR_LOST -> facts.replicatorDead = true;
      case RETRY, TICK -> {}
      case DEVICES ->
          cannotServe("the devices did not appear: " + facts.names(r -> !r.deviceReady()));
      case REFUSED -> clearRefusal();
      case STUCK -> stuck = null;
      case SWITCHOVER -> onSwitchoverTimer();
      case FAILING -> {
        failing = null;
        failingYields = false;
      }
    }
  }

  private void onSwitchoverTimer() {
    switch (handover) {
      case RESIGNING ->
          endSwitchover("STEP_FAILED", "this node is still MASTER after its resignation");
      case WAITING_FOR_PEER ->
          endSwitchover("PEER_NOT_READY", "the peer did not become primary in time");
      case NONE, YIELDING -> {}
    }
  }

  private void clearRefusal() {
    if (refused != null) {
      refused = null;
      settled = false;
      timers.drop(TimerKind.REFUSED);
    }
  }

  // --- commands -------------------------------------------------------------------------------

  private void onAsked(long id, Command command) {
    switch (command) {
      case Command.Stop _ -> {
        if (pending != null) {
          answer("BUSY", "the orchestrator is stopping", "");
        }
        stopping = true;
        pending = new Pending(id, command);
      }
      case Command.Maintenance(var on, var cause) -> {
        maintenance = on ? cause : null;
        emit(new Answer(id, "", "", ""));
      }
      case Command.Switchover _, Command.Import _, Command.Export _, Command.TakeOver _ -> {
        if (stopping || pending != null) {
          emit(new Answer(id, "BUSY", "another command is being carried out", "wait for its end"));
        } else {
          begin(id, command);
        }
      }
    }
  }

  private void begin(long id, Command command) {
    switch (command) {
      case Command.Switchover _ -> beginSwitchover(id, command);
      case Command.Import _ -> {
        if (goal == Goal.YIELD || !facts.allInRole(Role.PRIMARY)) {
          emit(
              new Answer(
                  id,
                  "NOT_SERVING",
                  "the resources of " + spec.name() + " are not primary here",
                  "do it on the node that is MASTER, or take over first"));
          return;
        }
        exported = false;
        retryNow();
        if (facts.here == Here.NO) {
          facts.here = Here.UNKNOWN;
          timeline.open("import", "operator", now);
        }
        pending = new Pending(id, command);
      }
      case Command.Export(var byForce) -> {
        if (facts.here != Here.YES || goal != Goal.SERVE) {
          emit(new Answer(id, "NOT_SERVING", spec.name() + " is not imported here", ""));
          return;
        }
        exported = true;
        exportForced = byForce;
        pending = new Pending(id, command);
      }
      case Command.TakeOver(var byForce) -> {
        if (maintenance != null) {
          emit(new Answer(id, "MAINTENANCE", "this node is in maintenance", "maintenance off"));
          return;
        }
        if (toldPhase == Phase.SERVING) {
          emit(new Answer(id, "ALREADY_SERVING", spec.name() + " is served here", ""));
          return;
        }
        held = facts.carp != Carp.MASTER;
        force = byForce;
        exported = false;
        failing = null;
        failingYields = false;
        timers.drop(TimerKind.FAILING);
        clearRefusal();
        retryNow();
        pending = new Pending(id, command);
      }
      case Command.Maintenance _, Command.Stop _ -> {}
    }
  }

  private void beginSwitchover(long id, Command command) {
    if (toldPhase != Phase.SERVING && toldPhase != Phase.NO_POOL) {
      emit(new Answer(id, "NOT_SERVING", spec.name() + " is not served here", ""));
    } else if (!facts.peerAble()) {
      emit(
          new Answer(
              id,
              facts.all(ResourceFacts::linkUp) ? "PEER_NOT_READY" : "PEER_UNREACHABLE",
              "the peer could not serve: "
                  + facts.names(r -> !r.linkUp() || !r.peerCurrent())
                  + " not connected or not up to date there",
              "wait until carpool status shows every resource complete"));
    } else {
      handover = Handover.YIELDING;
      pending = new Pending(id, command);
    }
  }

  private void retryNow() {
    noPool = false;
    noPoolOnce = false;
    stuck = null;
    importTried = false;
    timers.drop(TimerKind.RETRY);
    timers.drop(TimerKind.STUCK);
  }

  private void endSwitchover(String reason, String text) {
    handover = Handover.NONE;
    timers.drop(TimerKind.SWITCHOVER);
    if (pending != null && pending.command() instanceof Command.Switchover) {
      answer(reason, text, "");
    }
  }

  private void answer(String reason, String text, String todo) {
    if (pending != null) {
      emit(new Answer(pending.id(), reason, text, todo));
      pending = null;
    }
  }

  // --- the goal -------------------------------------------------------------------------------

  private @Nullable Goal decide() {
    if (goal == null && !facts.known()) {
      return stopping ? Goal.YIELD : null;
    }
    if (stopping
        || maintenance != null
        || fenced
        || broken
        || cutOff
        || refused != null
        || failingYields
        || facts.electionDead
        || facts.replicatorDead
        || handover == Handover.YIELDING
        || handover == Handover.RESIGNING) {
      return Goal.YIELD;
    }
    // For the time of a restart of the election service, what was right before stays right.
    var master = facts.carp == Carp.MASTER || (facts.carp == Carp.UNKNOWN && goal != Goal.YIELD);
    if (!master && !held) {
      return Goal.YIELD;
    }
    return exported ? Goal.EXPORT : Goal.SERVE;
  }

  private String why(Goal next) {
    if (next == Goal.EXPORT) {
      return "operator";
    }
    if (next == Goal.SERVE) {
      return held ? "operator" : "MASTER: " + facts.carpReason;
    }
    if (stopping) {
      return "the orchestrator stops";
    }
    if (fenced) {
      return "fenced: the peer has newer data";
    }
    if (handover != Handover.NONE) {
      return "switchover";
    }
    if (broken) {
      return "the devices under the pool are gone";
    }
    if (maintenance != null) {
      return "maintenance: " + maintenance;
    }
    if (failing != null && failingYields) {
      return failing.text();
    }
    if (refused != null) {
      return refused.text();
    }
    if (facts.replicatorDead) {
      return "the replicator does not answer";
    }
    if (facts.electionDead) {
      return "the election service does not answer";
    }
    return facts.carp + ": " + facts.carpReason;
  }

  private void pursue(Goal next) {
    var kind =
        switch (next) {
          case SERVE -> "takeover";
          case EXPORT -> "export";
          case YIELD -> handover == Handover.YIELDING ? "switchover" : "give-up";
        };
    goal = next;
    goalCause = why(next);
    if (next == Goal.YIELD && facts.here == Here.NO && facts.any(ResourceFacts::deviceReady)) {
      // Somebody may have made or imported a pool on them since the last look.
      facts.here = Here.UNKNOWN;
    }
    settled = false;
    served = false;
    paused = false;
    noPool = false;
    noPoolOnce = false;
    promoteGranted = false;
    demoteGranted = false;
    waitingForPeer = false;
    importTried = false;
    exportTried = false;
    demoteTried = false;
    demoteCut = false;
    stuck = null;
    problem = "";
    hint = "";
    timers.drop(TimerKind.RETRY);
    timers.drop(TimerKind.DEVICES);
    timers.drop(TimerKind.STUCK);
    timers.drop(TimerKind.TICK);
    timeline.open(kind, goalCause, now);
  }

  // --- the next step --------------------------------------------------------------------------

  private void advance() {
    noteBroken();
    var next = decide();
    if (next == null) {
      return;
    }
    if (next != goal) {
      pursue(next);
    }
    if (running != null) {
      abortIfSuperseded();
      return;
    }
    if (timers.running(TimerKind.RETRY)) {
      return;
    }
    switch (next) {
      case SERVE -> serve();
      case EXPORT -> export();
      case YIELD -> giveUp();
    }
  }

  /// A resource that lost its role under the pool took the device with it. Even if the role can be
  /// had again, what hangs on the old device is lost: the pool has to be given up first.
  private void noteBroken() {
    if (broken || cutOff || facts.here != Here.YES || !facts.any(resource -> !resource.carries())) {
      return;
    }
    broken = true;
    if (goal == Goal.SERVE && facts.peerAble()) {
      emit(new PoolEffect.Resign("the devices under pool " + spec.name() + " are gone", false));
    }
  }

  private void abortIfSuperseded() {
    var step = running;
    if (step == null || aborting || !step.abortable()) {
      return;
    }
    var servesOnly =
        step instanceof Step.Promote
            || step instanceof Step.StartService
            || step instanceof Step.CheckService;
    if (servesOnly && goal != Goal.SERVE) {
      aborting = true;
      emit(new PoolEffect.Abort(runToken));
    }
  }

  private void run(Step step, long limitNanos) {
    running = step;
    runToken++;
    aborting = false;
    quiet = step instanceof Step.Inspect || served;
    if (!quiet) {
      timeline.begin(step.label(spec), now);
    }
    emit(new PoolEffect.Run(runToken, step, Math.max(1, limitNanos)));
  }

  private void serve() {
    if (!facts.replicatorUp || stuck != null) {
      return;
    }
    if (facts.here == Here.UNKNOWN) {
      run(new Step.Inspect(), Patience.INSPECT);
    } else if (facts.here == Here.YES && !facts.allInRole(Role.PRIMARY)) {
      pause();
    } else if (!facts.allInRole(Role.PRIMARY)) {
      if (!promoteGranted) {
        mayBePrimary = true;
        run(
            new Step.Promote(force, "takeover of pool " + spec.name()),
            spec.deadlines().promoteNanos());
      } else {
        timers.ensure(TimerKind.DEVICES, spec.deadlines().deviceNanos());
      }
    } else if (!facts.all(ResourceFacts::deviceReady)) {
      timeline.begin("devices", now);
      timers.ensure(TimerKind.DEVICES, spec.deadlines().deviceNanos());
    } else {
      if (timers.running(TimerKind.DEVICES)) {
        timers.drop(TimerKind.DEVICES);
        timeline.end("devices", StepRecord.Outcome.DONE, "", now);
      }
      serveFromDevices();
    }
  }

  /// The replicator was restarted under the pool: I/O is held until it has its role again, or says
  /// that it will not.
  private void pause() {
    if (!paused) {
      paused = true;
      problem =
          "I/O is held: the replicator was restarted, and is not primary again yet for "
              + facts.names(r -> r.role() != Role.PRIMARY);
      hint = "nothing; it takes the role again when it has met the other node";
    }
  }

  private void serveFromDevices() {
    if (paused) {
      paused = false;
      problem = "";
      hint = "";
    }
    if (facts.here == Here.NO) {
      if (noPool) {
        probe(Patience.PROBE_WAITING);
        return;
      }
      if (!importTried) {
        importTried = true;
        importSince = now;
      }
      run(new Step.Import(), importSince + spec.deadlines().importNanos() - now);
      return;
    }
    for (var index = 0; index < services.size(); index++) {
      if (bringUp(index)) {
        return;
      }
    }
    if (!served) {
      served = true;
      everSettled = true;
      force = false;
      problem = "";
      hint = "";
      nextProbeNanos = now + Patience.PROBE_SERVING;
      timeline.close("", now);
    }
    watchOver();
  }

  /// Begins what is still to be done for one service; false when it is as well as it can be.
  private boolean bringUp(int index) {
    var service = services.get(index);
    switch (service.running()) {
      case RUNNING, FAILED -> {
        return false;
      }
      case STARTING -> run(new Step.CheckService(index), service.spec.timeoutNanos());
      case UNKNOWN, STOPPING -> {
        if (service.spec.checked()) {
          run(new Step.CheckService(index), service.spec.timeoutNanos());
        } else {
          run(new Step.StartService(index), service.spec.timeoutNanos());
        }
      }
      case STOPPED -> {
        if (service.stopFirst()) {
          run(new Step.StopService(index), service.spec.timeoutNanos());
        } else {
          run(new Step.StartService(index), service.spec.timeoutNanos());
        }
      }
    }
    return true;
  }

  /// While serving: what is due of checks and probes, else a timer for the next.
  private void watchOver() {
    var next = nextProbeNanos;
    for (var index = 0; index < services.size(); index++) {
      var service = services.get(index);
      if (service.spec.checked()) {
        if (service.nextCheckNanos() - now <= 0) {
          run(new Step.CheckService(index), service.spec.timeoutNanos());
          return;
        }
        next = Math.min(next - now, service.nextCheckNanos() - now) + now;
      }
    }
    if (nextProbeNanos - now <= 0) {
      nextProbeNanos = now + Patience.PROBE_SERVING;
      run(new Step.Inspect(), Patience.INSPECT);
      return;
    }
    timers.arm(TimerKind.TICK, next - now);
  }

  private void probe(long intervalNanos) {
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

  private void export() {
    if (facts.here == Here.UNKNOWN) {
      run(new Step.Inspect(), Patience.INSPECT);
    } else if (facts.here == Here.YES) {
      if (!stopNextService()) {
        if (!exportTried) {
          exportTried = true;
          exportSince = now;
        }
        var left = exportSince + spec.deadlines().exportNanos() - now;
        if (left <= 0) {
          answer("POOL_BUSY", spec.name() + " could not be exported: " + problem, "");
          exported = false;
          advance();
          return;
        }
        run(new Step.Export(exportForced), left);
      }
    } else {
      settle();
    }
  }

  private boolean stopNextService() {
    for (var index = services.size() - 1; index >= 0; index--) {
      var service = services.get(index);
      if (service.running() != Running.STOPPED) {
        service.stopping(now);
        run(new Step.StopService(index), service.spec.timeoutNanos());
        return true;
      }
    }
    return false;
  }

  private void giveUp() {
    if (settled) {
      if (lastResortDue()) {
        lastResortNanos = now + Patience.LAST_RESORT;
        run(new Step.LastResort(), Patience.LAST_RESORT);
      } else if (!stopping) {
        // A pool that turns up without the right to it, by whatever way, is given up, too.
        probe(standbyProbe());
      }
      return;
    }
    if (facts.here == Here.UNKNOWN) {
      run(new Step.Inspect(), Patience.INSPECT);
    } else if (facts.here == Here.YES && !(cutOff && detached)) {
      giveUpPool();
    } else if (!facts.replicatorUp || (!mayBePrimary && secondaryOrSoon())) {
      settle();
    } else {
      demote();
    }
  }

  /// The cut was not enough: after one more look the pool still hangs on devices that are gone.
  private boolean lastResortDue() {
    return spec.lastResort() && cutOff && cutProbes > 0 && now - lastResortNanos >= 0;
  }

  private long standbyProbe() {
    return cutOff ? Patience.PROBE_WAITING : Patience.PROBE_STANDBY;
  }

  private boolean secondaryOrSoon() {
    return demoteGranted || facts.allInRole(Role.SECONDARY);
  }

  private void giveUpPool() {
    if (stopNextService()) {
      return;
    }
    if (!exportTried) {
      exportTried = true;
      exportSince = now;
    }
    var spent = now - exportSince;
    var half = spec.deadlines().exportNanos() / 2;
    if (cutOff) {
      run(new Step.Detach(), Patience.CUT_OFF);
    } else if (spent < half) {
      run(new Step.Export(false), half - spent);
    } else if (handover == Handover.YIELDING && !stopping) {
      // A planned move does not break what works.
      endSwitchover("POOL_BUSY", spec.name() + " could not be exported: " + problem);
      advance();
    } else if (spent < 2 * half) {
      run(new Step.Export(true), 2 * half - spent);
    } else {
      run(new Step.CutOff("export of pool " + spec.name() + " did not end"), Patience.CUT_OFF);
    }
  }

  private void demote() {
    if (!demoteTried) {
      demoteTried = true;
      demoteSince = now;
    }
    var late = now - demoteSince >= spec.deadlines().demoteNanos();
    if (late && !demoteCut && facts.anyPrimary()) {
      run(new Step.CutOff("demotion for pool " + spec.name() + " did not end"), Patience.CUT_OFF);
    } else {
      run(new Step.Demote(goalCause, cutOff || demoteCut), spec.deadlines().demoteNanos());
    }
  }

  /// Everything is given up that can be.
  private void settle() {
    if (settled) {
      return;
    }
    settled = true;
    everSettled = true;
    timeline.close(cutOff ? "the devices were cut off under the pool" : "", now);
    if (goal == Goal.EXPORT) {
      if (pending != null && pending.command() instanceof Command.Export) {
        answer("", "exported; the resources stay primary", "");
      }
      return;
    }
    if (!facts.anyFenced()) {
      fenced = false;
    }
    if (!cutOff && failing == null) {
      problem = "";
      hint = "";
    }
    if (handover == Handover.YIELDING) {
      handover = Handover.RESIGNING;
      timers.arm(TimerKind.SWITCHOVER, Patience.RESIGN);
      emit(new PoolEffect.Resign("switchover", true));
    } else if (stopping) {
      emit(new PoolEffect.Resign("the orchestrator stops", true));
    } else if (failing != null && failingYields) {
      timers.arm(TimerKind.FAILING, Patience.FAILING);
      emit(new PoolEffect.Resign(failing.text(), false));
    }
    if (!stopping) {
      nextProbeNanos = now + standbyProbe();
      timers.arm(TimerKind.TICK, standbyProbe());
    }
  }

  // --- results of steps -----------------------------------------------------------------------

  private void onDone(Step step, boolean imported, Health health, String text) {
    running = null;
    if (!quiet) {
      timeline.end(step.label(spec), StepRecord.Outcome.DONE, text, now);
    }
    switch (step) {
      case Step.Inspect _ -> onInspected(imported, health);
      case Step.Promote _ -> {
        promoteGranted = true;
        waitingForPeer = false;
        // Devices that come anew are looked through anew.
        noPool = false;
        noPoolOnce = false;
        problem = "";
        hint = "";
        if (facts.allInRole(Role.PRIMARY)) {
          promoteGranted = false;
        }
      }
      case Step.Import _ -> {
        facts.here = Here.YES;
        facts.health = health;
        problem = "";
        hint = "";
      }
      case Step.StartService(var index) -> services.get(index).started(now);
      case Step.CheckService(var index) -> services.get(index).checkedWell(now);
      case Step.StopService(var index) -> services.get(index).stopped("", now);
      case Step.Export _ -> gone();
      case Step.CutOff _ -> cutOffDone();
      case Step.Detach _ -> {
        detached = true;
        if (spec.kind() == PoolSpec.Kind.FILESYSTEM) {
          gone();
        }
      }
      case Step.LastResort _ -> {
        // Dead mounts of a daemon that was killed are to be taken away.
        detached = false;
        settled = false;
      }
      case Step.Demote _ -> {
        mayBePrimary = false;
        demoteGranted = !facts.allInRole(Role.SECONDARY);
      }
    }
  }

  private void onInspected(boolean imported, Health health) {
    looked = true;
    if (blindProbes > 0) {
      blindProbes = 0;
      problem = "";
      hint = "";
    }
    facts.health = health;
    if (!imported) {
      gone();
      return;
    }
    if (cutOff) {
      cutProbes++;
    }
    if (facts.here != Here.YES) {
      facts.here = Here.YES;
      if (noPool) {
        noPool = false;
        timeline.open("import", "found imported", now);
      }
      if (goal == Goal.YIELD) {
        settled = false;
      }
    }
    deadProbes = health.dead() ? deadProbes + 1 : 0;
    if (served && deadProbes >= 2) {
      problem = "the pool is " + health;
      failOver(Cause.POOL, "pool " + spec.name() + " is " + health);
    }
  }

  /// The pool is not here, so neither are its services nor anything of a cut.
  private void gone() {
    if (facts.here != Here.NO) {
      settled = settled && !cutOff;
    }
    if (served) {
      timeline.open("takeover", "the pool was no longer here", now);
    }
    facts.here = Here.NO;
    facts.health = Health.NONE;
    deadProbes = 0;
    served = false;
    broken = false;
    cutOff = false;
    detached = false;
    services.forEach(service -> service.forget(now));
  }

  private void cutOffDone() {
    if (facts.here == Here.YES) {
      cutOff = true;
      cutProbes = 0;
      lastResortNanos = now;
      detached = false;
    } else {
      demoteCut = true;
    }
  }

  private void onFailed(Step step, Failure failure) {
    running = null;
    if (!quiet) {
      timeline.end(
          step.label(spec),
          failure.kind() == Kind.TIMED_OUT
              ? StepRecord.Outcome.TIMED_OUT
              : failure.kind() == Kind.ABORTED
                  ? StepRecord.Outcome.SKIPPED
                  : StepRecord.Outcome.FAILED,
          failure.text(),
          now);
    }
    var aborted = failure.kind() == Kind.ABORTED;
    switch (step) {
      case Step.Inspect _ -> onNotInspected(failure);
      case Step.Promote _ -> {
        if (!aborted) {
          onNotPromoted(failure);
        }
      }
      case Step.Import _ -> onNotImported(failure);
      case Step.StartService(var index) -> {
        if (aborted) {
          services.get(index).doubt(now);
        } else {
          onServiceVerdict(index, services.get(index).startFailed(failure.text(), now));
        }
      }
      case Step.CheckService(var index) -> {
        if (!aborted) {
          onServiceVerdict(index, services.get(index).checkedBadly(failure.text(), now));
        }
      }
      case Step.StopService(var index) -> services.get(index).stopped(failure.text(), now);
      case Step.Export _ -> {
        problem = failure.text();
        hint = failure.hint();
        facts.here = Here.UNKNOWN;
        timers.arm(TimerKind.RETRY, Patience.RETRY);
      }
      case Step.CutOff _ -> {
        problem = "cut off: " + failure.text();
        if (failure.kind() == Kind.UNREACHABLE) {
          // Without a replicator nothing reaches the disks either.
          cutOffDone();
        } else {
          timers.arm(TimerKind.RETRY, Patience.RETRY);
        }
      }
      case Step.Detach _ -> detached = true;
      case Step.LastResort _ -> {
        problem = "last resort: " + failure.text();
        hint = failure.hint();
      }
      case Step.Demote _ -> {
        problem = "demote: " + failure.text();
        hint = failure.hint();
        if (facts.here == Here.NO) {
          // Perhaps because somebody uses the devices: for a pool that was not here before?
          facts.here = Here.UNKNOWN;
        }
        var late = now - demoteSince >= spec.deadlines().demoteNanos();
        timers.arm(TimerKind.RETRY, late ? Patience.STUCK : Patience.RETRY);
      }
    }
  }

  private void onNotInspected(Failure failure) {
    if (served) {
      deadProbes++;
      if (deadProbes >= 3) {
        problem = "the pool does not answer: " + failure.text();
        failOver(Cause.POOL, "pool " + spec.name() + " does not answer");
      }
      return;
    }
    problem = "cannot tell whether the pool is here: " + failure.text();
    hint = failure.hint();
    blindProbes++;
    timers.arm(TimerKind.RETRY, Patience.RETRY);
  }

  private void onNotPromoted(Failure failure) {
    problem = failure.text();
    hint = failure.hint();
    if (failure.kind() != Kind.REFUSED) {
      timers.arm(TimerKind.RETRY, Patience.RETRY);
      return;
    }
    if (failure.refusal().aboutData()) {
      waitingForPeer = false;
      refused = failure;
      held = false;
      force = false;
      timers.arm(TimerKind.REFUSED, Patience.REFUSED);
      return;
    }
    if (!waitingForPeer) {
      waitingForPeer = true;
      peerPrimarySince = now;
    }
    if (now - peerPrimarySince >= Patience.HAND_OVER) {
      held = false;
      waitingForPeer = false;
      fail(Cause.POOL, "the peer does not give up pool " + spec.name());
    } else {
      timers.arm(TimerKind.RETRY, Patience.PEER_RETRY);
    }
  }

  private void onNotImported(Failure failure) {
    facts.here = Here.UNKNOWN;
    if (failure.kind() == Kind.NOT_FOUND) {
      if (noPoolOnce) {
        noPool = true;
        everSettled = true;
        facts.here = Here.NO;
        nextProbeNanos = now + Patience.PROBE_WAITING;
        problem = failure.text();
        hint = failure.hint();
        timeline.close("no pool", now);
      } else {
        noPoolOnce = true;
        timers.arm(TimerKind.RETRY, Patience.RETRY);
      }
      return;
    }
    problem = failure.text();
    hint = failure.hint();
    if (now - importSince >= spec.deadlines().importNanos()) {
      importTried = false;
      cannotServe("pool " + spec.name() + " could not be imported: " + failure.text());
    } else {
      timers.arm(TimerKind.RETRY, Patience.RETRY);
    }
  }

  private void onServiceVerdict(int index, ServiceTrack.Verdict verdict) {
    var service = services.get(index);
    switch (verdict) {
      case AGAIN -> {
        if (service.running() == Running.STARTING) {
          timers.arm(TimerKind.RETRY, Patience.CHECK_STARTING);
        }
      }
      case START -> {}
      case RESTART -> timers.arm(TimerKind.RETRY, Patience.RETRY);
      case FAILED -> {
        problem = "service " + service.spec.name() + " failed: " + service.problem();
        failOver(
            Cause.SERVICE, "service " + service.spec.name() + " of " + spec.name() + " failed");
      }
    }
  }

  /// Something needed for serving is not to be had: the other node's turn, if it has one.
  private void cannotServe(String text) {
    timers.drop(TimerKind.DEVICES);
    timeline.end("devices", StepRecord.Outcome.TIMED_OUT, text, now);
    problem = text;
    if (facts.peerAble() || facts.here == Here.YES) {
      // A pool whose devices have vanished is of no use here either.
      fail(Cause.POOL, text);
    } else {
      timeline.close(text, now);
      stuck = text;
      timers.arm(TimerKind.STUCK, Patience.STUCK);
    }
  }

  /// A failover because of what is wrong here; not when the peer could not do it either.
  private void failOver(Cause cause, String text) {
    if (facts.peerAble()) {
      fail(cause, text);
    }
  }

  private void fail(Cause cause, String text) {
    failing = new Failing(cause, text);
    failingYields = true;
    timers.arm(TimerKind.FAILING, Patience.FAILING);
  }

  // --- what is told ---------------------------------------------------------------------------

  private void conclude() {
    for (var index = 0; index < services.size(); index++) {
      var view = services.get(index).view();
      if (!view.equals(toldServices.get(index))) {
        toldServices.set(index, view);
        emit(new PoolEffect.ServiceNoted(index, view));
      }
    }
    causes.become(standingCauses());
    var phase = phase();
    if (phase != toldPhase) {
      var from = toldPhase;
      toldPhase = phase;
      phaseSince = now;
      emit(new PoolEffect.PhaseChanged(from, phase, goalCause));
    }
    answerPending();
  }

  private void answerPending() {
    if (pending == null) {
      return;
    }
    switch (pending.command()) {
      case Command.Stop _ -> {
        if (yielded()) {
          answer(cutOff ? "STEP_FAILED" : "", cutOff ? "the devices were cut off" : "", "");
        }
      }
      case Command.Import _, Command.TakeOver _ -> answerServing();
      case Command.Switchover _ -> {
        if (handover == Handover.NONE) {
          answer("STEP_FAILED", "the switchover was superseded: " + goalCause, "");
        }
      }
      case Command.Export _ -> {
        if (goal == Goal.YIELD) {
          answer("STEP_FAILED", "superseded: " + goalCause, "");
        }
      }
      case Command.Maintenance _ -> {}
    }
  }

  private void answerServing() {
    switch (toldPhase) {
      case SERVING -> answer("", "serving", "");
      case NO_POOL -> answer(NO_SUCH, problem, hint);
      case BLOCKED -> {
        held = false;
        force = false;
        answer("STEP_FAILED", shownProblem(), hint);
      }
      case STANDBY, CUT_OFF -> {
        if (settled && goal == Goal.YIELD) {
          answer("STEP_FAILED", goalCause, hint);
        }
      }
      case STARTING, TAKING_OVER, GIVING_UP -> {}
    }
  }

  private Map<Cause, String> standingCauses() {
    var standing = new EnumMap<Cause, String>(Cause.class);
    if (stopping && settled) {
      standing.put(Cause.NOT_READY, "the orchestrator was stopped");
    } else if (goal == null || !looked) {
      standing.put(Cause.NOT_READY, "the orchestrator is finding out what is true");
    } else if (goal == Goal.YIELD && blindProbes >= BLIND_MAX) {
      standing.put(Cause.NOT_READY, "cannot tell whether pool " + spec.name() + " is here");
    } else if (!facts.replicatorUp && !holdsPool()) {
      standing.put(Cause.NOT_READY, "the replicator does not answer");
    } else if (!holdsPool()
        && facts.any(r -> r.role() != Role.PRIMARY && r.role() != Role.SECONDARY)) {
      standing.put(Cause.NOT_READY, "without a role: " + facts.names(r -> r.role() == Role.INIT));
    }
    if (refused != null) {
      standing.put(Cause.DATA_NOT_CURRENT, refused.text());
    } else if (lacksRole() && facts.any(r -> r.refusal().aboutData())) {
      standing.put(
          Cause.DATA_NOT_CURRENT,
          "must not be served: " + facts.names(r -> r.refusal().aboutData()));
    }
    if (lacksRole() && facts.any(r -> !r.linkUp())) {
      standing.put(
          Cause.REPLICATION_LINK, "no connection to the peer: " + facts.names(r -> !r.linkUp()));
    }
    if (broken && !cutOff) {
      standing.put(Cause.POOL, "the devices under pool " + spec.name() + " are gone");
    }
    if (maintenance != null && facts.here == Here.NO) {
      standing.put(Cause.MAINTENANCE, maintenance);
    }
    if (failing != null && (settled || !failingYields)) {
      standing.put(failing.cause(), failing.text());
    }
    if (facts.here == Here.YES && facts.health == Health.DEGRADED) {
      standing.put(Cause.POOL_DEGRADED, "pool " + spec.name() + " is DEGRADED");
    }
    if (cutOff) {
      standing.put(
          Cause.POOL_CUT_OFF, "pool " + spec.name() + " still hangs on devices that were cut off");
    }
    return standing;
  }

  /// The pool is here and is to stay. A restart of the replicator must then be a pause and not a
  /// failover, so for its time nothing is told that would move the role.
  private boolean holdsPool() {
    return goal == Goal.SERVE && facts.here == Here.YES;
  }

  private boolean lacksRole() {
    return facts.replicatorUp && !facts.anyPrimary() && !holdsPool();
  }

  private Phase phase() {
    if (goal == null) {
      return Phase.STARTING;
    }
    return switch (goal) {
      case SERVE -> {
        if (served) {
          yield Phase.SERVING;
        }
        if (noPool) {
          yield Phase.NO_POOL;
        }
        var late = waitingForPeer && now - peerPrimarySince >= spec.deadlines().promoteNanos();
        yield stuck != null || late ? Phase.BLOCKED : Phase.TAKING_OVER;
      }
      case EXPORT -> settled ? Phase.BLOCKED : Phase.GIVING_UP;
      case YIELD -> {
        if (cutOff) {
          yield Phase.CUT_OFF;
        }
        if (!settled) {
          var leaving = facts.here == Here.YES || facts.anyPrimary() || exportTried;
          yield leaving ? Phase.GIVING_UP : settledPhase();
        }
        yield settledPhase();
      }
    };
  }

  private Phase settledPhase() {
    if (!everSettled) {
      return Phase.STARTING;
    }
    var blocked = facts.carp == Carp.MASTER && (refused != null || failingYields);
    return blocked ? Phase.BLOCKED : Phase.STANDBY;
  }

  private String shownProblem() {
    if (!problem.isEmpty()) {
      return problem;
    }
    if (goal == Goal.EXPORT && settled) {
      return "exported by an operator; carpool pool import " + spec.name() + " serves it again";
    }
    if (refused != null) {
      return refused.text();
    }
    if (failing != null) {
      return failing.text();
    }
    if (goal == null) {
      return facts.carp == Carp.UNKNOWN
          ? "waiting for the election service"
          : "waiting for the replicator";
    }
    return "";
  }

  private String waitLabel() {
    if (timers.running(TimerKind.DEVICES)) {
      return "devices";
    }
    return waitingForPeer ? "promote" : "";
  }
}
