package carpool.orchestrator.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Two nodes' machines with one pool on one resource, over trivially modelled replicators: a
/// promotion is refused while the other side is primary; everything else does as it is told. The
/// election is worse than any real one: it says anything to anybody at any time.
///
/// What must hold after every action: a pool that is imported and not cut off is on a primary, and
/// there are never two primaries; so there are never two nodes with the pool importable.
final class PairWorld {
  private static final PoolSpec SPEC =
      new PoolSpec(
          "tank",
          "storage",
          PoolSpec.Kind.ZFS,
          List.of("disk1"),
          List.of(
              new PoolSpec.Service(
                  "web", true, PoolSpec.OnFailure.FAILOVER, 2 * Bench.SECOND, 5 * Bench.SECOND)),
          false,
          60 * Bench.SECOND,
          new PoolSpec.Deadlines(
              2 * Bench.SECOND,
              2 * Bench.SECOND,
              4 * Bench.SECOND,
              4 * Bench.SECOND,
              2 * Bench.SECOND,
              3 * Bench.SECOND,
              0));

  /// What can happen to a node.
  enum Kind {
    MASTER,
    BACKUP,
    /// The replicator's watch tells the truth.
    WATCH,
    /// The running step is done, or refused if the truth says so.
    FINISH,
    /// It failed and had no effect.
    FAIL,
    /// It had its effect, and its answer was lost.
    LOSE,
    /// The earliest timer fires.
    TICK,
    /// The orchestrator dies and starts anew.
    CRASH,
    /// It is told to leave everything to the next process, which starts when it is ready for that.
    LEAVE,
    REPLICATOR_LOST,
    SWITCHOVER,
    /// The replicator of a primary is killed and started again: nothing is served for the moment.
    RESTART,
    /// It takes the role again, as the peer has not taken over.
    RESUME,
    /// It does not: the device ends.
    LAPSE,
    /// An operator makes the pool: `zpool create` on the devices of a primary, which then has it.
    CREATE,
    /// The client network is judged: lost at this node.
    CLIENTS_LOST,
    CLIENTS_BACK
  }

  /// One action on one node, 0 or 1.
  record Action(int node, Kind kind) {}

  private static final class Armed {
    final long token;
    final long dueNanos;

    Armed(long token, long dueNanos) {
      this.token = token;
      this.dueNanos = dueNanos;
    }
  }

  /// One node: what is true, and its machine.
  private final class SimNode {
    final int number;
    PoolMachine machine = new PoolMachine(SPEC);

    /// Outlives the orchestrator.
    Memory memory = Memory.NONE;

    Role role = Role.INIT;
    boolean imported;

    /// Imported by an operator's command, and the machine has not looked since.
    boolean unseen;

    boolean cut;
    boolean resuming;
    boolean web;
    boolean clientsLost;
    Carp carp = Carp.BACKUP;
    PoolEffect.@Nullable Run run;
    boolean aborted;
    final List<Armed> timers = new ArrayList<>();
    @Nullable ResourceFacts told;
    final Set<Cause> causes = EnumSet.noneOf(Cause.class);
    long id;
    long leaving;
    boolean left;

    SimNode(int number) {
      this.number = number;
    }

    SimNode peer() {
      return nodes.get(1 - number);
    }

    ResourceFacts facts() {
      return new ResourceFacts(
          "disk1",
          role,
          role == Role.PRIMARY && !cut,
          resuming,
          false,
          Refusal.NONE,
          true,
          peer().role == Role.PRIMARY,
          true);
    }

    void post(PoolEvent event) {
      machine.step(event, this::on);
    }

    void on(PoolEffect effect) {
      switch (effect) {
        case PoolEffect.Run started -> {
          check(run == null, "two steps at once on " + number);
          run = started;
          aborted = false;
        }
        case PoolEffect.Abort _ -> aborted = true;
        case PoolEffect.ArmTimer(var token, var delay) -> timers.add(new Armed(token, now + delay));
        case PoolEffect.SetCause(var cause, _) -> causes.add(cause);
        case PoolEffect.ClearCause(var cause) -> causes.remove(cause);
        case PoolEffect.Remember(var next) -> memory = next;
        case PoolEffect.AnnounceGiveUp _,
            PoolEffect.Resign _,
            PoolEffect.PhaseChanged _,
            PoolEffect.StepNoted _,
            PoolEffect.PassageOver _,
            PoolEffect.ServiceNoted _ -> {}
        case PoolEffect.Answer(var asked, _, _, _) -> left |= asked == leaving;
      }
    }

    void start() {
      machine = new PoolMachine(SPEC, memory);
      clientsLost = false;
      leaving = 0;
      left = false;
      run = null;
      timers.clear();
      causes.clear();
      told = null;
      post(new PoolEvent.ReplicatorLost(now));
      post(new PoolEvent.CarpSeen(now, carp, ""));
    }

    /// Does what the step does; the failure, if the truth does not allow it.
    @Nullable Failure effect(Step step) {
      switch (step) {
        case Step.Inspect _ -> unseen = false;
        case Step.Promote _ -> {
          if (peer().role == Role.PRIMARY) {
            return new Failure(Failure.Kind.REFUSED, Refusal.PEER_IS_PRIMARY, "", "");
          }
          if (role != Role.PRIMARY) {
            role = Role.PRIMARY;
            cut = imported && !resuming;
            resuming = false;
          }
        }
        case Step.Import _ -> {
          if (role != Role.PRIMARY || cut) {
            return Failure.of(Failure.Kind.FAILED, "no devices");
          }
          if (!exists) {
            return Failure.of(Failure.Kind.NOT_FOUND, "no pool");
          }
          unseen = false;
          imported = true;
        }
        case Step.StartService _ -> web = true;
        case Step.CheckService _ -> {
          if (!web) {
            return Failure.of(Failure.Kind.FAILED, "not running");
          }
        }
        case Step.StopService _ -> web = false;
        case Step.Export _ -> {
          if (cut) {
            return Failure.of(Failure.Kind.TIMED_OUT, "hangs");
          }
          imported = false;
        }
        case Step.CutOff _ -> {
          cut = true;
          resuming = false;
        }
        case Step.Detach _, Step.Clear _, Step.LastResort _, Step.Fence _ -> {}
        case Step.Demote(_, var afterCut) -> {
          if (unseen && !afterCut) {
            return Failure.of(Failure.Kind.FAILED, "a device is in use");
          }
          check(!imported || cut, "demoted under an imported pool on " + number);
          role = Role.SECONDARY;
          resuming = false;
        }
      }
      return null;
    }

    void end(Kind how) {
      var ended = run;
      if (ended == null) {
        return;
      }
      run = null;
      if (aborted && how == Kind.FINISH) {
        post(fail(ended, Failure.of(Failure.Kind.ABORTED, "")));
        return;
      }
      var failure = how == Kind.FAIL ? Failure.of(Failure.Kind.FAILED, "no") : effect(ended.step());
      if (failure != null) {
        post(fail(ended, failure));
      } else if (how == Kind.LOSE) {
        post(fail(ended, Failure.of(Failure.Kind.TIMED_OUT, "lost")));
      } else {
        post(
            new PoolEvent.StepDone(
                now, ended.token(), imported, imported ? Health.ONLINE : Health.NONE, ""));
      }
    }

    private PoolEvent fail(PoolEffect.Run ended, Failure failure) {
      return new PoolEvent.StepFailed(now, ended.token(), failure);
    }

    boolean tick() {
      var next =
          timers.stream()
              .min(
                  Comparator.comparingLong((Armed t) -> t.dueNanos)
                      .thenComparingLong(t -> t.token));
      if (next.isEmpty()) {
        return false;
      }
      timers.remove(next.get());
      now = Math.max(now, next.get().dueNanos);
      post(new PoolEvent.TimerFired(now, next.get().token));
      return true;
    }
  }

  private final List<SimNode> nodes = new ArrayList<>();
  private final List<Action> history = new ArrayList<>();
  private long now = 1_000 * Bench.SECOND;
  private boolean exists;
  private boolean operatorWaits = true;

  /// The pool is on the disks already.
  PairWorld() {
    this(true);
  }

  PairWorld(boolean exists) {
    this.exists = exists;
    nodes.add(new SimNode(0));
    nodes.add(new SimNode(1));
    nodes.forEach(SimNode::start);
  }

  /// Makes node 0 serve and node 1 stand by.
  PairWorld serving() {
    settle();
    history.clear();
    return this;
  }

  /// Node 0 is MASTER with its devices, and no pool is on them.
  PairWorld withoutPool() {
    operatorWaits = false;
    settle(() ->
        nodes.getFirst().machine.view().phase() == Phase.NO_POOL
            && nodes.getLast().machine.view().phase() == Phase.STANDBY);
    operatorWaits = true;
    history.clear();
    nodes.forEach(node -> check(node.causes.isEmpty(), "demoted without a pool: " + node.causes));
    return this;
  }

  boolean enabled(Action action) {
    var node = nodes.get(action.node());
    return switch (action.kind()) {
      case MASTER -> node.carp != Carp.MASTER;
      case BACKUP -> node.carp != Carp.BACKUP;
      case WATCH -> !node.facts().equals(node.told);
      case FINISH -> node.run != null;
      case FAIL -> node.run != null && !(node.run.step() instanceof Step.Inspect);
      case LOSE -> node.run != null && !(node.run.step() instanceof Step.Inspect) && !node.aborted;
      case TICK -> !node.timers.isEmpty();
      case CRASH -> true;
      case LEAVE -> node.leaving == 0;
      case REPLICATOR_LOST -> node.told != null;
      case SWITCHOVER -> node.machine.view().phase() == Phase.SERVING;
      case RESTART -> node.role == Role.PRIMARY && !node.cut;
      case RESUME -> node.resuming && node.peer().role != Role.PRIMARY;
      case LAPSE -> node.resuming;
      // The rule judges so of one of two MASTERs, and never of both.
      case CLIENTS_LOST ->
          node.carp == Carp.MASTER && !node.clientsLost && !node.peer().clientsLost;
      case CLIENTS_BACK -> node.clientsLost;
      case CREATE -> !exists && node.role == Role.PRIMARY && !node.cut;
    };
  }

  void act(Action action) {
    history.add(action);
    var node = nodes.get(action.node());
    switch (action.kind()) {
      case MASTER -> carp(node, Carp.MASTER);
      case BACKUP -> carp(node, Carp.BACKUP);
      case WATCH -> watch(node);
      case FINISH, FAIL, LOSE -> node.end(action.kind());
      case TICK -> {
        var _ = node.tick();
      }
      case CRASH -> node.start();
      case LEAVE -> {
        node.leaving = ++node.id;
        node.post(new PoolEvent.Asked(now, node.id, new Command.Leave()));
      }
      case REPLICATOR_LOST -> {
        node.told = null;
        node.post(new PoolEvent.ReplicatorLost(now));
      }
      case SWITCHOVER -> node.post(new PoolEvent.Asked(now, ++node.id, new Command.Switchover()));
      case RESTART -> {
        node.role = Role.SECONDARY;
        node.resuming = true;
        node.told = null;
        node.post(new PoolEvent.ReplicatorLost(now));
      }
      case RESUME -> resume(node);
      case LAPSE -> lapse(node);
      case CREATE -> create(node);
      case CLIENTS_LOST -> clients(node, true);
      case CLIENTS_BACK -> clients(node, false);
    }
    for (var each : nodes) {
      check(
          !each.imported || each.cut || each.resuming || each.role == Role.PRIMARY,
          "imported without the right to write on " + each.number);
    }
    check(nodes.get(0).role != Role.PRIMARY || nodes.get(1).role != Role.PRIMARY, "two primaries");
  }

  private void create(SimNode node) {
    exists = true;
    node.imported = true;
    node.unseen = true;
  }

  private void clients(SimNode node, boolean lost) {
    node.clientsLost = lost;
    node.post(new PoolEvent.ClientNetworkJudged(now, lost ? "cut" : ""));
  }

  private static void resume(SimNode node) {
    node.role = Role.PRIMARY;
    node.resuming = false;
  }

  private static void lapse(SimNode node) {
    node.cut = node.imported;
    node.resuming = false;
  }

  private void carp(SimNode node, Carp carp) {
    node.carp = carp;
    node.post(new PoolEvent.CarpSeen(now, carp, ""));
  }

  private void watch(SimNode node) {
    node.told = node.facts();
    node.post(new PoolEvent.ResourcesSeen(now, List.of(node.told)));
  }

  /// After the last fault: node 0 is MASTER and stays it, everything works. Must end with node 0
  /// serving and node 1 standing by, in a bounded time.
  void settle() {
    settle(this::settled);
  }

  private void settle(BooleanSupplier settled) {
    carp(nodes.get(0), Carp.MASTER);
    carp(nodes.get(1), Carp.BACKUP);
    nodes.forEach(node -> clients(node, false));
    var end = now + 400 * Bench.SECOND;
    while (!settled.getAsBoolean()) {
      check(
          now < end,
          "not settled: " + nodes.get(0).machine.view() + " / " + nodes.get(1).machine.view());
      var progress = false;
      for (var node : nodes) {
        if (!node.facts().equals(node.told)) {
          watch(node);
          progress = true;
        }
        if (node.left) {
          node.start();
          progress = true;
        }
        if (node.run != null) {
          node.end(Kind.FINISH);
          progress = true;
        }
        if (node.cut && node.imported && node.run == null) {
          // What an operator or the supervisor of zfs-fuse does.
          node.imported = false;
          node.unseen = false;
          progress = true;
        }
        if (node.resuming) {
          if (node.peer().role == Role.PRIMARY) {
            lapse(node);
          } else {
            resume(node);
          }
          progress = true;
        }
        if (!exists && operatorWaits && node.machine.view().phase() == Phase.NO_POOL) {
          create(node);
          progress = true;
        }
      }
      if (!progress) {
        tickEarliest();
      }
    }
  }

  private void tickEarliest() {
    var earliest =
        nodes.stream()
            .filter(node -> !node.timers.isEmpty())
            .min(
                Comparator.comparingLong(
                    node -> node.timers.stream().mapToLong(t -> t.dueNanos).min().orElseThrow()));
    check(earliest.isPresent(), "nothing left to happen: " + nodes.get(0).machine.view());
    var _ = earliest.orElseThrow().tick();
  }

  private boolean settled() {
    return nodes.get(0).machine.view().phase() == Phase.SERVING
        && nodes.get(0).imported
        && nodes.get(0).web
        && nodes.get(1).machine.view().phase() == Phase.STANDBY
        && nodes.get(1).role == Role.SECONDARY
        && !nodes.get(1).imported
        && nodes.stream().allMatch(node -> node.run == null);
  }

  void check(boolean holds, String rule) {
    if (!holds) {
      throw new AssertionError(rule + "\nafter " + history);
    }
  }
}
