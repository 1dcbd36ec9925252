package carpool.orchestrator.core;

import carpool.orchestrator.core.Facts.Here;
import carpool.orchestrator.core.PoolEffect.Answer;
import carpool.orchestrator.core.PoolState.Pending;
import carpool.orchestrator.core.SwitchoverState.Handover;
import org.jspecify.annotations.Nullable;

/// What operators ask, and the end of the process: one at a time, each answered once.
final class OperatorRequests {
  private static final String LATE = "DEADLINE_EXCEEDED";
  private static final String NO_SUCH = "POOL_NOT_FOUND";

  private final PoolState s;
  private final Picture picture;

  OperatorRequests(PoolState s, Picture picture) {
    this.s = s;
    this.picture = picture;
  }

  void onAsked(long id, Command command) {
    switch (command) {
      case Command.Stop _ -> {
        if (s.pending != null) {
          s.answer("BUSY", "the orchestrator is stopping", "");
        }
        s.end.stop();
        s.pending = new Pending(id, command);
      }
      case Command.Leave _ -> {
        if (s.pending != null) {
          s.answer("BUSY", "the orchestrator is restarted", "");
        }
        s.end.leaving = true;
        s.pending = new Pending(id, command);
        s.timers.arm(TimerKind.LEAVING, Patience.LEAVING);
      }
      case Command.Expire _ -> expire(id);
      case Command.Check(var wanted) -> {
        var refusal = wanted instanceof Command.Switchover ? occupied() : null;
        refusal = refusal == null ? refusal(wanted) : refusal;
        s.emit(refusal == null ? new Answer(id, "", "", "") : refusal.answer(id));
      }
      case Command.Maintenance(var on, var cause) -> {
        var refusal = refusal(command);
        if (refusal != null) {
          s.emit(refusal.answer(id));
          return;
        }
        s.intent.maintenance = on ? cause : null;
        s.emit(new Answer(id, "", "", ""));
      }
      case Command.Unmanaged(var on, var cause) -> setUnmanaged(id, on, cause);
      case Command.ClearFailures _ -> {
        s.strikes.clear();
        s.emit(new Answer(id, "", "", ""));
      }
      case Command.Switchover _, Command.Import _, Command.Export _, Command.TakeOver _ -> {
        var occupied = occupied();
        if (occupied != null) {
          s.emit(occupied.answer(id));
        } else {
          begin(id, command);
        }
      }
    }
  }

  /// Why a command is not obeyed.
  private record No(String reason, String text, String hint) {
    Answer answer(long id) {
      return new Answer(id, reason, text, hint);
    }
  }

  /// Why no command that takes steps is begun now; null: one may.
  private @Nullable No occupied() {
    if (s.end.stopping || s.end.leaving || s.pending != null) {
      return new No("BUSY", "another command is being carried out", "wait for its end");
    }
    return s.intent.unmanaged == null
        ? null
        : new No("UNMANAGED", "the pools of this node are unmanaged", "carpool unmanaged off");
  }

  /// What stands against a command from the start; null: nothing.
  private @Nullable No refusal(Command command) {
    return switch (command) {
      case Command.Maintenance(var on, _) -> on ? maintenanceRefusal() : null;
      case Command.Switchover _ -> switchoverRefusal();
      case Command.Import _,
          Command.Export _,
          Command.TakeOver _,
          Command.Unmanaged _,
          Command.Check _,
          Command.ClearFailures _,
          Command.Stop _,
          Command.Leave _,
          Command.Expire _ ->
          null;
    };
  }

  private static final String WAIT_FOR_COMPLETE =
      "wait until carpool status shows every resource complete";

  /// The other node takes over then; so it must have everything that is written here.
  private @Nullable No maintenanceRefusal() {
    if (s.goal != Goal.SERVE || s.facts.here != Here.YES) {
      return null;
    }
    if (s.facts.any(resource -> !resource.linkUp())) {
      return new No(
          "PEER_UNREACHABLE",
          "what is written here is missing on the other node, which would take over: no"
              + " connection for "
              + s.facts.names(r -> !r.linkUp()),
          "mend the replication link and " + WAIT_FOR_COMPLETE + "; or carpool pool export first");
    }
    if (s.facts.any(resource -> !resource.peerCurrent())) {
      return new No(
          "PEER_NOT_READY",
          "the only complete copy is here; the other node could not serve: "
              + s.facts.names(r -> !r.peerCurrent())
              + " not up to date there",
          WAIT_FOR_COMPLETE + "; or carpool pool export first");
    }
    return null;
  }

  private @Nullable No switchoverRefusal() {
    if (s.told.phase != Phase.SERVING && s.told.phase != Phase.NO_POOL) {
      return new No("NOT_SERVING", s.spec.name() + " is not served here", "");
    }
    if (!s.facts.peerAble()) {
      return new No(
          s.facts.all(ResourceFacts::linkUp) ? "PEER_NOT_READY" : "PEER_UNREACHABLE",
          "the peer could not serve: "
              + s.facts.names(r -> !r.peerAble())
              + " not connected or not up to date there",
          WAIT_FOR_COMPLETE);
    }
    return null;
  }

  /// From here on the pool is left alone; or, switched off, whatever is true is the start.
  private void setUnmanaged(long id, boolean on, String cause) {
    if (on && (s.switchover.handover != Handover.NONE || s.pending != null)) {
      s.emit(new Answer(id, "BUSY", "another command is being carried out", "wait for its end"));
      return;
    }
    if (!on && s.intent.unmanaged != null) {
      s.goal = null;
      s.settled = false;
      s.blockers.forgetFailing();
      if (s.current.step == null) {
        s.facts.here = Here.UNKNOWN;
      }
      s.timers.drop(TimerKind.TICK);
      s.timers.drop(TimerKind.FAILING);
    }
    s.intent.unmanaged = on ? cause : null;
    s.emit(new Answer(id, "", "", ""));
  }

  private void begin(long id, Command command) {
    switch (command) {
      case Command.Switchover(var cause) -> beginSwitchover(id, command, cause);
      case Command.Import _ -> {
        if (s.goal == Goal.YIELD || !s.facts.allInRole(Role.PRIMARY)) {
          s.emit(
              new Answer(
                  id,
                  "NOT_SERVING",
                  "the resources of " + s.spec.name() + " are not primary here",
                  "do it on the node that is MASTER, or take over first"));
          return;
        }
        s.intent.exported = false;
        s.retryNow();
        if (s.facts.here == Here.NO) {
          s.facts.here = Here.UNKNOWN;
          s.timeline.open(PassageKind.IMPORT, "operator", s.now);
        }
        s.pending = new Pending(id, command);
      }
      case Command.Export(var byForce) -> {
        if (s.facts.here != Here.YES || s.goal != Goal.SERVE) {
          s.emit(new Answer(id, "NOT_SERVING", s.spec.name() + " is not imported here", ""));
          return;
        }
        s.intent.exported = true;
        s.intent.exportForced = byForce;
        s.pending = new Pending(id, command);
      }
      case Command.TakeOver(var byForce) -> {
        if (s.intent.maintenance != null) {
          s.emit(new Answer(id, "MAINTENANCE", "this node is in maintenance", "maintenance off"));
          return;
        }
        if (s.told.phase == Phase.SERVING) {
          s.emit(new Answer(id, "ALREADY_SERVING", s.spec.name() + " is served here", ""));
          return;
        }
        if (!byForce && s.facts.carp != Carp.MASTER && !s.facts.all(OperatorRequests::free)) {
          s.emit(
              new Answer(
                  id,
                  s.facts.any(ResourceFacts::peerPrimary) ? "PEER_IS_PRIMARY" : "PEER_UNREACHABLE",
                  "the other node may be writing: " + s.facts.names(r -> !free(r)),
                  "carpool switchover on the other node, or carpool takeover --force with its"
                      + " risk"));
          return;
        }
        s.intent.held = s.facts.carp != Carp.MASTER;
        s.intent.force = byForce;
        s.intent.heldByForce = byForce;
        s.intent.exported = false;
        s.blockers.clientsLost = null;
        s.blockers.forgetFailing();
        s.timers.drop(TimerKind.FAILING);
        s.clearRefusal();
        s.retryNow();
        s.pending = new Pending(id, command);
      }
      case Command.Maintenance _,
          Command.Unmanaged _,
          Command.Check _,
          Command.ClearFailures _,
          Command.Stop _,
          Command.Leave _,
          Command.Expire _ -> {}
    }
  }

  private void expire(long id) {
    if (s.pending == null || s.pending.id() != id) {
      return; // answered meanwhile
    }
    switch (s.pending.command()) {
      case Command.Switchover _ ->
          s.endSwitchover(LATE, "the switchover was not done in time; this node serves on");
      case Command.Export _ -> {
        s.intent.exported = false;
        s.answer(LATE, s.spec.name() + " was not exported in time", "it is served on");
      }
      case Command.Import _, Command.TakeOver _ ->
          s.answer(LATE, "not serving yet: " + picture.shownProblem(), "it is tried on");
      case Command.Maintenance _,
          Command.Unmanaged _,
          Command.Check _,
          Command.ClearFailures _,
          Command.Stop _,
          Command.Leave _,
          Command.Expire _ -> {}
    }
  }

  private void beginSwitchover(long id, Command command, String cause) {
    var refusal = switchoverRefusal();
    if (refusal != null) {
      s.emit(refusal.answer(id));
    } else {
      s.switchover.cause = cause;
      s.switchover.handover = Handover.YIELDING;
      s.pending = new Pending(id, command);
    }
  }

  /// The peer is heard and says that it does not write.
  private static boolean free(ResourceFacts resource) {
    return resource.linkUp() && !resource.peerPrimary();
  }

  /// An operator's word holds against CARP only as long as it is known that the other node does not
  /// write: without force, a link that breaks ends it, because the other node is MASTER and takes
  /// over then.
  void noteHeld() {
    if (s.intent.held && !s.intent.heldByForce && !s.facts.all(OperatorRequests::free)) {
      s.intent.held = false;
    }
  }

  void answerPending() {
    if (s.pending == null) {
      return;
    }
    switch (s.pending.command()) {
      case Command.Stop _ -> {
        if (s.yielded()) {
          var cut = s.cut.done && s.intent.unmanaged == null;
          s.answer(cut ? "STEP_FAILED" : "", cut ? "the devices were cut off" : "", "");
        }
      }
      case Command.Leave _ -> {
        if (s.end.left) {
          s.answer("", "", "");
        }
      }
      case Command.Import _, Command.TakeOver _ -> answerServing();
      case Command.Switchover _ -> {
        if (s.switchover.handover == Handover.NONE) {
          s.answer("STEP_FAILED", "the switchover was superseded: " + s.goalCause, "");
        }
      }
      case Command.Export _ -> {
        if (s.goal == Goal.YIELD) {
          s.answer("STEP_FAILED", "superseded: " + s.goalCause, "");
        }
      }
      case Command.Maintenance _,
          Command.Unmanaged _,
          Command.Check _,
          Command.ClearFailures _,
          Command.Expire _ -> {}
    }
  }

  private void answerServing() {
    switch (s.told.phase) {
      case SERVING -> s.answer("", "serving", "");
      case NO_POOL -> s.answer(NO_SUCH, s.problem, s.hint);
      case BLOCKED -> {
        s.intent.held = false;
        s.intent.force = false;
        s.answer("STEP_FAILED", picture.shownProblem(), s.hint);
      }
      case STANDBY, CUT_OFF -> {
        if (s.settled && s.goal == Goal.YIELD) {
          s.answer("STEP_FAILED", s.goalCause, s.hint);
        }
      }
      case STARTING, TAKING_OVER, GIVING_UP -> {}
    }
  }
}
