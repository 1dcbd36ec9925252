package carpool.orchestrator.runtime;

import carpool.orchestrator.core.Failure;
import carpool.orchestrator.core.Health;
import carpool.orchestrator.core.PoolSpec;
import carpool.orchestrator.core.Refusal;
import carpool.orchestrator.core.Step;
import carpool.orchestrator.exec.CommandResult;
import carpool.orchestrator.exec.Commands;
import carpool.orchestrator.exec.LeftBehind;
import carpool.orchestrator.peers.Refusals;
import carpool.orchestrator.peers.ReplicatorPeer;
import carpool.orchestrator.pool.DeviceUsers;
import carpool.orchestrator.pool.PoolAccess;
import carpool.orchestrator.pool.PoolException;
import carpool.orchestrator.pool.PoolReading;
import carpool.orchestrator.services.Hooks;
import carpool.orchestrator.services.ServiceCommands;
import carpool.orchestrator.services.ServiceCommands.Verb;
import carpool.replicator.v1.AnnounceGiveUpRequest;
import carpool.replicator.v1.CutOffRequest;
import carpool.replicator.v1.Role;
import carpool.replicator.v1.SetRoleRequest;
import carpool.replicator.v1.SetRoleResult;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Carries out the steps of one pool, each on a thread of its own, and always answers in time.
/// Steps and their time limits run on platform threads: nothing that blocks elsewhere can delay
/// them.
public final class StepRunner {
  private static final Logger LOG = LoggerFactory.getLogger("carpool.orchestrator");

  /// What a step may need beyond its limit: killing a command takes half a second.
  private static final Duration OVERTIME = Duration.ofSeconds(2);

  /// For which the replicator is waited for that is told of a give-up.
  private static final Duration ANNOUNCE_PATIENCE = Duration.ofSeconds(1);

  /// For which a step waits for the end of its hook.
  private static final Duration HOOK_PATIENCE = Duration.ofSeconds(3);

  /// How a step ended.
  sealed interface End {
    record Done(boolean imported, Health health, String text) implements End {}

    record Failed(Failure failure) implements End {}
  }

  /// A step being carried out.
  static final class Running {
    private final Commands.Handle handle = new Commands.Handle();
    private final Context.CancellableContext context = Context.current().withCancellation();
    private final AtomicBoolean answered = new AtomicBoolean();

    void abort() {
      handle.abort();
      context.cancel(null);
    }
  }

  private final PoolSpec spec;
  private final PoolAccess access;
  private final List<Path> devices;
  private final ServiceCommands services;
  private final Hooks hooks;
  private final ReplicatorPeer replicator;
  private final Consumer<PoolReading> onReading;
  private final ScheduledExecutorService limits;

  /// What the replicator was told last, owned by the pool's loop.
  private @Nullable Thread announcement;

  public StepRunner(
      PoolSpec spec,
      PoolAccess access,
      List<Path> devices,
      ServiceCommands services,
      Hooks hooks,
      ReplicatorPeer replicator,
      Consumer<PoolReading> onReading) {
    this.spec = spec;
    this.access = access;
    this.devices = devices;
    this.services = services;
    this.hooks = hooks;
    this.replicator = replicator;
    this.onReading = onReading;
    this.limits =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("step-limit-" + spec.name()).daemon(true).factory());
  }

  /// Tells the replicator that the resources are about to be given up, or are not; the next step
  /// waits for that, and begins without it when the replicator does not answer.
  ///
  /// @param time for which it counts; zero takes it back
  void announce(Duration time) {
    var before = announcement;
    var thread =
        Thread.ofPlatform()
            .name("announce-" + spec.name())
            .daemon(true)
            .unstarted(() -> {
              if (!over(before)) {
                LOG.warn("pool {}: the word before does not reach the replicator", spec.name());
              }
              tell(time);
            });
    announcement = thread;
    thread.start();
  }

  private void tell(Duration time) {
    try {
      var _ =
          replicator
              .stub(ANNOUNCE_PATIENCE)
              .announceGiveUp(
                  AnnounceGiveUpRequest.newBuilder()
                      .addAllResources(spec.resources())
                      .setForMillis(time.toMillis())
                      .setCause("pool " + spec.name())
                      .build());
    } catch (StatusRuntimeException e) {
      LOG.warn(
          "pool {}: the replicator was not told that the resources {} given up: {}",
          spec.name(),
          time.isZero() ? "are not" : "are about to be",
          Refusals.text(e));
    }
  }

  /// The replicator was told, or cannot be.
  private static boolean over(@Nullable Thread announcing) {
    try {
      return announcing == null || announcing.join(ANNOUNCE_PATIENCE.multipliedBy(2));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /// Begins the step; `end` is told exactly once, on another thread.
  public Running start(Step step, Duration limit, Consumer<End> end) {
    var running = new Running();
    var announced = announcement;
    Consumer<End> once =
        result -> {
          if (running.answered.compareAndSet(false, true)) {
            end.accept(result);
          }
        };
    var _ =
        Thread.ofPlatform()
            .name("step-" + spec.name())
            .daemon(true)
            .start(() -> {
              var _ = over(announced);
              hookBefore(step);
              bound(step, limit, running, once);
              once.accept(carryOut(step, limit, running));
            });
    return running;
  }

  /// A hook has its own clock: the time limit of the step begins when the step does.
  private void hookBefore(Step step) {
    if (told(step) && hooks.wants("step-before")) {
      try {
        hooks.fireAndWait("step-before", facts(step), HOOK_PATIENCE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /// Answers for the step, on the current thread, when that does not do it in time.
  private void bound(Step step, Duration limit, Running running, Consumer<End> once) {
    var thread = Thread.currentThread();
    var _ =
        limits.schedule(
            () -> {
              if (!running.answered.get()) {
                running.abort();
                LeftBehind.add(thread, "step " + step.label(spec) + " of pool " + spec.name());
                once.accept(
                    failed(
                        Failure.Kind.TIMED_OUT, step.label(spec) + " hangs and was left behind"));
              }
            },
            limit.plus(OVERTIME).toNanos(),
            TimeUnit.NANOSECONDS);
  }

  private static boolean told(Step step) {
    return !(step instanceof Step.Inspect) && !(step instanceof Step.CheckService);
  }

  private Map<String, String> facts(Step step) {
    return Map.of("CARPOOL_POOL", spec.name(), "CARPOOL_STEP", step.label(spec));
  }

  /// No step is begun any more.
  public void close() {
    limits.shutdownNow();
  }

  private End carryOut(Step step, Duration limit, Running running) {
    End end;
    try {
      end = perform(step, limit, running);
    } catch (PoolException e) {
      end =
          new End.Failed(
              new Failure(
                  switch (e.kind()) {
                    case FAILED -> Failure.Kind.FAILED;
                    case TIMED_OUT -> Failure.Kind.TIMED_OUT;
                    case ABORTED -> Failure.Kind.ABORTED;
                    case NOT_FOUND -> Failure.Kind.NOT_FOUND;
                  },
                  Refusal.NONE,
                  String.valueOf(e.getMessage()),
                  e.hint()));
    } catch (StatusRuntimeException e) {
      end = failed(kind(e, running), Refusals.text(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      end = failed(Failure.Kind.ABORTED, "interrupted");
    } catch (RuntimeException e) {
      LOG.error("pool {}: step {} met a defect", spec.name(), step.label(spec), e);
      end = failed(Failure.Kind.FAILED, "defect: " + e);
    }
    if (told(step) && hooks.wants("step-after")) {
      hooks.fire("step-after", facts(step));
    }
    return end;
  }

  private static Failure.Kind kind(StatusRuntimeException e, Running running) {
    if (running.handle.aborted()) {
      return Failure.Kind.ABORTED;
    }
    return switch (e.getStatus().getCode()) {
      case UNAVAILABLE -> Failure.Kind.UNREACHABLE;
      case DEADLINE_EXCEEDED -> Failure.Kind.TIMED_OUT;
      default -> Failure.Kind.FAILED;
    };
  }

  private End perform(Step step, Duration limit, Running running)
      throws PoolException, InterruptedException {
    return switch (step) {
      case Step.Inspect _ -> inspect(limit, running);
      case Step.Promote(var force, var peerWord, var cause) ->
          setRole(
              request(Role.ROLE_PRIMARY, cause).setForce(force).setPeerWordNeeded(peerWord),
              limit,
              running);
      case Step.Fence _ -> outcome(services.fence(limit, running.handle));
      case Step.Demote(var cause, var cutOff) -> {
        var users = cutOff ? "" : DeviceUsers.of(devices);
        yield users.isEmpty()
            ? setRole(request(Role.ROLE_SECONDARY, cause), limit, running)
            : failed(Failure.Kind.FAILED, "a device is in use by " + users);
      }
      case Step.Import _ -> {
        var text = access.bring(limit, running.handle);
        var reading = read(Duration.ofSeconds(5), running);
        yield new End.Done(true, health(reading), text);
      }
      case Step.Export(var force) -> {
        var text = access.release(force, limit, running.handle);
        onReading.accept(PoolReading.ABSENT);
        yield done(text);
      }
      case Step.Detach _ -> {
        access.detach(limit, running.handle);
        yield done("");
      }
      case Step.Clear _ -> {
        access.clear(limit, running.handle);
        yield done("");
      }
      case Step.LastResort _ -> outcome(services.lastResort(limit, running.handle));
      case Step.StartService(var index) -> service(index, Verb.START, limit, running);
      case Step.CheckService(var index) -> service(index, Verb.CHECK, limit, running);
      case Step.StopService(var index) -> service(index, Verb.STOP, limit, running);
      case Step.CutOff(var cause) -> cutOff(cause, limit, running);
    };
  }

  private End inspect(Duration limit, Running running) throws PoolException, InterruptedException {
    var reading = read(limit, running);
    return new End.Done(reading.here(), health(reading), "");
  }

  private PoolReading read(Duration limit, Running running)
      throws PoolException, InterruptedException {
    var reading = access.read(limit, running.handle);
    onReading.accept(reading);
    return reading;
  }

  private static Health health(PoolReading reading) {
    return switch (reading.health()) {
      case "" -> Health.NONE;
      case "ONLINE" -> Health.ONLINE;
      case "DEGRADED" -> Health.DEGRADED;
      case PoolReading.UNMOUNTED -> Health.UNMOUNTED;
      case "SUSPENDED" -> Health.SUSPENDED;
      default -> Health.FAULTED;
    };
  }

  private End service(int index, Verb verb, Duration limit, Running running)
      throws InterruptedException {
    return outcome(services.run(index, verb, limit, running.handle));
  }

  private static End outcome(CommandResult result) {
    if (result.aborted()) {
      return failed(Failure.Kind.ABORTED, "broken off");
    }
    if (result.timedOut()) {
      return failed(Failure.Kind.TIMED_OUT, result.problem());
    }
    return result.done() ? done("") : failed(Failure.Kind.FAILED, result.problem());
  }

  private SetRoleRequest.Builder request(Role role, String cause) {
    return SetRoleRequest.newBuilder()
        .addAllResources(spec.resources())
        .setRole(role)
        .setTogether(role == Role.ROLE_PRIMARY)
        .setCause(cause);
  }

  private End setRole(SetRoleRequest.Builder request, Duration limit, Running running) {
    var response = called(running, () -> replicator.stub(limit).setRole(request.build()));
    return verdict(response.getResultsList());
  }

  private End cutOff(String cause, Duration limit, Running running) {
    var response =
        called(
            running,
            () ->
                replicator
                    .stub(limit)
                    .cutOff(
                        CutOffRequest.newBuilder()
                            .addAllResources(spec.resources())
                            .setCause(cause)
                            .build()));
    return verdict(response.getResultsList());
  }

  /// A blocking call that [Running#abort] cancels.
  private static <T> T called(Running running, java.util.concurrent.Callable<T> call) {
    try {
      return running.context.call(call);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw Status.INTERNAL.withCause(e).asRuntimeException();
    }
  }

  /// Of several refusals the one that lasts decides: waiting for the peer does not help a copy that
  /// is not current.
  private static End verdict(List<SetRoleResult> results) {
    SetRoleResult worst = null;
    for (var result : results) {
      if (!result.getError().getReason().isEmpty()
          && (worst == null
              || Refusal.of(worst.getError().getReason()) == Refusal.PEER_IS_PRIMARY)) {
        worst = result;
      }
    }
    if (worst == null) {
      return done("");
    }
    var text =
        worst.getResource()
            + ": "
            + worst.getError().getReason()
            + (worst.getMessage().isEmpty() ? "" : ": " + worst.getMessage());
    return new End.Failed(
        new Failure(
            Failure.Kind.REFUSED,
            Refusal.of(worst.getError().getReason()),
            text,
            worst.getError().getHint()));
  }

  private static End done(String text) {
    return new End.Done(false, Health.NONE, text);
  }

  private static End failed(Failure.Kind kind, String text) {
    return new End.Failed(Failure.of(kind, text));
  }
}
