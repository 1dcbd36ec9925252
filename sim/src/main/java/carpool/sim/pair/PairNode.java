package carpool.sim.pair;

import carpool.election.core.CarpEvent;
import carpool.election.core.CarpMachine;
import carpool.orchestrator.exec.LeftBehind;
import carpool.sim.carp.CarpNode;
import java.util.ArrayList;
import java.util.List;

/// One node: three processes under a supervisor, and what its kernel keeps.
final class PairNode {
  enum Service {
    REPLICATOR,
    ELECTION,
    ORCHESTRATOR
  }

  private static final long TICK_MICROS = 1_000_000;
  private static final long LOOK_MICROS = 50_000;
  private static final String INTERFACE_DOWN = "interface-down";

  final WholePairWorld world;
  final int index;
  final String name;
  final Gate replicator;
  final Gate orchestrator;
  final List<GroupSide> groups = new ArrayList<>();
  final List<PoolSide> pools = new ArrayList<>();

  /// Of all pools.
  final List<SimReplica> replicas = new ArrayList<>();

  final Intents intents;

  /// Commands under the pools do not end.
  boolean commandsHang;

  /// Children of this process of the orchestrator that did not end.
  int leftBehind;

  private boolean power;
  private long electionStoppedMicros = -1;
  private long bootNumber;

  /// @param carps by group
  PairNode(WholePairWorld world, int index, List<CarpNode> carps) {
    this.world = world;
    this.index = index;
    this.name = index == 0 ? "a" : "b";
    this.replicator = new Gate(world.time);
    this.orchestrator = new Gate(world.time);
    this.intents = new Intents(this, world.pools.size());
    for (int group = 0; group < carps.size(); group++) {
      groups.add(new GroupSide(this, group, carps.get(group)));
    }
    for (var pair : world.pools) {
      var side = new PoolSide(this, pair, groups.get(pair.group));
      pools.add(side);
      replicas.addAll(side.replicas);
    }
  }

  boolean power() {
    return power;
  }

  PairNode peer() {
    return world.nodes[1 - index];
  }

  // ----- power and processes

  void boot() {
    power = true;
    bootNumber++;
    world.log(name, "boots");
    for (var process : Service.values()) {
      world.time.within(100_000, 2_000_000, supervised(process, bootNumber));
    }
  }

  private Runnable supervised(Service process, long ofBoot) {
    return () -> {
      if (power && bootNumber == ofBoot && !alive(process)) {
        start(process);
      }
    };
  }

  boolean alive(Service process) {
    return switch (process) {
      case REPLICATOR -> replicator.alive();
      case ELECTION -> groups.getFirst().carp.isRunning();
      case ORCHESTRATOR -> orchestrator.alive();
    };
  }

  private void start(Service process) {
    world.log(name, process + " starts");
    switch (process) {
      case REPLICATOR -> {
        for (var group : groups) {
          group.clientNote = null;
          group.agreementNote = null;
        }
        replicator.start();
        replicas.forEach(SimReplica::start);
        tick();
        look();
      }
      case ELECTION -> {
        electionStoppedMicros = -1;
        groups.forEach(group -> group.carp.start());
        interfaces();
      }
      case ORCHESTRATOR -> {
        orchestrator.start();
        leftBehind = 0;
        pools.forEach(side -> side.mind.start());
        groups.forEach(GroupSide::start);
      }
    }
  }

  /// kill -9; the supervisor starts it again after about a second.
  void kill(Service process) {
    if (!power || !alive(process)) {
      return;
    }
    world.log(name, process + " is killed");
    end(process, false);
    world.time.within(800_000, 1_500_000, supervised(process, bootNumber));
  }

  private void end(Service process, boolean powerCut) {
    switch (process) {
      case REPLICATOR -> {
        if (replicator.alive()) {
          replicator.kill();
          replicas.forEach(replica -> replica.stop(powerCut));
        }
      }
      case ELECTION -> {
        for (var group : groups) {
          if (powerCut) {
            group.carp.powerCut();
          } else {
            group.carp.crash();
          }
        }
      }
      case ORCHESTRATOR -> orchestrator.kill();
    }
  }

  void powerCut(long downMicros) {
    if (!power) {
      return;
    }
    world.log(name, "loses its power");
    boolean replicatorRan = replicator.alive();
    for (var process : Service.values()) {
      end(process, true);
    }
    if (!replicatorRan) {
      // Its cache is lost all the same.
      replicas.forEach(replica -> {
        replica.resource.ending(index, true);
        replica.stopped();
      });
    }
    pools.forEach(side -> side.pool.drop());
    world.services.powerCut(index);
    power = false;
    world.time.after(
        downMicros,
        () -> {
          if (!power) {
            boot();
          }
        });
  }

  /// SIGSTOP.
  void pause(Service process) {
    if (!power || !alive(process)) {
      return;
    }
    world.log(name, process + " is stopped");
    switch (process) {
      case REPLICATOR -> {
        replicator.pause();
        // The peer takes it for dead in the end.
        world.time.after(
            SimResource.DEAD_MICROS,
            () -> {
              if (replicator.silentFor(SimResource.DEAD_MICROS)) {
                replicas.forEach(replica -> replica.resource.link().breakConnection(false));
              }
            });
      }
      case ELECTION -> {
        electionStoppedMicros = world.time.nowMicros();
        groups.forEach(group -> group.carp.pause());
      }
      case ORCHESTRATOR -> orchestrator.pause();
    }
  }

  /// SIGCONT.
  void resume(Service process) {
    if (!alive(process)) {
      return;
    }
    switch (process) {
      case REPLICATOR -> replicator.resume();
      case ELECTION -> {
        electionStoppedMicros = -1;
        groups.forEach(group -> group.carp.resume());
        interfaces();
      }
      case ORCHESTRATOR -> orchestrator.resume();
    }
  }

  /// The election demotes the node in all groups while the interface of another one is down.
  void interfaces() {
    boolean down = groups.stream().anyMatch(group -> !group.linked());
    for (var group : groups) {
      if (!group.linked() || !group.carp.alive()) {
        continue;
      }
      boolean there = group.carp.state().demotions().causes().containsKey(INTERFACE_DOWN);
      if (down && !there) {
        group.carp.tell(
            now -> new CarpEvent.DemotionSet(now, INTERFACE_DOWN, CarpMachine.OWN_DEMOTION, false));
      } else if (!down && there) {
        group.carp.tell(now -> new CarpEvent.DemotionCleared(now, INTERFACE_DOWN));
      }
    }
  }

  boolean electionSilentFor(long micros) {
    return electionStoppedMicros >= 0 && world.time.nowMicros() - electionStoppedMicros >= micros;
  }

  /// `carpool maintenance on|off`, of the whole node.
  void maintenance(boolean on, String cause) {
    intents.maintenance(on, cause);
  }

  /// `carpool maintenance off`, where it is on.
  void maintenanceOff() {
    if (pools.stream().anyMatch(side -> side.mind.view().maintenance())) {
      maintenance(false, "");
    }
  }

  /// `zpool` hangs in the kernel from now on, or all that hung ends.
  void commandsHang(boolean hang) {
    commandsHang = hang;
    leftBehind = hang ? leftBehind : 0;
    world.log(name, hang ? "commands hang" : "commands end");
  }

  /// Why no command is started any more; empty while there is room.
  String noRoom() {
    return leftBehind < LeftBehind.LIMIT ? "" : leftBehind + " commands do not end";
  }

  private void tick() {
    replicas.forEach(SimReplica::tick);
    replicator.after(TICK_MICROS, this::tick);
  }

  private void look() {
    replicas.forEach(replica -> replica.look(LOOK_MICROS));
    replicator.after(LOOK_MICROS, this::look);
  }
}
