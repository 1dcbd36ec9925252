package carpool.sim.pair;

import carpool.orchestrator.core.Command;
import carpool.orchestrator.core.Phase;
import carpool.replicator.core.DiskState;
import carpool.replicator.core.Role;
import carpool.sim.VirtualTime;
import carpool.sim.pair.PairNode.Service;
import carpool.sim.replication.SimDisk;
import java.util.List;

/// What goes wrong, when it is mended, and what the operator does.
final class Faults {
  private static final long SECOND = 1_000_000;

  private final WholePairWorld world;
  private final VirtualTime time;
  private boolean running;
  private boolean calm;
  private boolean leaveBroken;
  private int count;

  Faults(WholePairWorld world) {
    this.world = world;
    this.time = world.time;
  }

  boolean running() {
    return running;
  }

  int count() {
    return count;
  }

  void begin() {
    running = true;
    next();
    nextOfClients();
    nextOfServices();
    nextOfPools();
    nextOfGroups();
    operate();
  }

  /// Mends everything.
  void end() {
    running = false;
    calm = true;
    world.replication(true);
    world.clientSilence(false);
    world.clients.mend();
    world.services.mend(world.nodes);
    for (var node : world.nodes) {
      world.carrier(node.index, true);
      node.groups.forEach(group -> world.carrier(group, true));
      for (var process : Service.values()) {
        node.resume(process);
      }
      node.pools.forEach(side -> side.pool.busyUntil(0));
      node.pools.forEach(side -> side.pool.unimportable(false));
      node.commandsHang(false);
      node.maintenance(false, "");
    }
  }

  private void next() {
    time.within(
        SECOND / 2,
        15 * SECOND,
        () -> {
          if (running) {
            count++;
            fault();
            if (time.chance(1, 4)) {
              time.within(
                  0,
                  3 * SECOND,
                  () -> {
                    if (running) {
                      fault();
                    }
                  });
            }
            next();
          }
        });
  }

  /// Half of the worlds have silent cuts and a gateway that dies, beside everything else.
  private void nextOfClients() {
    var random = world.clients.random;
    if (random.nextBoolean()) {
      afterAWhile(4, 40, this::faultOfClients);
    }
  }

  /// Services that fail on one node or both, and hooks that hang, beside everything else.
  private void nextOfServices() {
    if (world.services.present()) {
      afterAWhileOfServices(4, 40, this::faultOfServices);
    }
  }

  /// A pool that cannot be imported on one node or both, and commands that hang, beside everything
  /// else.
  private void nextOfPools() {
    if (!world.geometry.plain() && world.geometry.random().nextBoolean()) {
      afterAWhileOfPools(4, 40, this::faultOfPools);
    }
  }

  /// The interface of one of the groups that move together is down, beside everything else.
  private void nextOfGroups() {
    if (world.geometry.together() > 0) {
      afterAWhileOfPools(4, 40, this::faultOfGroups);
    }
  }

  private void faultOfGroups() {
    var random = world.geometry.random();
    count++;
    var node = world.nodes[random.nextInt(2)];
    var group = node.groups.get(random.nextInt(world.geometry.together()));
    world.carrier(group, false);
    afterAWhileOfPools(1, 120, () -> world.carrier(group, true));
    afterAWhileOfPools(4, 40, this::faultOfGroups);
  }

  private void faultOfPools() {
    var random = world.geometry.random();
    count++;
    var pair = anyPool();
    var node = world.nodes[random.nextInt(2)];
    switch (random.nextInt(4)) {
      case 0 -> {
        node.commandsHang(true);
        afterAWhileOfPools(2, 60, () -> node.commandsHang(false));
      }
      case 1 -> {
        for (var each : world.nodes) {
          pair.side(each).pool.unimportable(true);
          afterAWhileOfPools(2, 60, () -> pair.side(each).pool.unimportable(false));
        }
      }
      default -> {
        pair.side(node).pool.unimportable(true);
        afterAWhileOfPools(2, 60, () -> pair.side(node).pool.unimportable(false));
      }
    }
    afterAWhileOfPools(4, 40, this::faultOfPools);
  }

  private void afterAWhileOfPools(long minSeconds, long maxSeconds, Runnable event) {
    time.after(
        world.geometry.random().nextLong(minSeconds * SECOND, maxSeconds * SECOND),
        () -> {
          if (running) {
            event.run();
          }
        });
  }

  private void faultOfServices() {
    var services = world.services;
    count++;
    int node = services.random.nextInt(2);
    int service = services.random.nextInt(SimServices.NAMES.size());
    var pair = anyPool();
    var first = pair.side(world.nodes[0]);
    var second = pair.side(world.nodes[1]);
    switch (services.random.nextInt(4)) {
      case 0 -> {
        world.log("---", "hooks hang");
        services.hooksHang(node, true);
        afterAWhileOfServices(5, 40, () -> services.hooksHang(node, false));
      }
      case 1 -> {
        services.broken(first, service, true);
        services.broken(second, service, true);
        world.log("---", pair.name + ", broken on both: " + services.brokenOn(first));
        afterAWhileOfServices(2, 60, () -> services.broken(first, service, false));
        afterAWhileOfServices(2, 60, () -> services.broken(second, service, false));
      }
      default -> {
        var side = pair.side(world.nodes[node]);
        services.broken(side, service, true);
        world.log(side.label(), "broken: " + services.brokenOn(side));
        afterAWhileOfServices(2, 60, () -> services.broken(side, service, false));
      }
    }
    afterAWhileOfServices(4, 40, this::faultOfServices);
  }

  private void afterAWhileOfServices(long minSeconds, long maxSeconds, Runnable event) {
    time.after(
        world.services.random.nextLong(minSeconds * SECOND, maxSeconds * SECOND),
        () -> {
          if (running) {
            event.run();
          }
        });
  }

  /// While a broken disk is to stay so.
  void leaveBroken(boolean leave) {
    leaveBroken = leave;
  }

  private void faultOfClients() {
    var random = world.clients.random;
    count++;
    int node = random.nextInt(2);
    switch (random.nextInt(4)) {
      case 0 -> {
        world.clients.gatewayDead(true);
        world.log("net", "the gateway dies");
        afterAWhile(1, 60, () -> world.clients.gatewayDead(false));
      }
      case 1 -> {
        world.silentCut(0, true);
        world.silentCut(1, true);
        afterAWhile(1, 60, () -> world.silentCut(0, false));
        afterAWhile(1, 60, () -> world.silentCut(1, false));
      }
      default -> {
        world.silentCut(node, true);
        afterAWhile(1, 60, () -> world.silentCut(node, false));
      }
    }
    afterAWhile(4, 40, this::faultOfClients);
  }

  private void afterAWhile(long minSeconds, long maxSeconds, Runnable event) {
    time.after(
        world.clients.random.nextLong(minSeconds * SECOND, maxSeconds * SECOND),
        () -> {
          if (running) {
            event.run();
          }
        });
  }

  private PairNode any() {
    return world.nodes[time.random().nextInt(2)];
  }

  private PoolPair anyPool() {
    return world.pools.size() == 1
        ? world.pools.getFirst()
        : world.pools.get(world.geometry.random().nextInt(world.pools.size()));
  }

  private PoolSide serving() {
    var pair = anyPool();
    for (var node : world.nodes) {
      if (pair.side(node).pool.imported()) {
        return pair.side(node);
      }
    }
    return pair.side(any());
  }

  private Service anyProcess() {
    return List.of(Service.values()).get(time.random().nextInt(3));
  }

  /// Mended after a random time, at the latest with everything else.
  private void mend(long minMicros, long maxMicros, Runnable mending) {
    time.within(
        minMicros,
        maxMicros,
        () -> {
          if (running) {
            mending.run();
          }
        });
  }

  private void fault() {
    var node = time.chance(1, 2) ? serving().node : any();
    switch (time.random().nextInt(17)) {
      case 0 -> cutClients(node, 30 * SECOND);
      case 1 -> silence(30 * SECOND);
      case 2 -> cutReplication(50 * SECOND);
      case 3 -> {
        long longest = time.random().nextLong(2 * SECOND, 60 * SECOND);
        cutReplication(longest);
        if (time.chance(1, 2)) {
          cutClients(node, longest);
        } else {
          silence(longest);
        }
      }
      case 4, 5 -> node.kill(Service.REPLICATOR);
      case 6 -> node.kill(Service.ELECTION);
      case 7 -> node.kill(Service.ORCHESTRATOR);
      case 8 -> {
        for (var process : Service.values()) {
          node.kill(process);
        }
      }
      case 9, 10 -> node.powerCut(time.random().nextLong(2 * SECOND, 40 * SECOND));
      case 11 -> {
        world.nodes[0].powerCut(time.random().nextLong(2 * SECOND, 20 * SECOND));
        world.nodes[1].powerCut(time.random().nextLong(2 * SECOND, 20 * SECOND));
      }
      case 12 -> pause(node, anyProcess(), time.random().nextLong(SECOND, 20 * SECOND));
      case 13 -> {
        long micros = time.random().nextLong(SECOND, 20 * SECOND);
        for (var process : Service.values()) {
          pause(node, process, micros);
        }
      }
      case 14 ->
          serving().pool.busyUntil(time.nowMicros() + time.random().nextLong(2, 60) * SECOND);
      case 15 -> {
        var replica = node.replicas.get(time.random().nextInt(node.replicas.size()));
        var troubles = List.of(SimDisk.Trouble.values());
        replica.resource.spoil(
            node.index, troubles.get(1 + time.random().nextInt(troubles.size() - 1)));
      }
      default -> command(node);
    }
  }

  private void command(PairNode node) {
    switch (time.random().nextInt(5)) {
      case 0, 1 -> {
        int group = anyPool().group;
        for (var each : world.nodes) {
          // All pools of a group move together, and those of the groups that move with it.
          var moving = each.groups.get(group).moving();
          if (moving.stream().anyMatch(side -> side.mind.phase() == Phase.SERVING)) {
            moving.forEach(side -> side.mind.ask(new Command.Switchover()));
          }
        }
      }
      case 2 -> {
        node.maintenance(true, "operator");
        mend(SECOND, 30 * SECOND, () -> node.maintenance(false, "operator"));
      }
      case 3 -> anyPool().side(node).mind.ask(new Command.TakeOver(false));
      default -> anyPool().side(node).mind.ask(new Command.Import());
    }
  }

  private void pause(PairNode node, Service process, long micros) {
    node.pause(process);
    time.after(
        micros,
        () -> {
          if (running) {
            node.resume(process);
          }
        });
  }

  private void cutClients(PairNode node, long longest) {
    world.carrier(node.index, false);
    mend(SECOND / 5, longest, () -> world.carrier(node.index, true));
  }

  private void silence(long longest) {
    world.clientSilence(true);
    mend(SECOND / 5, longest, () -> world.clientSilence(false));
  }

  private void cutReplication(long longest) {
    world.replication(false);
    mend(SECOND / 5, longest, () -> world.replication(true));
  }

  // ----- the operator

  /// What is left to a person: failed disks and split brains. Maintenance that an operator forgot
  /// is switched off with the last fault.
  private void operate() {
    time.within(
        2 * SECOND,
        8 * SECOND,
        () -> {
          for (var node : world.nodes) {
            if (node.replicator.running()
                && broken(node)
                && !leaveBroken
                && (calm || time.chance(1, 3))) {
              world.log(node.name, "operator replaces the cable and starts the replicator again");
              node.replicas.forEach(replica -> replica.node.disk.trouble(SimDisk.Trouble.NONE));
              node.kill(Service.REPLICATOR);
            }
            if (calm) {
              node.maintenanceOff();
            }
          }
          if (calm || time.chance(1, 3)) {
            resolveSplitBrain();
          }
          operate();
        });
  }

  boolean broken(PairNode node) {
    return node.replicator.alive() && node.replicas.stream().anyMatch(Faults::broken);
  }

  private static boolean broken(SimReplica replica) {
    return replica.node.running().disk() == DiskState.FAILED
        || replica.node.disk.trouble() != SimDisk.Trouble.NONE;
  }

  private void resolveSplitBrain() {
    if (world.nodes[0].replicator.running() && world.nodes[1].replicator.running()) {
      world.pools.forEach(this::resolveSplitBrain);
    }
  }

  /// `carpool split-brain keep-local` on the node that is to survive, for every resource of the
  /// pool; refused while the other is primary.
  private void resolveSplitBrain(PoolPair pair) {
    if (pair.resources.stream().noneMatch(SimResource::splitBrain)) {
      return;
    }
    int survivor = time.random().nextInt(2);
    for (var node : world.nodes) {
      if (pair.side(node).replicas.stream().anyMatch(Faults::primary)) {
        survivor = node.index;
      }
    }
    int loser = 1 - survivor;
    if (pair.side(world.nodes[loser]).replicas.stream().anyMatch(Faults::primary)) {
      return;
    }
    for (var resource : pair.resources) {
      if (resource.splitBrain()
          && resource.node(survivor).running().disk() != DiskState.INCONSISTENT) {
        resource.giveUpBranch(loser);
        world.splitBrainResolved();
      }
    }
  }

  private static boolean primary(SimReplica replica) {
    return replica.node.running().role() == Role.PRIMARY;
  }
}
