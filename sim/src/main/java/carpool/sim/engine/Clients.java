package carpool.sim.engine;

import carpool.replicator.block.BlockDevice;
import carpool.replicator.block.BlockDevice.DeviceGoneException;
import carpool.replicator.block.WriteCoalescer;
import carpool.replicator.engine.ResourceDevice;
import java.nio.ByteBuffer;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The users of one primary's device, each a thread as a connection of the NBD server is. Each has
/// a few requests under way at a time; what they were told is in the [History].
final class Clients {
  private static final int CLIENTS = 3;
  private static final int DEPTH_MAX = 4;
  private static final int SECTOR = SimDisk.SECTOR_BYTES;

  /// A request that is not answered.
  record Request(String what, long sinceMicros) {}

  private final EngineWorld world;
  private final EngineNode node;
  private final SimProcess process;
  private final ResourceDevice device;
  private final Set<Request> waiting = new LinkedHashSet<>();
  private final Set<History.Write> open = new LinkedHashSet<>();
  private boolean stopped;

  Clients(EngineWorld world, EngineNode node, SimProcess process, ResourceDevice device) {
    this.world = world;
    this.node = node;
    this.process = process;
    this.device = device;
    for (int i = 0; i < CLIENTS; i++) {
      process.start("client" + i, this::run);
    }
  }

  /// Requests that are not answered.
  Set<Request> waiting() {
    return waiting;
  }

  /// The process is gone: nobody will be told of these any more.
  void gone() {
    open.forEach(write -> world.history().failed(write, world.time().nowMicros()));
    open.clear();
    waiting.clear();
  }

  void stop() {
    stopped = true;
  }

  /// Waits for the answers to what was asked before.
  boolean drained(long micros) {
    long end = world.time().nowMicros() + micros;
    while (!waiting.isEmpty()) {
      if (world.time().nowMicros() >= end) {
        return false;
      }
      world.turns().pause(20_000);
    }
    return true;
  }

  private void run() {
    try {
      while (!stopped) {
        world.turns().pause(world.traits().clientGapMicros(world.time()));
        if (world.clientsRun()) {
          burst();
        }
      }
    } catch (DeviceGoneException e) {
      node.log("client: " + e.getMessage());
    }
  }

  /// A client has not heard of the answers.
  private final class Burst {
    private final Signal over = new Signal(world);
    private int left;

    void ask() {
      left++;
    }

    void answered() {
      if (--left == 0) {
        over.give();
      }
    }
  }

  private void burst() throws DeviceGoneException {
    var random = world.time().random();
    int depth = 1 + (world.time().chance(1, 2) ? 0 : random.nextInt(DEPTH_MAX));
    var burst = new Burst();
    burst.ask();
    try (var batch = WriteCoalescer.open()) {
      for (int i = 0; i < depth && !stopped; i++) {
        batch.expectMore(i < depth - 1);
        var slot = device.tryAcquire();
        if (slot == null) {
          break;
        }
        request(slot, burst);
      }
    }
    burst.answered();
    burst.over.await();
  }

  private void request(BlockDevice.Slot slot, Burst burst) {
    burst.ask();
    int dice = world.time().random().nextInt(100);
    if (dice < 55) {
      write(slot, burst, world.time().chance(1, 8));
    } else if (dice < 82) {
      read(slot, burst);
    } else if (dice < 92) {
      flush(slot, burst);
    } else {
      zero(slot, burst);
    }
  }

  /// A run of tracked sectors in one window.
  private int[] range() {
    var random = world.time().random();
    var windows = world.windows();
    int length = 1 + random.nextInt(world.time().chance(1, 6) ? Math.min(256, windows.each()) : 8);
    length = Math.min(length, windows.each());
    int within =
        world.time().chance(1, 3)
            ? random.nextInt(Math.min(4, windows.each() - length + 1)) // where all others write
            : random.nextInt(windows.each() - length + 1);
    int first = windows.any(random) + within;
    return new int[] {first, first + length};
  }

  private Request asks(String what) {
    var request = new Request(what, world.time().nowMicros());
    waiting.add(request);
    return request;
  }

  private void write(BlockDevice.Slot slot, Burst burst, boolean forced) {
    var range = range();
    boolean zeroes = world.time().chance(1, 12);
    long now = world.time().nowMicros();
    var write = world.history().start(range[0], range[1], node.index, zeroes, now);
    open.add(write);
    long offset = world.windows().onDevice(range[0]) * SECTOR;
    int length = (range[1] - range[0]) * SECTOR;
    fill(slot.buffer(), offset, length, write.content());
    if (world.transcript().kept()) {
      node.log(
          "client writes " + write + " to " + range[0] + "-" + range[1] + (forced ? " FUA" : ""));
    }
    var request = asks("write " + write.id);
    device.write(
        slot, offset, length, forced, (_, ok) -> written(write, request, burst, forced, ok));
  }

  private void written(
      History.Write write, Request request, Burst burst, boolean forced, boolean ok) {
    waiting.remove(request);
    open.remove(write);
    if (ok) {
      world.history().acknowledged(write, forced, world.time().nowMicros());
      world.acknowledged(node, write);
    } else {
      world.history().failed(write, world.time().nowMicros());
      node.log("client: write " + write.id + " failed");
    }
    burst.answered();
  }

  static void fill(ByteBuffer buffer, long offset, int length, long content) {
    buffer.clear();
    for (int at = 0; at < length; at += SECTOR) {
      buffer.putLong(at, content);
      buffer.putLong(at + 8, content == 0 ? 0 : offset + at);
      for (int i = 16; i < SECTOR; i += 8) {
        buffer.putLong(at + i, 0);
      }
    }
  }

  private void zero(BlockDevice.Slot slot, Burst burst) {
    var random = world.time().random();
    long sectors = device.sizeBytes() / SECTOR;
    long length;
    long first;
    if (world.time().chance(1, 4)) {
      length = 1 + random.nextLong(sectors); // longer than a piece
      first = random.nextLong(sectors - length + 1);
    } else {
      var range = range();
      length = (long) range[1] - range[0];
      first = world.windows().onDevice(range[0]);
    }
    boolean punch = random.nextBoolean();
    boolean forced = world.time().chance(1, 3);
    var write =
        world
            .history()
            .start(
                world.windows().from(first),
                world.windows().from(first + length),
                node.index,
                /* zeroes= */ true,
                world.time().nowMicros());
    open.add(write);
    if (world.transcript().kept()) {
      node.log(
          "client zeroes "
              + write
              + " sectors "
              + first
              + "+"
              + length
              + (punch ? " by holes" : "")
              + (forced ? " FUA" : ""));
    }
    var request = asks("zeroes " + write.id);
    device.zero(
        slot,
        first * SECTOR,
        length * SECTOR,
        punch,
        forced,
        (_, ok) -> written(write, request, burst, forced, ok));
  }

  private void read(BlockDevice.Slot slot, Burst burst) {
    var range = range();
    long start = world.time().nowMicros();
    var request = asks("read");
    long offset = world.windows().onDevice(range[0]) * SECTOR;
    int length = (range[1] - range[0]) * SECTOR;
    device.read(
        slot,
        offset,
        length,
        (answered, ok) -> {
          waiting.remove(request);
          if (ok) {
            for (int i = 0; i < range[1] - range[0]; i++) {
              world
                  .checks()
                  .read(
                      node,
                      range[0] + i,
                      answered.buffer().getLong(i * SECTOR),
                      answered.buffer().getLong(i * SECTOR + 8),
                      start);
            }
          } else {
            node.log("client: a read failed");
          }
          device.release(answered);
          burst.answered();
        });
  }

  private void flush(BlockDevice.Slot slot, Burst burst) {
    var covered = world.losses().flushCovers(node);
    if (world.transcript().kept()) {
      node.log("client flushes");
    }
    var request = asks("flush");
    device.flush(
        slot,
        (_, ok) -> {
          waiting.remove(request);
          if (ok) {
            world.history().flushed(covered);
            node.log("client was told that it is flushed");
          } else {
            node.log("client: a flush failed");
          }
          burst.answered();
        });
  }

  /// A flush by a client of its own; null when there is none.
  @Nullable Signal flushOnce() {
    var done = new Signal(world);
    process.start(
        "last-flush",
        () -> {
          try {
            var slot = device.tryAcquire();
            if (slot != null) {
              var burst = new Burst();
              burst.ask();
              flush(slot, burst);
              burst.over.await();
            }
          } catch (DeviceGoneException e) {
            node.log("client: " + e.getMessage());
          }
          done.give();
        });
    return done;
  }
}
