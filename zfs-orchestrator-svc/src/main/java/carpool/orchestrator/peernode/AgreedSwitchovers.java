package carpool.orchestrator.peernode;

import carpool.election.v1.Group;
import carpool.kit.config.CarpoolConfig;
import carpool.kit.config.ElectionGroup;
import carpool.kit.config.PoolConfig;
import carpool.orchestrator.control.Couple.Glance;
import carpool.orchestrator.control.Node.Clock;
import carpool.orchestrator.control.Node.GroupMoves;
import carpool.orchestrator.control.Node.Listener;
import carpool.orchestrator.core.AgreedSwitchoverRule;
import carpool.orchestrator.core.AgreedSwitchoverRule.Attempt;
import carpool.orchestrator.core.AgreedSwitchoverRule.Kind;
import carpool.orchestrator.core.AgreedSwitchoverRule.Own;
import carpool.orchestrator.core.Carp;
import carpool.orchestrator.core.Command;
import carpool.orchestrator.core.FailbackRule;
import carpool.orchestrator.core.GroupSight;
import carpool.orchestrator.core.PoolView;
import carpool.orchestrator.core.StepRecord;
import carpool.orchestrator.history.KeptState;
import carpool.orchestrator.peers.Facing;
import carpool.orchestrator.runtime.PoolRunner;
import carpool.orchestrator.v1.AgreedMove;
import carpool.orchestrator.v1.Kept;
import carpool.replicator.v1.DiskState;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Role;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Moves of living pools that both nodes agree on, for all election groups that a pool follows:
/// asks the rules at each look at the other node, and carries the moves out as `carpool switchover`
/// does.
public final class AgreedSwitchovers {
  private static final Logger LOG = LoggerFactory.getLogger("carpool.orchestrator");
  private static final long ANSWER_SECONDS = 5;

  private final String node;
  private final Map<String, Member> members = new LinkedHashMap<>();
  private final KeptState kept;
  private final Function<String, Carp> carp;
  private final Supplier<Map<String, Resource>> resources;
  private final Map<String, List<String>> demotions = new ConcurrentHashMap<>();
  private final MeterRegistry metrics;

  /// A group of this node, or the groups of one sync group, which move as one.
  ///
  /// @param config of the first of them
  /// @param groups names of all
  /// @param pools those that follow it
  /// @param movedForDisks resources whose failed disk moves the group
  private record Member(
      ElectionGroup config,
      List<String> groups,
      List<PoolRunner> pools,
      Set<String> movedForDisks,
      GroupAgreement agreement) {
    List<String> resources() {
      return pools.stream().flatMap(pool -> pool.spec().resources().stream()).toList();
    }

    List<PoolView> views() {
      return pools.stream().map(pool -> pool.status().view()).toList();
    }
  }

  /// Decides nothing before the first look at the other node.
  ///
  /// @param carp state of a group
  /// @param resources as the replicator told last; empty while it does not answer
  public AgreedSwitchovers(
      String node,
      CarpoolConfig config,
      Collection<PoolRunner> pools,
      KeptState kept,
      Function<String, Carp> carp,
      Supplier<Map<String, Resource>> resources,
      MeterRegistry metrics) {
    this.node = node;
    this.kept = kept;
    this.carp = carp;
    this.resources = resources;
    this.metrics = metrics;
    for (var group : config.election()) {
      var together = config.movesWith(group.name());
      var following =
          pools.stream().filter(pool -> together.contains(pool.spec().follows())).toList();
      if (!following.isEmpty() && together.getFirst().equals(group.name())) {
        members.put(group.name(), member(group, together, following, config));
      }
    }
    for (var member : members.values()) {
      metrics.gauge(
          "carpool.orchestrator.failback.wanted",
          List.of(io.micrometer.core.instrument.Tag.of("group", member.config().name())),
          member,
          m -> moves(m).wish().wanted() ? 1 : 0);
    }
  }

  private Member member(
      ElectionGroup group, List<String> together, List<PoolRunner> pools, CarpoolConfig config) {
    var window =
        pools.stream().mapToLong(pool -> pool.spec().failWindowNanos()).max().orElseThrow();
    var clock = new Clock(System.currentTimeMillis(), System.nanoTime());
    var attempts =
        kept.get().getAgreedMovesList().stream()
            .filter(move -> move.getGroup().equals(group.name()))
            .flatMap(move -> attempt(move, clock).stream())
            .toList();
    var movedForDisks =
        config.pools().stream()
            .filter(pool -> together.contains(pool.follows()))
            .filter(pool -> pool.onDiskFailure() == PoolConfig.OnDiskFailure.SWITCHOVER)
            .flatMap(pool -> pool.resources().stream())
            .collect(Collectors.toUnmodifiableSet());
    return new Member(
        group,
        together,
        pools,
        movedForDisks,
        new GroupAgreement(
            group.name(),
            new FailbackRule(group.preempt(), group.preemptDelay().toNanos()),
            new AgreedSwitchoverRule(window, attempts)));
  }

  /// A date in the future, after the clock was set back, counts as now.
  private static java.util.Optional<Attempt> attempt(AgreedMove move, Clock clock) {
    var age = Math.max(0, clock.unixMillis() - move.getUnixMillis()) * 1_000_000;
    for (var kind : Kind.values()) {
      if (word(kind).equals(move.getKind())) {
        return java.util.Optional.of(new Attempt(kind, clock.nanos() - age, move.getProblem()));
      }
    }
    return java.util.Optional.empty();
  }

  private static String word(Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  /// What the election service told of a group last.
  public void heard(Group group) {
    demotions.put(
        group.getName(),
        group.getDemotionsList().stream()
            .map(d -> d.getCause() + (d.getText().isEmpty() ? "" : ": " + d.getText()))
            .toList());
  }

  /// What is known of the other node now. Called by one thread.
  public void seen(Glance other) {
    for (var member : members.values()) {
      var decision =
          member
              .agreement()
              .look(System.nanoTime(), own(member), other.groups().get(member.config().name()));
      var kind = decision.move();
      if (kind != null) {
        move(member, kind, decision.cause());
      }
    }
  }

  private Own own(Member member) {
    var views = member.views();
    var known = resources.get();
    var blockers = new ArrayList<String>();
    if (views.stream().anyMatch(PoolView::unmanaged)) {
      blockers.add("the pools of this node are unmanaged");
    }
    if (views.stream().anyMatch(PoolView::busy)) {
      blockers.add("another command is being carried out");
    }
    return new Own(
        sight(member),
        carp(member),
        blockers,
        member.resources().stream()
            .filter(member.movedForDisks()::contains)
            .filter(name -> failedUnderPool(known.get(name)))
            .toList(),
        member.resources().stream().filter(name -> !peerAble(known.get(name))).toList());
  }

  private static boolean failedUnderPool(@org.jspecify.annotations.Nullable Resource resource) {
    return resource != null
        && resource.getRole() == Role.ROLE_PRIMARY
        && resource.getDisk() == DiskState.DISK_STATE_FAILED;
  }

  private static boolean peerAble(@org.jspecify.annotations.Nullable Resource resource) {
    return resource != null && Facing.resource(resource).peerAble();
  }

  /// Of all groups of a sync group the worst.
  private Carp carp(Member member) {
    return member.groups().stream().map(carp).min(Comparator.naturalOrder()).orElseThrow();
  }

  private GroupSight sight(Member member) {
    var known = resources.get();
    return GroupSight.of(
        node,
        member.config().advskew(),
        carp(member),
        member.groups().stream()
            .flatMap(group -> demotions.getOrDefault(group, List.of()).stream())
            .distinct()
            .toList(),
        member.views(),
        member.resources().stream().filter(resource -> stale(known.get(resource))).toList());
  }

  private static boolean stale(@org.jspecify.annotations.Nullable Resource resource) {
    if (resource == null) {
      return true;
    }
    return switch (resource.getDisk()) {
      case DISK_STATE_UP_TO_DATE, DISK_STATE_CONSISTENT -> false;
      case DISK_STATE_UNSPECIFIED,
          DISK_STATE_DISKLESS,
          DISK_STATE_FAILED,
          DISK_STATE_INCONSISTENT,
          DISK_STATE_OUTDATED,
          UNRECOGNIZED ->
          true;
    };
  }

  private GroupMoves moves(Member member) {
    return member.agreement().moves(sight(member));
  }

  /// For status and the note to the other node.
  public List<GroupMoves> all() {
    return members.values().stream().map(this::moves).toList();
  }

  /// An operator wants what these pools did to be forgotten.
  public void forget(Collection<String> pools) {
    for (var member : members.values()) {
      if (member.pools().stream().anyMatch(pool -> pools.contains(pool.spec().name()))) {
        member.agreement().forget();
        kept.changeIfPossible(b -> keep(b, member.config().name(), List.of()));
      }
    }
  }

  // ----- one move

  private void move(Member member, Kind kind, String cause) {
    var command = new Command.Switchover(cause);
    for (var pool : member.pools()) {
      var refusal = check(pool, command);
      if (!refusal.isEmpty()) {
        member.agreement().refused(refusal);
        return;
      }
    }
    var group = member.config().name();
    var attempts = member.agreement().begun(kind, System.nanoTime());
    try {
      kept.change(b -> keep(b, group, attempts));
    } catch (IOException e) {
      // Not kept, it could be repeated for ever.
      var _ = member.agreement().ended(kind, "cannot write " + kept.file() + ": " + e);
      LOG.error("group {}: not moved ({}): cannot write {}: {}", group, cause, kept.file(), e);
      return;
    }
    LOG.warn("group {}: moves to the other node: {}", group, cause);
    var left = new AtomicInteger(member.pools().size());
    var problems = new ConcurrentLinkedQueue<String>();
    for (var pool : member.pools()) {
      pool.ask(
          command,
          new Listener() {
            @Override
            public void step(StepRecord step) {}

            @Override
            public void end(String reason, String text, String hint) {
              if (!reason.isEmpty()) {
                problems.add(text);
              }
              if (left.decrementAndGet() == 0) {
                over(member, kind, String.join("; ", problems));
              }
            }
          });
    }
  }

  private void over(Member member, Kind kind, String problem) {
    var group = member.config().name();
    var attempts = member.agreement().ended(kind, problem);
    kept.changeIfPossible(b -> keep(b, group, attempts));
    metrics
        .counter(
            "carpool.orchestrator.agreed.switchovers",
            "group",
            group,
            "kind",
            word(kind),
            "outcome",
            problem.isEmpty() ? "done" : "failed")
        .increment();
    if (problem.isEmpty()) {
      LOG.info("group {}: {}: the other node has the devices", group, word(kind));
    } else {
      LOG.warn("group {}: {}: stays here: {}", group, word(kind), problem);
    }
  }

  private static void keep(Kept.Builder b, String group, List<Attempt> attempts) {
    var clock = new Clock(System.currentTimeMillis(), System.nanoTime());
    var all = new ArrayList<>(b.getAgreedMovesList());
    all.removeIf(move -> move.getGroup().equals(group));
    attempts.forEach(attempt ->
        all.add(
            AgreedMove.newBuilder()
                .setGroup(group)
                .setKind(word(attempt.kind()))
                .setUnixMillis(clock.unixMillisOf(attempt.atNanos()))
                .setProblem(attempt.problem())
                .build()));
    b.clearAgreedMoves().addAllAgreedMoves(all);
  }

  /// Why the pool would refuse it; empty: it would not.
  private static String check(PoolRunner pool, Command command) {
    var answer = new CompletableFuture<String>();
    pool.ask(
        new Command.Check(command),
        Duration.ZERO,
        new Listener() {
          @Override
          public void step(StepRecord step) {}

          @Override
          public void end(String reason, String text, String hint) {
            answer.complete(reason.isEmpty() ? "" : text);
          }
        });
    try {
      return answer.get(ANSWER_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      // Told below.
    }
    return "the loop of pool " + pool.spec().name() + " does not answer";
  }
}
