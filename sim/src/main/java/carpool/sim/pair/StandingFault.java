package carpool.sim.pair;

import carpool.orchestrator.core.Phase;
import carpool.sim.Violation;
import carpool.sim.replication.SimDisk;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// One fault that stands still for three windows while all else is well: it moves the pool at most
/// once per node and window.
///
/// A node that dies whenever it serves loses the pool by that each time; it gets it back at most
/// once per window.
final class StandingFault {
  private static final long SECOND = 1_000_000;
  private static final long WINDOW_MICROS = SimOrchestrator.FAIL_WINDOW_NANOS / 1000;
  private static final long LASTS_MICROS = 3 * WINDOW_MICROS;

  /// Two moves begin a window apart; when each of them has brought the pool to the other node
  /// differs by the attempts that come before.
  private static final long SLACK_MICROS = 15 * SECOND;

  /// From any moment to one in which the pool is served as well as it can be.
  private static final long SETTLES_MICROS = 90 * SECOND;

  private enum Kind {
    SERVICE_ON_BOTH_NODES,
    SERVICE_ON_ONE_NODE,
    NODE_DIES_WHEN_IT_SERVES,
    DISK,
    /// The pool cannot be imported on the node that has to take it over.
    IMPORT_ON_ONE_NODE,
    IMPORT_ON_BOTH_NODES,
    /// Commands of the node that serves never end.
    COMMANDS_HANG,
    /// The interface of one of the groups that move together, on the node that serves.
    INTERFACE
  }

  private static final int FIRST_KINDS = 4;

  /// In any pair with several pools.
  private static final int POOL_KINDS = 3;

  private final WholePairWorld world;
  private final Kind kind;
  private final int service;

  /// The node that the fault is on, where it is on one.
  private final PairNode victim;

  /// The pool that the fault is on, where it is on one.
  private final PoolPair pair;

  /// By pool.
  private final List<Map<PairNode, Long>> lastMoveFrom = new ArrayList<>();

  private final List<PairNode> servers = new ArrayList<>();
  private boolean stands = true;

  StandingFault(WholePairWorld world) {
    this.world = world;
    var random = world.services.random;
    for (var each : world.pools) {
      servers.add(each.server());
      lastMoveFrom.add(new HashMap<>());
    }
    int kinds = world.services.present() ? FIRST_KINDS : 2;
    var chosen = random.nextInt(kinds);
    service = random.nextInt(SimServices.NAMES.size());
    var more = world.geometry.random();
    boolean together = world.geometry.together() > 0;
    if (together && more.nextBoolean()) {
      kind = Kind.INTERFACE;
    } else if (!world.geometry.plain() && more.nextInt(3) == 0) {
      kind = Kind.values()[FIRST_KINDS + more.nextInt(POOL_KINDS)];
    } else {
      kind = Kind.values()[world.services.present() ? chosen : 2 + chosen];
    }
    var candidates =
        kind == Kind.INTERFACE
            ? world.pools.stream().filter(each -> each.group < world.geometry.together()).toList()
            : world.pools;
    pair = candidates.get(candidates.size() == 1 ? 0 : more.nextInt(candidates.size()));
    var server = pair.server();
    victim =
        switch (kind) {
          case DISK, IMPORT_ON_BOTH_NODES, COMMANDS_HANG, INTERFACE -> server;
          case IMPORT_ON_ONE_NODE -> server.peer();
          case SERVICE_ON_BOTH_NODES, SERVICE_ON_ONE_NODE, NODE_DIES_WHEN_IT_SERVES ->
              world.nodes[random.nextInt(2)];
        };
  }

  void play() {
    world.log("---", "stands still: " + kind + " " + victim.name + " " + pair.name);
    begin();
    world.time.runUntil(world.time.nowMicros() + LASTS_MICROS);
    if (kind != Kind.NODE_DIES_WHEN_IT_SERVES && kind != Kind.COMMANDS_HANG) {
      checkServed();
    }
    stands = false;
    end();
  }

  private void begin() {
    switch (kind) {
      case SERVICE_ON_BOTH_NODES -> {
        world.services.broken(pair.side(world.nodes[0]), service, true);
        world.services.broken(pair.side(world.nodes[1]), service, true);
        if (world.services.random.nextBoolean()) {
          world.services.hooksHang(0, true);
          world.services.hooksHang(1, true);
        }
      }
      case SERVICE_ON_ONE_NODE -> world.services.broken(pair.side(victim), service, true);
      case NODE_DIES_WHEN_IT_SERVES -> {
        if (victim.pools.stream().anyMatch(side -> side.pool.imported())) {
          dies();
        }
      }
      case DISK -> {
        world.faults.leaveBroken(true);
        pair.resources.getFirst().spoil(victim.index, SimDisk.Trouble.ALL);
      }
      case IMPORT_ON_ONE_NODE -> {
        pair.side(victim).pool.unimportable(true);
        victim.peer().powerCut(5 * SECOND);
      }
      case IMPORT_ON_BOTH_NODES -> {
        for (var node : world.nodes) {
          pair.side(node).pool.unimportable(true);
        }
        victim.powerCut(5 * SECOND);
      }
      case COMMANDS_HANG -> victim.commandsHang(true);
      case INTERFACE -> world.carrier(pair.side(victim).group, false);
    }
  }

  private void end() {
    world.services.mend(world.nodes);
    for (var node : world.nodes) {
      node.commandsHang(false);
      world.carrier(pair.side(node).group, true);
      pair.side(node).pool.unimportable(false);
    }
    world.faults.leaveBroken(false);
  }

  private void dies() {
    world.time.after(
        world.services.random.nextLong(SECOND, 5 * SECOND),
        () -> {
          if (stands && victim.pools.stream().anyMatch(side -> side.pool.imported())) {
            victim.powerCut(world.services.random.nextLong(2 * SECOND, 8 * SECOND));
          }
        });
  }

  /// The pool was imported on this node.
  void imported(PoolSide side) {
    if (!stands) {
      return;
    }
    var node = side.node;
    if (kind == Kind.NODE_DIES_WHEN_IT_SERVES && node == victim) {
      dies();
    }
    var from = servers.set(side.pair.index, node);
    if (node == from || (kind == Kind.NODE_DIES_WHEN_IT_SERVES && from == victim)) {
      return;
    }
    long now = world.time.nowMicros();
    var last = lastMoveFrom.get(side.pair.index).put(from, now);
    if (last != null && now - last < WINDOW_MICROS - SLACK_MICROS) {
      throw new Violation(
          "standing fault",
          "%s moved %s away from %s twice within %d s"
              .formatted(kind, side.pair.name, from.name, (now - last) / SECOND));
    }
  }

  /// Whatever is broken, the rest is served, and where that is possible all of it.
  private void checkServed() {
    long until = world.time.nowMicros() + SETTLES_MICROS;
    while (!served()) {
      if (world.time.nowMicros() > until) {
        throw new Violation(
            "standing fault",
            kind
                + ": "
                + String.join(
                    "; ",
                    world.pools.stream()
                        .map(each -> each.name + " " + each.side(server(each)).mind)
                        .toList()));
      }
      world.time.runUntil(world.time.nowMicros() + SECOND / 2);
    }
  }

  private PairNode server(PoolPair each) {
    return servers.get(each.index);
  }

  private boolean served() {
    return world.pools.stream().allMatch(this::served);
  }

  private boolean served(PoolPair each) {
    if (kind == Kind.INTERFACE && pair.side(victim).group.moving().contains(each.side(victim))) {
      return server(each) != victim && serving(each);
    }
    if (each != pair) {
      return each.side(server(each)).mind.phase() == Phase.SERVING;
    }
    return switch (kind) {
      case IMPORT_ON_BOTH_NODES -> true;
      case SERVICE_ON_ONE_NODE, DISK, IMPORT_ON_ONE_NODE, INTERFACE ->
          server(each) != victim && serving(each);
      case SERVICE_ON_BOTH_NODES, NODE_DIES_WHEN_IT_SERVES, COMMANDS_HANG -> serving(each);
    };
  }

  private boolean serving(PoolPair each) {
    return each.side(server(each)).mind.phase() == Phase.SERVING;
  }
}
