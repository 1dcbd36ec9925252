package carpool.sim.engine;

import carpool.replicator.core.ReplicationCore;
import carpool.sim.Violation;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// What is checked of the content of both disks.
final class Checks {
  private static final int SECTOR = SimDisk.SECTOR_BYTES;
  private static final byte[] ZEROES = new byte[SECTOR];

  private final EngineWorld world;
  private final History history;
  private final Windows windows;
  private final Losses losses;

  Checks(EngineWorld world, History history, Windows windows, Losses losses) {
    this.world = world;
    this.history = history;
    this.windows = windows;
    this.losses = losses;
  }

  /// R6: what a client has read.
  void read(EngineNode node, int sector, long content, long place, long startMicros) {
    if (losses.diverged()) {
      return;
    }
    boolean inPlace = place == (content == 0 ? 0 : windows.onDevice(sector) * SECTOR);
    if (inPlace && history.allowed(sector, content, startMicros)) {
      return;
    }
    try {
      history.check("R6 read on " + node.name, sector, content, startMicros);
      throw new Violation("R6", "sector " + sector + " holds what belongs to byte " + place);
    } catch (Violation e) {
      world.turns().fail(e);
    }
  }

  /// A comparison finds nothing where no disk had trouble.
  void compared(EngineNode node) {
    var engine = node.engine();
    if (engine == null || losses.diskTrouble()) {
      return;
    }
    var progress = engine.ask(ReplicationCore::syncProgress);
    if (progress.foundBytes() > 0) {
      world.turns().fail(new Violation("verify", "a false difference: " + progress));
    }
  }

  /// Both copies are in sync and nobody waits for anything.
  boolean settled() {
    for (int i = 0; i < 2; i++) {
      var node = world.node(i);
      var clients = node.clients();
      if (node.rolePending()
          || (clients != null && !clients.waiting().isEmpty())
          || node.ask(ReplicationCore::activeWrites, 1) > 0) {
        return false;
      }
    }
    return losses.bothInStep();
  }

  void converged() {
    for (int i = 0; i < 2; i++) {
      var node = world.node(i);
      if (!node.ask(ReplicationCore::complete, false)) {
        throw new Violation(
            "liveness", "no end: " + world.node(0) + " " + world.node(1) + world.turns().waiting());
      }
      var clients = node.clients();
      if (clients != null) {
        for (var request : clients.waiting()) {
          throw new Violation(
              "deadline", request + " of " + node + " is not answered" + world.turns().waiting());
        }
      }
    }
    var first = world.node(0).machine.disk();
    var second = world.node(1).machine.disk();
    var device = dataSector();
    for (long sector = device; sector < device + world.traits().sectors(); sector++) {
      if (!same(first.visible(sector), second.visible(sector))) {
        throw new Violation("R7", "complete, but sector " + (sector - device) + " differs");
      }
    }
    for (int i = 0; i < windows.sectors(); i++) {
      sector("R1", i, first.visible(device + windows.onDevice(i)));
    }
  }

  /// Everything that was flushed outlives the power of both.
  void lastPowerCut() {
    if (!world.node(0).primary() && !world.node(1).primary()) {
      return;
    }
    long device = dataSector();
    for (int i = 0; i < 2; i++) {
      var node = world.node(i);
      if (world.traits().async() && !node.primary()) {
        continue;
      }
      node.machine.powerCut(0);
      for (int j = 0; j < windows.sectors(); j++) {
        sector("R2 on " + node.name, j, node.machine.disk().durable(device + windows.onDevice(j)));
      }
    }
  }

  private long dataSector() {
    return world.dataOffset() / SECTOR;
  }

  /// Byte by byte; a hole is as good as zeroes.
  static boolean same(byte[] here, byte[] there) {
    return Arrays.equals(here.length == 0 ? ZEROES : here, there.length == 0 ? ZEROES : there);
  }

  private void sector(String rule, int sector, byte[] bytes) {
    long content = 0;
    long place = 0;
    if (bytes.length > 0) {
      var buffer = ByteBuffer.wrap(bytes);
      content = buffer.getLong(0);
      place = buffer.getLong(8);
    }
    history.check(rule, sector, content, world.time().nowMicros());
    if (place != (content == 0 ? 0 : windows.onDevice(sector) * SECTOR)) {
      throw new Violation(rule, "sector " + sector + " holds what belongs to byte " + place);
    }
  }
}
