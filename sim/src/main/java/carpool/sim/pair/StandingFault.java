package carpool.sim.pair;

import carpool.orchestrator.core.Phase;
import carpool.sim.Violation;
import carpool.sim.replication.SimDisk;
import java.util.HashMap;
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
    DISK
  }

  private final WholePairWorld world;
  private final Kind kind;
  private final int service;

  /// The node that the fault is on, where it is on one.
  private final PairNode victim;

  private final Map<PairNode, Long> lastMoveFrom = new HashMap<>();
  private PairNode server;
  private boolean stands = true;

  StandingFault(WholePairWorld world) {
    this.world = world;
    var random = world.services.random;
    var kinds = world.services.present() ? Kind.values().length : 2;
    var chosen = random.nextInt(kinds);
    kind = Kind.values()[world.services.present() ? chosen : 2 + chosen];
    service = random.nextInt(SimServices.NAMES.size());
    server = world.nodes[0].pool.imported() ? world.nodes[0] : world.nodes[1];
    victim = kind == Kind.DISK ? server : world.nodes[random.nextInt(2)];
  }

  void play() {
    world.log("---", "stands still: " + kind + " " + victim.name);
    begin();
    world.time.runUntil(world.time.nowMicros() + LASTS_MICROS);
    if (kind != Kind.NODE_DIES_WHEN_IT_SERVES) {
      checkServed();
    }
    stands = false;
    end();
  }

  private void begin() {
    switch (kind) {
      case SERVICE_ON_BOTH_NODES -> {
        world.services.broken(world.nodes[0], service, true);
        world.services.broken(world.nodes[1], service, true);
        if (world.services.random.nextBoolean()) {
          world.services.hooksHang(0, true);
          world.services.hooksHang(1, true);
        }
      }
      case SERVICE_ON_ONE_NODE -> world.services.broken(victim, service, true);
      case NODE_DIES_WHEN_IT_SERVES -> {
        if (server == victim) {
          dies();
        }
      }
      case DISK -> {
        world.faults.leaveBroken(true);
        victim.replicas.getFirst().resource.spoil(victim.index, SimDisk.Trouble.ALL);
      }
    }
  }

  private void end() {
    world.services.mend(world.nodes);
    world.faults.leaveBroken(false);
  }

  private void dies() {
    world.time.after(
        world.services.random.nextLong(SECOND, 5 * SECOND),
        () -> {
          if (stands && victim.pool.imported()) {
            victim.powerCut(world.services.random.nextLong(2 * SECOND, 8 * SECOND));
          }
        });
  }

  /// The pool was imported on this node.
  void imported(PairNode node) {
    if (!stands) {
      return;
    }
    if (kind == Kind.NODE_DIES_WHEN_IT_SERVES && node == victim) {
      dies();
    }
    if (node == server) {
      return;
    }
    var from = server;
    server = node;
    if (kind == Kind.NODE_DIES_WHEN_IT_SERVES && from == victim) {
      return;
    }
    long now = world.time.nowMicros();
    var last = lastMoveFrom.put(from, now);
    if (last != null && now - last < WINDOW_MICROS - SLACK_MICROS) {
      throw new Violation(
          "standing fault",
          "%s moved the pool away from %s twice within %d s"
              .formatted(kind, from.name, (now - last) / SECOND));
    }
  }

  /// Whatever is broken, the rest is served, and where that is possible all of it.
  private void checkServed() {
    long until = world.time.nowMicros() + SETTLES_MICROS;
    while (!served()) {
      if (world.time.nowMicros() > until) {
        throw new Violation("standing fault", kind + ": " + server.name + ": " + server.mind);
      }
      world.time.runUntil(world.time.nowMicros() + SECOND / 2);
    }
  }

  private boolean served() {
    boolean good = kind == Kind.SERVICE_ON_BOTH_NODES || server != victim;
    return good && server.mind.phase() == Phase.SERVING;
  }
}
