package carpool.orchestrator.runtime;

import carpool.kit.loop.CoreLoop;
import carpool.kit.loop.TransitionLog;
import carpool.orchestrator.control.Node;
import carpool.orchestrator.control.Node.Clock;
import carpool.orchestrator.control.Node.PoolStatus;
import carpool.orchestrator.core.Cause;
import carpool.orchestrator.core.Command;
import carpool.orchestrator.core.Memory;
import carpool.orchestrator.core.PassageKind;
import carpool.orchestrator.core.Phase;
import carpool.orchestrator.core.PoolEffect;
import carpool.orchestrator.core.PoolEffect.Abort;
import carpool.orchestrator.core.PoolEffect.AnnounceGiveUp;
import carpool.orchestrator.core.PoolEffect.Answer;
import carpool.orchestrator.core.PoolEffect.ArmTimer;
import carpool.orchestrator.core.PoolEffect.ClearCause;
import carpool.orchestrator.core.PoolEffect.PassageOver;
import carpool.orchestrator.core.PoolEffect.PhaseChanged;
import carpool.orchestrator.core.PoolEffect.Remember;
import carpool.orchestrator.core.PoolEffect.Resign;
import carpool.orchestrator.core.PoolEffect.Run;
import carpool.orchestrator.core.PoolEffect.ServiceNoted;
import carpool.orchestrator.core.PoolEffect.SetCause;
import carpool.orchestrator.core.PoolEffect.StepNoted;
import carpool.orchestrator.core.PoolEvent;
import carpool.orchestrator.core.PoolMachine;
import carpool.orchestrator.core.PoolSpec;
import carpool.orchestrator.core.PoolView;
import carpool.orchestrator.core.ServiceView.Running;
import carpool.orchestrator.core.StepRecord;
import carpool.orchestrator.history.NodeJournal;
import carpool.orchestrator.pool.PoolReading;
import carpool.orchestrator.services.Hooks;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/// The shell of one pool: owns its machine on one loop thread and carries out what it asks for.
/// Everybody else posts.
public final class PoolRunner {
  private static final Logger LOG = LoggerFactory.getLogger("carpool.orchestrator");
  private static final int MAILBOX_MAX = 1024;

  /// Tokens of timers begin at 1: this one changes nothing.
  private static final long NOBODYS_TIMER = 0;

  /// What concerns the whole node.
  public interface Neighbours {
    void cause(PoolSpec pool, Cause cause, @Nullable String text);

    /// To be kept over a restart.
    void remember(PoolSpec pool, Memory memory);

    void resign(PoolSpec pool, String cause, boolean together);

    /// The phase changed: what is told to the election may have changed, too.
    void phase(PoolSpec pool, Phase phase);
  }

  private final PoolSpec spec;
  private final PoolMachine machine;
  private final CoreLoop<LongFunction<PoolEvent>> loop;
  private final NodeJournal journal;
  private final Hooks hooks;
  private final Neighbours neighbours;
  private final TransitionLog transitions;
  private final AtomicLong lastAsked = new AtomicLong();

  // Owned by the loop.
  private final Map<Long, Node.Listener> listeners = new TreeMap<>();
  private final Set<Cause> standing = EnumSet.noneOf(Cause.class);
  private StepRunner.@Nullable Running running;
  private long runningToken;

  private @Nullable StepRunner steps;
  private volatile PoolView view;
  private volatile PoolReading reading = PoolReading.ABSENT;

  public PoolRunner(
      PoolSpec spec, Memory memory, NodeJournal journal, Hooks hooks, Neighbours neighbours) {
    this.spec = spec;
    this.machine = new PoolMachine(spec, memory);
    this.journal = journal;
    this.hooks = hooks;
    this.neighbours = neighbours;
    this.view = machine.view();
    this.transitions = new TransitionLog(LOG, "pool", spec.name());
    this.loop = new CoreLoop<>("pool-" + spec.name(), MAILBOX_MAX, this::on);
  }

  public PoolSpec spec() {
    return spec;
  }

  public void start(StepRunner runner) {
    steps = runner;
    loop.start();
  }

  public void stop(Duration deadline) throws InterruptedException {
    if (!loop.stop(deadline)) {
      LOG.error("pool {}: its loop did not end", spec.name());
    }
    if (steps != null) {
      steps.close();
    }
  }

  public void post(LongFunction<PoolEvent> event) {
    loop.post(event);
  }

  /// Runs `then` on the pool's loop, after everything that was posted before; dropped when the
  /// mailbox is full.
  void touch(Runnable then) {
    var _ =
        loop.tryPost(now -> {
          then.run();
          return new PoolEvent.TimerFired(now, NOBODYS_TIMER);
        });
  }

  public void ask(Command command, Node.Listener listener) {
    ask(command, Duration.ZERO, listener);
  }

  /// Asks the machine.
  ///
  /// @param deadline after which the command is answered in any case; zero: none
  public void ask(Command command, Duration deadline, Node.Listener listener) {
    var id = lastAsked.incrementAndGet();
    loop.post(now -> {
      listeners.put(id, listener);
      return new PoolEvent.Asked(now, id, command);
    });
    if (deadline.isPositive()) {
      var _ =
          loop.schedule(
              deadline.toNanos(), () -> now -> new PoolEvent.Asked(now, id, new Command.Expire()));
    }
  }

  public void onReading(PoolReading next) {
    reading = next;
  }

  public PoolStatus status() {
    return new PoolStatus(
        spec, view, reading, new Clock(System.currentTimeMillis(), System.nanoTime()));
  }

  private void on(LongFunction<PoolEvent> posted) {
    var event = posted.apply(loop.nowNanos());
    var before = view.phase();
    var effects = new java.util.ArrayList<PoolEffect>();
    machine.step(event, effects::add);
    view = machine.view();
    transitions.step(name(event), before, view.phase(), effects.size());
    effects.forEach(this::perform);
  }

  private static String name(PoolEvent event) {
    return event.toString().replaceFirst("nowNanos=-?\\d+(, )?", "");
  }

  private void perform(PoolEffect effect) {
    switch (effect) {
      case Run run -> run(run);
      case AnnounceGiveUp(var forNanos) ->
          java.util.Objects.requireNonNull(steps).announce(Duration.ofNanos(forNanos));
      case Abort(var token) -> {
        if (running != null && token == runningToken) {
          running.abort();
        }
      }
      case ArmTimer(var token, var delayNanos) -> {
        var _ = loop.schedule(delayNanos, () -> now -> new PoolEvent.TimerFired(now, token));
      }
      case SetCause(var cause, var text) -> {
        LOG.atLevel(standing.add(cause) ? Level.WARN : Level.DEBUG)
            .log("pool {}: cause {} stands: {}", spec.name(), cause.word(), text);
        neighbours.cause(spec, cause, text);
        var hook = hook(cause);
        if (!hook.isEmpty()) {
          hooks.fire(hook, Map.of("CARPOOL_POOL", spec.name(), "CARPOOL_REASON", text));
        }
      }
      case ClearCause(var cause) -> {
        standing.remove(cause);
        LOG.info("pool {}: cause {} is gone", spec.name(), cause.word());
        neighbours.cause(spec, cause, null);
      }
      case Remember(var memory) -> neighbours.remember(spec, memory);
      case Resign(var cause, var together) -> neighbours.resign(spec, cause, together);
      case PhaseChanged(var from, var to, var cause) -> phaseChanged(from, to, cause);
      case StepNoted(var step) -> stepNoted(step);
      case PassageOver(var passage) -> {
        LOG.info(
            "pool {}: {} took {} ms{} ({})",
            spec.name(),
            passage.kind().word(),
            (passage.endedNanos() - passage.startedNanos()) / 1_000_000,
            passage.problem().isEmpty() ? "" : ", " + passage.problem(),
            passage.cause());
        if (passage.kind() == PassageKind.SWITCHOVER) {
          hooks.fire(
              "switchover",
              Map.of("CARPOOL_POOL", spec.name(), "CARPOOL_REASON", passage.problem()));
        }
        journal.passed(new Node.Passed(spec.name(), passage, status().clock()));
      }
      case ServiceNoted(var index, var service) -> {
        var name = spec.services().get(index).name();
        journal.tell("service", name + " " + service.running(), status(), null);
        if (service.running() == Running.FAILED) {
          LOG.error("pool {}: service {} failed: {}", spec.name(), name, service.problem());
          hooks.fire(
              "service-failed", Map.of("CARPOOL_POOL", spec.name(), "CARPOOL_SERVICE", name));
        }
      }
      case Answer(var id, var reason, var text, var hint) -> {
        var listener = listeners.remove(id);
        if (listener != null) {
          listener.end(reason, text, hint);
        }
      }
    }
  }

  private static String hook(Cause cause) {
    return switch (cause) {
      case MAINTENANCE -> "maintenance";
      case POOL, POOL_DEGRADED -> "pool-health";
      case NOT_READY,
          DATA_NOT_CURRENT,
          REPLICATION_LINK,
          CLIENT_NETWORK,
          SYNC_GROUP,
          POOL_CUT_OFF,
          SERVICE,
          COMMANDS_HANG ->
          "";
    };
  }

  private void run(Run run) {
    var token = run.token();
    var runner = java.util.Objects.requireNonNull(steps);
    runningToken = token;
    running =
        runner.start(
            run.step(),
            Duration.ofNanos(run.limitNanos()),
            end ->
                loop.post(now ->
                    switch (end) {
                      case StepRunner.End.Done(var imported, var health, var text) ->
                          new PoolEvent.StepDone(now, token, imported, health, text);
                      case StepRunner.End.Failed(var failure) ->
                          new PoolEvent.StepFailed(now, token, failure);
                    }));
  }

  private void stepNoted(StepRecord step) {
    if (step.outcome() != StepRecord.Outcome.RUNNING) {
      LOG.info(
          "pool {}: step {} {} after {} ms{}",
          spec.name(),
          step.name(),
          step.outcome(),
          step.durationNanos() / 1_000_000,
          step.text().isEmpty() ? "" : ": " + step.text());
    }
    journal.tell("step", "", status(), step);
    listeners.values().forEach(listener -> listener.step(step));
  }

  private void phaseChanged(Phase from, Phase to, String cause) {
    if (from == Phase.STARTING && to == Phase.SERVING) {
      LOG.info("pool {}: {} from the start: {}", spec.name(), to, cause);
    }
    journal.tell("state", cause, status(), null);
    neighbours.phase(spec, to);
    var event =
        switch (to) {
          case STARTING, NO_POOL -> "";
          case STANDBY -> from == Phase.STARTING ? "" : "stopped";
          case TAKING_OVER -> "takeover";
          case SERVING -> "serving";
          case GIVING_UP -> "give-up";
          case BLOCKED, CUT_OFF -> "failed";
        };
    if (!event.isEmpty()) {
      hooks.fire(
          event,
          Map.of(
              "CARPOOL_POOL", spec.name(),
              "CARPOOL_OLD_STATE", from.name(),
              "CARPOOL_NEW_STATE", to.name(),
              "CARPOOL_REASON", cause,
              "CARPOOL_GROUP", spec.follows()));
    }
  }
}
