package carpool.sim.pair;

import carpool.sim.replication.Oracle;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// The pool as one node's kernel has it: imported or not, on which devices, and what it asks of
/// them. It outlives every process of ours. Import and export write to every resource, as ZFS does.
final class SimPool {
  private static final int LABEL_UNITS = 1;

  private final WholePairWorld world;
  private final PoolSide side;
  private final PairNode node;
  private final List<Long> devices = new ArrayList<>();
  private boolean imported;
  private boolean suspended;
  private boolean exporting;

  /// Counts imports and their ends; answers for an earlier one are not heard.
  private long life;

  private int open;
  private long busyUntilMicros;
  private boolean unimportable;

  SimPool(PoolSide side) {
    this.world = side.pair.world;
    this.side = side;
    this.node = side.node;
  }

  boolean imported() {
    return imported;
  }

  boolean suspended() {
    return suspended;
  }

  int open() {
    return open;
  }

  /// Somebody's shell stands in it.
  void busyUntil(long micros) {
    busyUntilMicros = micros;
  }

  /// Something on this node stands in its way.
  void unimportable(boolean now) {
    unimportable = now;
    world.log(side.label(), now ? "cannot be imported here" : "can be imported here");
  }

  boolean busy() {
    return world.time.nowMicros() < busyUntilMicros;
  }

  /// Clients may use it.
  boolean usable() {
    return imported && !suspended && !exporting;
  }

  /// Whatever it writes is completed.
  boolean writable() {
    if (!imported || suspended) {
      return false;
    }
    for (int i = 0; i < devices.size(); i++) {
      if (!side.replicas.get(i).writable(devices.get(i))) {
        return false;
      }
    }
    return true;
  }

  /// `zpool import`.
  ///
  /// @param begunMicros when the step began
  /// @param answer empty when it is imported
  void bring(long begunMicros, Consumer<String> answer) {
    if (imported) {
      answer.accept(exporting ? "being exported" : "");
      return;
    }
    if (unimportable) {
      answer.accept("cannot import: a dataset is not empty");
      return;
    }
    devices.clear();
    for (var replica : side.replicas) {
      if (replica.device() == 0) {
        answer.accept("no device " + replica.resource.name);
        return;
      }
      devices.add(replica.device());
    }
    life++;
    imported = true;
    suspended = false;
    exporting = false;
    open = 0;
    world.log(side.label(), "pool imported");
    world.imported(side, begunMicros);
    labels(ok -> answer.accept(ok ? "" : "I/O error"));
  }

  /// `zpool clear`: what failed is written again; one error more and it is suspended anew.
  void clear() {
    if (imported && suspended) {
      suspended = false;
      world.log(side.label(), "pool cleared");
      labels(_ -> {});
    }
  }

  /// `zpool export`; once begun it ends by itself, whoever waits for it.
  void release(boolean force, Consumer<String> answer) {
    if (!imported) {
      answer.accept("");
      return;
    }
    if (busy() && !(force && world.killsUsers)) {
      answer.accept("pool is busy");
      return;
    }
    if (suspended) {
      return; // hangs
    }
    if (!exporting) {
      exporting = true;
      finishExport(life);
    }
    waitForEnd(life, answer);
  }

  private void waitForEnd(long ofLife, Consumer<String> answer) {
    if (life != ofLife || !imported) {
      answer.accept("");
    } else if (exporting) {
      world.time.after(50_000, () -> waitForEnd(ofLife, answer));
    }
  }

  private void finishExport(long ofLife) {
    if (life != ofLife || suspended) {
      return;
    }
    if (open > 0) {
      world.time.after(20_000, () -> finishExport(ofLife));
      return;
    }
    labels(ok -> {
      if (ok && life == ofLife) {
        world.log(side.label(), "pool exported");
        gone();
      }
    });
  }

  /// What happens to it when its daemon is killed, or the node falls.
  void drop() {
    if (imported) {
      world.log(side.label(), "pool is gone from memory");
    }
    side.replicas.forEach(SimReplica::dropRequests);
    gone();
  }

  private void gone() {
    life++;
    imported = false;
    suspended = false;
    exporting = false;
    open = 0;
  }

  private void labels(Consumer<Boolean> answer) {
    var left = new int[] {side.replicas.size()};
    var good = new boolean[] {true};
    for (int i = 0; i < side.replicas.size(); i++) {
      int index = i;
      write(
          index,
          0,
          LABEL_UNITS,
          ok ->
              flush(
                  index,
                  flushed -> {
                    good[0] &= ok && flushed;
                    left[0]--;
                    if (left[0] == 0) {
                      answer.accept(good[0]);
                    }
                  }));
    }
  }

  void write(int index, int unit, int units, Consumer<Boolean> answer) {
    var resource = side.replicas.get(index).resource;
    var write = resource.oracle.start(unit, unit + units, world.time.nowMicros(), node.index);
    write.content = unit > 0 && world.time.chance(1, 8) ? 0 : write.id;
    ask(DeviceRequest.Kind.WRITE, index, unit, units, write, answer);
  }

  void read(int index, int unit, int units) {
    ask(DeviceRequest.Kind.READ, index, unit, units, null, _ -> {});
  }

  void flush(int index, Consumer<Boolean> answer) {
    ask(DeviceRequest.Kind.FLUSH, index, 0, 0, null, answer);
  }

  private void ask(
      DeviceRequest.Kind kind,
      int index,
      int unit,
      int units,
      Oracle.@org.jspecify.annotations.Nullable Write write,
      Consumer<Boolean> answer) {
    var replica = side.replicas.get(index);
    long ofLife = life;
    List<Oracle.Write> covered = List.of();
    if (kind == DeviceRequest.Kind.FLUSH) {
      covered = replica.resource.oracle.acknowledgedNow();
      covered.removeIf(each -> each.node != node.index);
    }
    open++;
    replica.submit(
        devices.get(index),
        new DeviceRequest(
            kind,
            unit,
            units,
            write,
            covered,
            world.time.nowMicros(),
            ok -> {
              if (ok && write != null) {
                world.written(side);
              }
              if (life == ofLife) {
                open--;
                if (!ok && !suspended) {
                  suspended = true;
                  world.log(side.label(), "pool suspended: an I/O error");
                }
              }
              answer.accept(ok);
            }));
  }
}
