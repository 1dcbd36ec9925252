package carpool.sim.engine;

import carpool.sim.VirtualTime;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What goes wrong in a run, and when: half of the faults wait for a moment at which a flush or a
/// write of the metadata is under way.
final class WorldFaults {
  private static final long SECOND = 1_000_000;

  private final EngineWorld world;
  private final VirtualTime time;
  private boolean running;
  private int count;
  private @Nullable Runnable ambush;

  /// The power of the next node that writes its metadata fails meanwhile.
  private boolean cutsWhileRecording;

  /// Nothing else fails until then: what follows would be a second failure.
  private long undisturbedUntil;

  WorldFaults(EngineWorld world) {
    this.world = world;
    time = world.time();
  }

  int count() {
    return count;
  }

  boolean running() {
    return running;
  }

  boolean undisturbed() {
    return time.nowMicros() < undisturbedUntil;
  }

  void begin() {
    running = true;
    next();
  }

  /// All is well again.
  void end() {
    running = false;
    ambush = null;
    world.transcript().add("---", "no more faults");
    world.network().heal();
    for (int i = 0; i < 2; i++) {
      var node = world.node(i);
      node.thaw();
      node.machine.unhang();
      if (node.machine.trouble() != SimMachine.Trouble.DEAD) {
        node.machine.mend();
      }
      if (!node.up()) {
        world.restart(node);
      }
    }
  }

  private void next() {
    time.within(
        SECOND / 3,
        4 * SECOND,
        () -> {
          if (running) {
            switch (time.random().nextInt(8)) {
              case 0, 1, 2 -> ambush = this::fault;
              case 3, 4 -> cutsWhileRecording = true;
              default -> fault();
            }
            next();
          }
        });
  }

  /// Something is about to become durable.
  void pending() {
    var waiting = ambush;
    if (waiting != null && running && time.chance(1, 4)) {
      ambush = null;
      time.within(0, 3000, waiting);
    }
  }

  /// One of the copies of a node's metadata is about to be written.
  ///
  /// @param last and no other after it: most cuts come then, when what was to be durable before may
  ///   turn out not to be
  void recording(EngineNode node, boolean last) {
    pending();
    if (cutsWhileRecording && running && !undisturbed() && time.chance(last ? 4 : 1, 6)) {
      cutsWhileRecording = false;
      count++;
      time.within(
          0,
          2000,
          () -> {
            if (running && !undisturbed()) {
              world.crash(node, true);
            }
          });
    }
  }

  private void later(long min, long max, Runnable action) {
    time.within(min, max, action);
  }

  private EngineNode anyNode() {
    return world.node(time.random().nextInt(2));
  }

  private void fault() {
    if (!running || undisturbed()) {
      return;
    }
    count++;
    switch (time.random().nextInt(18)) {
      case 0, 1 -> world.crash(anyNode(), false);
      case 2, 3 -> world.crash(anyNode(), true);
      case 4 -> {
        world.crash(world.node(0), true);
        world.crash(world.node(1), true);
      }
      case 5, 6 -> {
        world.transcript().add("net", "connections are reset");
        world.network().reset();
        if (time.chance(1, 3)) {
          var node = anyNode();
          later(1, SECOND, () -> crashIfRunning(node));
        }
      }
      case 7 -> cut(time.random().nextInt(2));
      case 8 -> cut(-1);
      case 9 -> freeze(anyNode());
      case 10, 11 -> hang(anyNode());
      case 12 -> unreadable(anyNode());
      case 13 -> badDisk(anyNode());
      case 14 -> writeBack(anyNode());
      case 15, 16 -> world.stop(anyNode());
      default -> once(anyNode());
    }
  }

  private void crashIfRunning(EngineNode node) {
    if (running && !undisturbed()) {
      world.crash(node, time.chance(1, 2));
    }
  }

  /// @param from whose bytes do not arrive; -1: nobody's
  private void cut(int from) {
    world.transcript().add("net", "cut from " + (from < 0 ? "both" : world.node(from).name));
    for (int i = 0; i < 2; i++) {
      if (from < 0 || from == i) {
        world.network().cut(i);
      }
    }
    later(
        SECOND / 10,
        12 * SECOND,
        () -> {
          world.transcript().add("net", "healed");
          world.network().heal();
        });
  }

  /// SIGSTOP. The other node may be promoted meanwhile, so nothing else fails before this one has
  /// learned of it.
  private void freeze(EngineNode node) {
    var engine = node.engine();
    if (engine == null || !world.network().up() || !world.losses().bothInStep()) {
      return;
    }
    long micros = time.random().nextLong(SECOND / 5, 8 * SECOND);
    undisturbedUntil = time.nowMicros() + micros + 10 * SECOND;
    node.log("stopped for " + micros / 1000 + " ms");
    node.freeze();
    time.after(
        micros,
        () -> {
          node.log("continues");
          node.thaw();
        });
  }

  private void hang(EngineNode node) {
    if (world.other(node).machine.hangs()) {
      return;
    }
    if (time.chance(1, 2)) {
      node.log("the disk hangs");
      node.machine.hang();
    } else {
      node.log("a call hangs");
      node.machine.hang(1);
    }
    if (time.chance(1, 2)) {
      undisturbedUntil = time.nowMicros() + 10 * SECOND;
    }
    later(
        SECOND / 20,
        15 * SECOND,
        () -> {
          node.log("the disk goes on");
          node.machine.unhang();
        });
  }

  private void unreadable(EngineNode node) {
    int sectors = (int) (node.machine.disk().sizeBytes() / SimDisk.SECTOR_BYTES);
    for (int i = time.random().nextInt(4); i >= 0; i--) {
      int sector = time.random().nextInt(sectors);
      node.log("sector " + sector + " cannot be read any more");
      node.machine.disk().makeUnreadable(sector);
      world.losses().diskFails();
    }
  }

  private void badDisk(EngineNode node) {
    if (!world.losses().heldElsewhere(node)) {
      return;
    }
    switch (time.random().nextInt(5)) {
      case 0 -> node.machine.trouble(SimMachine.Trouble.FLUSHES);
      case 1 -> node.machine.trouble(SimMachine.Trouble.WRITES);
      case 2 -> node.machine.trouble(SimMachine.Trouble.ALL);
      case 3 -> node.machine.full(true);
      default -> {
        node.machine.trouble(SimMachine.Trouble.DEAD);
        world.losses().died(node);
      }
    }
    world.losses().diskFails();
    node.log("disk trouble: " + node.machine.trouble() + (node.machine.full() ? " full" : ""));
  }

  private void writeBack(EngineNode node) {
    if (world.losses().heldElsewhere(node)) {
      world.losses().losesWriteBack(node);
    }
  }

  private void once(EngineNode node) {
    var what = List.of(SimMachine.Once.values()).get(time.random().nextInt(3));
    if (what == SimMachine.Once.READ || world.losses().heldElsewhere(node)) {
      world.losses().diskFails();
      node.log("one call fails: " + what);
      node.machine.failOnce(what);
      time.after(SECOND / 4, node.machine::failNone);
    }
  }
}
