package carpool.orchestrator.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// One machine, its clock and its transcript. A line of the transcript is one effect; timers and
/// notes of steps are left out, they have tests of their own.
final class Bench {
  static final long SECOND = 1_000_000_000L;
  static final long FAIL_WINDOW = 3600 * SECOND;

  private record Armed(long token, long dueNanos) {}

  final PoolSpec spec;
  final PoolMachine machine;
  private final List<String> lines = new ArrayList<>();
  private final List<Armed> timers = new ArrayList<>();
  final List<Passage> passages = new ArrayList<>();

  /// For how many seconds the replicator was told that the resources are given up; 0: that they are
  /// not.
  final List<Long> announced = new ArrayList<>();

  private List<ResourceFacts> resources;
  private PoolEffect.@Nullable Run run;
  private long now = 1_000 * SECOND;
  private long lastId;

  /// What the machine wants to be kept.
  Memory memory;

  Bench(PoolSpec spec) {
    this(spec, Memory.NONE);
  }

  Bench(PoolSpec spec, Memory memory) {
    this.spec = spec;
    this.machine = new PoolMachine(spec, memory);
    this.memory = memory;
    this.resources =
        spec.resources().stream()
            .map(name ->
                new ResourceFacts(
                    name, Role.INIT, false, false, false, Refusal.NONE, true, false, true))
            .toList();
  }

  /// Such a pool of a node that has a fencing command.
  static PoolSpec fencing(String... services) {
    return zfs(30 * SECOND, services);
  }

  static PoolSpec zfs(String... services) {
    return zfs(0, services);
  }

  private static PoolSpec zfs(long fenceNanos, String... services) {
    return new PoolSpec(
        "tank",
        "storage",
        PoolSpec.Kind.ZFS,
        List.of("disk1", "disk2"),
        List.of(services).stream()
            .map(name ->
                new PoolSpec.Service(
                    name, true, PoolSpec.OnFailure.FAILOVER, 5 * SECOND, 5 * SECOND))
            .toList(),
        true,
        FAIL_WINDOW,
        new PoolSpec.Deadlines(
            10 * SECOND,
            10 * SECOND,
            20 * SECOND,
            20 * SECOND,
            10 * SECOND,
            30 * SECOND,
            fenceNanos));
  }

  // --- events

  Bench carp(Carp carp) {
    return post(new PoolEvent.CarpSeen(now, carp, "test"));
  }

  /// Whether the group's addresses are on the interface of this node.
  Bench addresses(boolean present) {
    return post(new PoolEvent.AddressesSeen(now, present));
  }

  Bench resources(UnaryOperator<ResourceFacts> change) {
    resources = resources.stream().map(change).toList();
    return post(new PoolEvent.ResourcesSeen(now, resources));
  }

  Bench role(Role role) {
    return resources(r ->
        new ResourceFacts(
            r.name(),
            role,
            role == Role.PRIMARY && r.deviceReady(),
            false,
            r.fenced() && role == Role.PRIMARY,
            r.refusal(),
            r.linkUp(),
            r.peerPrimary(),
            r.peerCurrent()));
  }

  /// As after a restart of the replicator under the pool.
  Bench resuming() {
    return resources(r ->
        new ResourceFacts(
            r.name(),
            Role.SECONDARY,
            false,
            true,
            false,
            Refusal.CURRENCY_UNKNOWN,
            false,
            false,
            false));
  }

  Bench devices() {
    return resources(r ->
        new ResourceFacts(
            r.name(),
            r.role(),
            true,
            false,
            r.fenced(),
            r.refusal(),
            r.linkUp(),
            r.peerPrimary(),
            r.peerCurrent()));
  }

  Bench fenced() {
    return resources(r ->
        new ResourceFacts(
            r.name(),
            r.role(),
            r.deviceReady(),
            r.resuming(),
            true,
            r.refusal(),
            r.linkUp(),
            r.peerPrimary(),
            r.peerCurrent()));
  }

  /// Whether the replicator holds the clients of what is primary here.
  Bench held(boolean held) {
    return resources(r ->
        new ResourceFacts(
            r.name(),
            r.role(),
            r.deviceReady(),
            r.resuming(),
            r.fenced(),
            r.refusal(),
            r.linkUp(),
            r.peerPrimary(),
            r.peerCurrent(),
            held));
  }

  Bench refusal(Refusal refusal) {
    return resources(r -> refused(r, refusal));
  }

  /// What stands in the way of serving with this resource.
  Bench refusal(String resource, Refusal refusal) {
    return resources(r -> r.name().equals(resource) ? refused(r, refusal) : r);
  }

  private static ResourceFacts refused(ResourceFacts r, Refusal refusal) {
    return new ResourceFacts(
        r.name(),
        r.role(),
        r.deviceReady(),
        r.resuming(),
        r.fenced(),
        refusal,
        r.linkUp(),
        r.peerPrimary(),
        r.peerCurrent());
  }

  /// This resource is secondary now, in a session or without one.
  Bench demoted(String resource, boolean linkUp) {
    return resources(r ->
        r.name().equals(resource)
            ? new ResourceFacts(
                r.name(),
                Role.SECONDARY,
                false,
                false,
                false,
                r.refusal(),
                linkUp,
                false,
                linkUp && r.peerCurrent())
            : r);
  }

  Bench peer(boolean linkUp, boolean primary, boolean current) {
    return resources(r ->
        new ResourceFacts(
            r.name(),
            r.role(),
            r.deviceReady(),
            r.resuming(),
            r.fenced(),
            r.refusal(),
            linkUp,
            primary,
            current));
  }

  /// Empty: they are back.
  Bench clientsLost(String why) {
    return post(new PoolEvent.ClientNetworkJudged(now, why));
  }

  /// What the other node says failed there.
  Bench peerSays(String... failed) {
    return post(new PoolEvent.PeerSaid(now, true, Set.of(failed)));
  }

  Bench started() {
    return post(new PoolEvent.Started(now));
  }

  Bench replicatorLost() {
    return post(new PoolEvent.ReplicatorLost(now));
  }

  Bench ask(Command command) {
    lastId++;
    return post(new PoolEvent.Asked(now, lastId, command));
  }

  /// The time for the command asked last is over.
  Bench expire() {
    return post(new PoolEvent.Asked(now, lastId, new Command.Expire()));
  }

  /// The running step, which must be this one, is done.
  Bench done(String step) {
    return answer(step, token -> new PoolEvent.StepDone(now, token, false, Health.ONLINE, ""));
  }

  Bench inspected(boolean here, Health health) {
    return answer("inspect", token -> new PoolEvent.StepDone(now, token, here, health, ""));
  }

  Bench inspected(boolean here) {
    return inspected(here, here ? Health.ONLINE : Health.NONE);
  }

  Bench fails(String step, Failure.Kind kind) {
    return fails(step, Failure.of(kind, "no"));
  }

  Bench fails(String step, Failure failure) {
    return answer(step, token -> new PoolEvent.StepFailed(now, token, failure));
  }

  Bench refused(Refusal refusal) {
    return fails("promote", new Failure(Failure.Kind.REFUSED, refusal, "" + refusal, "wait"));
  }

  /// Serving goes on until the next look finds that the pool is no longer here.
  Bench vanished() {
    return lookBegun().inspected(false);
  }

  /// Serving goes on until the pool is looked at.
  Bench lookBegun() {
    while (!"inspect".equals(running())) {
      if (run != null && run.step() instanceof Step.CheckService) {
        done(run.step().label(spec));
      } else {
        pass(1);
      }
    }
    return this;
  }

  private Bench answer(String step, java.util.function.LongFunction<PoolEvent> event) {
    var running = run;
    if (running == null || !running.step().label(spec).equals(step)) {
      throw new AssertionError(
          "not running: " + step + "; running: " + running + "\n" + String.join("\n", lines));
    }
    run = null;
    return post(event.apply(running.token()));
  }

  /// Time passes; timers fire in their order.
  Bench pass(double seconds) {
    var end = now + (long) (seconds * SECOND);
    while (true) {
      var next =
          timers.stream()
              .filter(t -> t.dueNanos() <= end)
              .min(Comparator.comparingLong(Armed::dueNanos).thenComparingLong(Armed::token));
      if (next.isEmpty()) {
        now = end;
        return this;
      }
      timers.remove(next.get());
      now = Math.max(now, next.get().dueNanos());
      post(new PoolEvent.TimerFired(now, next.get().token()));
    }
  }

  private Bench post(PoolEvent event) {
    machine.step(event, this::note);
    return this;
  }

  // --- effects

  private void note(PoolEffect effect) {
    switch (effect) {
      case PoolEffect.Run started -> {
        if (run != null) {
          throw new AssertionError("two steps at once: " + run + " and " + started);
        }
        run = started;
        lines.add("run " + started.step().label(spec));
      }
      case PoolEffect.AnnounceGiveUp(var forNanos) -> announced.add(forNanos / SECOND);
      case PoolEffect.Abort _ -> lines.add("abort");
      case PoolEffect.ArmTimer(var token, var delay) -> timers.add(new Armed(token, now + delay));
      case PoolEffect.SetCause(var cause, _) -> lines.add("+ " + cause.word());
      case PoolEffect.ClearCause(var cause) -> lines.add("- " + cause.word());
      case PoolEffect.Remember(var next) -> memory = next;
      case PoolEffect.Resign(_, var together) -> lines.add(together ? "resign" : "resign alone");
      case PoolEffect.PhaseChanged(_, var to, _) -> lines.add("= " + to);
      case PoolEffect.StepNoted _, PoolEffect.ServiceNoted _ -> {}
      case PoolEffect.PassageOver(var passage) -> passages.add(passage);
      case PoolEffect.Answer(_, var reason, _, _) ->
          lines.add("answer " + (reason.isEmpty() ? "done" : reason));
    }
  }

  /// What was done since the last call.
  List<String> lines() {
    var taken = List.copyOf(lines);
    lines.clear();
    return taken;
  }

  @Nullable String running() {
    return run == null ? null : run.step().label(spec);
  }

  Step runningStep() {
    if (run == null) {
      throw new AssertionError("nothing runs");
    }
    return run.step();
  }

  long limitNanos() {
    return run == null ? 0 : run.limitNanos();
  }

  // --- well-known places

  /// A node that stands by, ready.
  Bench standby() {
    replicatorLost().carp(Carp.BACKUP).role(Role.INIT).inspected(false).done("demote");
    role(Role.SECONDARY);
    lines();
    return this;
  }

  /// A node that serves the pool.
  Bench serving() {
    standby().carp(Carp.MASTER).done("promote").role(Role.PRIMARY).devices().done("import");
    for (var service : spec.services()) {
      done("start " + service.name()).done("check " + service.name());
    }
    lines();
    return this;
  }
}
