package carpool.sim.replication;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Identity;
import carpool.replicator.core.Role;
import carpool.sim.VirtualTime;
import java.util.ArrayList;
import java.util.List;

/// The disks of a pair that is not new.
final class Beginnings {
  private static final long RESUID = 77;

  private final VirtualTime time;
  private final Traits traits;
  private final SimNode[] nodes;
  private final Oracle oracle;

  Beginnings(VirtualTime time, Traits traits, SimNode[] nodes, Oracle oracle) {
    this.time = time;
    this.traits = traits;
    this.nodes = nodes;
    this.oracle = oracle;
  }

  /// Prepares both disks; returns the node that wrote without the other, or -1.
  int prepare() {
    return switch (traits.start()) {
      case NEW, OTHER_SIZE -> -1;
      case HASTD -> madeByHastd();
      case AGED -> aged();
      case OTHER_PAIR -> {
        for (int i = 0; i < 2; i++) {
          var past = generations(time.random().nextInt(3));
          nodes[i].disk.belongsTo(
              Role.SECONDARY,
              DiskState.CONSISTENT,
              new Identity(RESUID + i, 1, 1, past.getFirst(), time.chance(1, 2), rest(past, 1)));
        }
        yield -1;
      }
    };
  }

  /// Disks of a pair that hastd made: equal, or one side wrote without the other.
  private int madeByHastd() {
    int newer = time.random().nextInt(3) - 1;
    int ahead = newer < 0 ? 0 : 1 + time.random().nextInt(3);
    for (int i = 0; i < 2; i++) {
      nodes[i].disk.madeByHastd(i == newer ? 1 + ahead : 1, 1);
    }
    for (int i = 0; i < 3 && newer >= 0; i++) {
      wrote(nodes[newer], time.random().nextInt(traits.units().get(newer)), -1, true);
    }
    return newer;
  }

  /// One side went on alone, perhaps more than once; the longest history there can be, and more.
  /// The older side does not know.
  private int aged() {
    int newer = time.random().nextInt(2);
    var past = generations(Identity.HISTORY_MAX + 4);
    int behind = 1 + time.random().nextInt(time.chance(1, 2) ? 1 : Identity.HISTORY_MAX + 2);
    nodes[newer].disk.belongsTo(
        Role.PRIMARY,
        DiskState.UP_TO_DATE,
        new Identity(RESUID, 9, 1, past.getFirst(), true, rest(past, 1)));
    nodes[1 - newer].disk.belongsTo(
        Role.SECONDARY,
        DiskState.OUTDATED,
        new Identity(RESUID, 1, 1, past.get(behind), false, rest(past, behind + 1)));
    for (int i = 0; i < 12; i++) {
      // The marks are of what the newest generation wrote; what those before it wrote is marked
      // nowhere, and every block is copied.
      wrote(nodes[newer], time.random().nextInt(traits.units().get(newer)), newer, behind == 1);
    }
    return newer;
  }

  private List<Long> generations(int count) {
    var all = new ArrayList<Long>();
    for (int i = 0; i <= count; i++) {
      all.add(time.random().nextLong() | 2);
    }
    return all;
  }

  private static List<Long> rest(List<Long> past, int from) {
    return past.subList(
        Math.min(from, past.size()), Math.min(past.size(), from + Identity.HISTORY_MAX));
  }

  /// A unit that this side wrote before the run began; durable.
  private void wrote(SimNode node, int unit, int byNode, boolean marked) {
    var write = oracle.start(unit, unit + 1, PairWorld.BEFORE_MICROS, byNode);
    oracle.acknowledged(write, PairWorld.BEFORE_MICROS);
    oracle.flushed(List.of(write));
    int first = unit * traits.unitBytes() / traits.extentBytes();
    int end = ((unit + 1) * traits.unitBytes() - 1) / traits.extentBytes() + 1;
    node.disk.writtenBefore(unit, write.id, first, marked ? end : first);
  }
}
