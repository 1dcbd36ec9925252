package carpool.sim.pair;

import carpool.orchestrator.core.Failure;
import carpool.orchestrator.core.Health;
import carpool.orchestrator.core.Refusal;
import carpool.orchestrator.core.Step;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The twin of the orchestrator's StepRunner. What a step does goes on although nobody waits for it
/// any more; and while there are faults, a step may fail, hang, or lose its answer.
final class SimSteps {
  /// How a step ended.
  sealed interface End {
    record Done(boolean imported, Health health) implements End {}

    record Failed(Failure failure) implements End {}
  }

  private static final long OVERTIME_MICROS = 2_000_000;
  private static final long HOOK_PATIENCE_MICROS = 3_000_000;
  private static final int LAST_RESORT_SECONDS = 2;

  private final PoolSide side;
  private final PairNode node;
  private final WholePairWorld world;
  private @Nullable Running running;

  private static final class Running {
    final long token;
    final long begunMicros;
    @Nullable Consumer<End> end;

    Running(long token, long begunMicros, Consumer<End> end) {
      this.token = token;
      this.begunMicros = begunMicros;
      this.end = end;
    }

    void end(End how) {
      var listener = end;
      end = null;
      if (listener != null) {
        listener.accept(how);
      }
    }
  }

  SimSteps(PoolSide side) {
    this.side = side;
    this.node = side.node;
    this.world = node.world;
  }

  /// A new process: nobody waits for the old one's steps.
  void reset() {
    running = null;
  }

  void start(long token, Step step, long limitMicros, Consumer<End> end) {
    var run = new Running(token, world.time.nowMicros(), end);
    running = run;
    boolean hooked = !(step instanceof Step.Inspect) && !(step instanceof Step.CheckService);
    if (hooked && world.services.hooksHang(node.index)) {
      // The time limit of the step begins after that.
      node.orchestrator.after(HOOK_PATIENCE_MICROS, () -> begin(run, step, limitMicros));
    } else {
      begin(run, step, limitMicros);
    }
  }

  private void begin(Running run, Step step, long limitMicros) {
    node.orchestrator.after(limitMicros + OVERTIME_MICROS, () -> run.end(timedOut("left behind")));
    int dice =
        world.faults() && !(step instanceof Step.CutOff) ? world.time.random().nextInt(90) : 90;
    if (command(step) && !node.noRoom().isEmpty()) {
      later(run, failed(node.noRoom()));
    } else if (command(step) && node.commandsHang) {
      node.orchestrator.after(limitMicros, () -> leftBehind(run));
    } else if (dice == 0) {
      later(run, failed("no"));
    } else if (dice == 1) {
      later(limitMicros, run, timedOut("hangs"));
    } else if (dice == 2) {
      perform(run, step, limitMicros, _ -> {});
      later(limitMicros, run, timedOut("the answer was lost"));
    } else {
      node.orchestrator.within(
          500, 60_000, () -> perform(run, step, limitMicros, result -> later(run, result)));
    }
  }

  private void leftBehind(Running run) {
    if (node.commandsHang) {
      node.leftBehind++;
    }
    run.end(timedOut("does not end"));
  }

  /// Starts a program that asks the kernel about the pool.
  private static boolean command(Step step) {
    return switch (step) {
      case Step.Inspect _, Step.Import _, Step.Export _, Step.Clear _ -> true;
      case Step.Fence _,
          Step.Promote _,
          Step.Demote _,
          Step.CutOff _,
          Step.Detach _,
          Step.LastResort _,
          Step.StartService _,
          Step.CheckService _,
          Step.StopService _ ->
          false;
    };
  }

  void abort(long token) {
    var run = running;
    if (run != null && run.token == token) {
      run.end(new End.Failed(Failure.of(Failure.Kind.ABORTED, "")));
    }
  }

  private void later(Running run, End end) {
    later(world.time.random().nextLong(200, 20_000), run, end);
  }

  private void later(long micros, Running run, End end) {
    node.orchestrator.after(micros, () -> run.end(end));
  }

  private static End done() {
    return new End.Done(false, Health.NONE);
  }

  private static End failed(String text) {
    return new End.Failed(Failure.of(Failure.Kind.FAILED, text));
  }

  private static End timedOut(String text) {
    return new End.Failed(Failure.of(Failure.Kind.TIMED_OUT, text));
  }

  private void perform(Running run, Step step, long limitMicros, Consumer<End> end) {
    var pool = side.pool;
    switch (step) {
      case Step.Fence _ -> end.accept(failed("there is no fencing command"));
      case Step.Inspect _ ->
          end.accept(new End.Done(pool.imported(), SimOrchestrator.health(pool)));
      case Step.Promote(var force, _, _) ->
          ask(limitMicros, end, answer -> promote(run, 0, force, new ArrayList<>(), answer));
      case Step.Demote(_, var cutOff) -> {
        if (!cutOff && pool.imported()) {
          end.accept(failed("a device is in use"));
        } else {
          ask(limitMicros, end, answer -> demote(0, null, answer));
        }
      }
      case Step.CutOff _ ->
          ask(
              limitMicros,
              end,
              answer -> {
                side.replicas.forEach(SimReplica::cutOff);
                answer.accept(done());
              });
      case Step.Import _ ->
          world.time.within(
              30_000,
              400_000,
              () ->
                  pool.bring(
                      run.begunMicros,
                      problem ->
                          end.accept(
                              problem.isEmpty()
                                  ? new End.Done(true, Health.ONLINE)
                                  : failed(problem))));
      case Step.Export(var force) ->
          pool.release(force, problem -> end.accept(problem.isEmpty() ? done() : failed(problem)));
      case Step.Detach _ -> end.accept(done());
      case Step.Clear _ -> {
        pool.clear();
        end.accept(done());
      }
      case Step.LastResort _ -> {
        if (world.lastResortReboots) {
          node.powerCut(world.time.random().nextLong(2_000_000, LAST_RESORT_SECONDS * 10_000_000L));
        } else {
          pool.drop();
          end.accept(done());
        }
      }
      case Step.StartService(var index) ->
          takes(
              10_000,
              500_000,
              () ->
                  end.accept(
                      world.services.start(side, index) ? done() : failed("does not start")));
      case Step.CheckService(var index) ->
          end.accept(world.services.well(side, index) ? done() : failed("is not well"));
      case Step.StopService(var index) ->
          takes(
              10_000,
              200_000,
              () -> {
                world.services.stop(side, index);
                end.accept(done());
              });
    }
  }

  private void takes(long minMicros, long maxMicros, Runnable work) {
    world.time.after(world.services.random.nextLong(minMicros, maxMicros), work);
  }

  /// A call to the replicator: refused when there is no process; one that is stopped carries it out
  /// later, when nobody waits any more.
  private void ask(long limitMicros, Consumer<End> end, Consumer<Consumer<End>> work) {
    var replicator = node.replicator;
    if (!replicator.alive()) {
      end.accept(new End.Failed(Failure.of(Failure.Kind.UNREACHABLE, "connection refused")));
      return;
    }
    var answered = new boolean[1];
    Consumer<End> once =
        result -> {
          if (!answered[0]) {
            answered[0] = true;
            end.accept(result);
          }
        };
    node.orchestrator.after(limitMicros, () -> once.accept(timedOut("deadline")));
    lost(once, answered);
    replicator.after(0, () -> work.accept(once));
  }

  /// The connection breaks when the process ends.
  private void lost(Consumer<End> once, boolean[] answered) {
    if (answered[0]) {
      return;
    }
    if (!node.replicator.alive()) {
      once.accept(new End.Failed(Failure.of(Failure.Kind.UNREACHABLE, "connection reset")));
    } else {
      node.orchestrator.after(200_000, () -> lost(once, answered));
    }
  }

  /// All or none: those that changed are put back when one is refused.
  private void promote(
      Running run, int index, boolean force, List<SimReplica> changed, Consumer<End> answer) {
    if (index == side.replicas.size()) {
      answer.accept(done());
      return;
    }
    var replica = side.replicas.get(index);
    replica.change(
        Role.PRIMARY,
        force,
        () -> run.end == null, // the call was cancelled, or is over its deadline
        result -> {
          var verdict = result.verdict();
          if (verdict == Verdict.ALLOWED) {
            if (result.previous() != Role.PRIMARY) {
              changed.add(replica);
            }
            promote(run, index + 1, force, changed, answer);
            return;
          }
          var refusal = verdict == null ? Refusal.NONE : SimReplica.refusal(verdict);
          if (verdict == null) {
            if (run.end == null) {
              putBack(changed, () -> {});
            }
            answer.accept(failed("not in time"));
            return;
          }
          putBack(
              changed,
              () ->
                  answer.accept(
                      new End.Failed(
                          new Failure(
                              Failure.Kind.REFUSED,
                              refusal,
                              replica.resource.name + ": " + verdict,
                              ""))));
        });
  }

  private static void putBack(List<SimReplica> changed, Runnable then) {
    if (changed.isEmpty()) {
      then.run();
      return;
    }
    changed.removeFirst().change(Role.SECONDARY, false, () -> false, _ -> putBack(changed, then));
  }

  private void demote(int index, @Nullable End worst, Consumer<End> answer) {
    if (index == side.replicas.size()) {
      answer.accept(worst == null ? done() : worst);
      return;
    }
    side.replicas
        .get(index)
        .change(
            Role.SECONDARY,
            false,
            () -> false,
            result ->
                demote(
                    index + 1,
                    result.verdict() == Verdict.ALLOWED
                        ? worst
                        : failed("demotion: " + result.verdict()),
                    answer));
  }
}
