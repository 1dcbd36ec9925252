package carpool.sim.pair;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// The programs that are started after the pool, in half of the worlds, and what hangs around them.
/// They outlive the processes of ours. With a source of chance of its own, so that a seed without
/// them plays as before.
final class SimServices {
  static final List<String> NAMES = List.of("web", "mail");
  private static final long SECOND = 1_000_000;

  final RandomGenerator random;
  private final boolean present;

  /// By pool, node, service.
  private final boolean[][][] broken;

  private final boolean[][][] running;
  private final boolean[] hooksHang = {false, false};

  /// For which the preferred node has to be ready.
  final long preemptDelayNanos;

  SimServices(long seed, int pools) {
    broken = new boolean[pools][2][NAMES.size()];
    running = new boolean[pools][2][NAMES.size()];
    random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed * 31 + 17);
    present = random.nextBoolean();
    preemptDelayNanos = random.nextLong(0, 20 * SECOND) * 1000;
  }

  @Override
  public String toString() {
    return present ? "services" : "no services";
  }

  boolean present() {
    return present;
  }

  /// It stops at once; what is repaired is started by an operator where the pool is, because a
  /// failed service is not started again by itself.
  void broken(PoolSide side, int service, boolean nowBroken) {
    boolean was = broken(side)[service];
    broken(side)[service] = nowBroken;
    if (nowBroken) {
      running(side)[service] = false;
    } else if (was && side.pool.imported()) {
      running(side)[service] = true;
    }
  }

  /// From now on each step waits for its hook.
  void hooksHang(int node, boolean hang) {
    hooksHang[node] = hang;
  }

  boolean hooksHang(int node) {
    return hooksHang[node];
  }

  void mend(PairNode[] nodes) {
    for (var node : nodes) {
      hooksHang[node.index] = false;
      for (var side : node.pools) {
        for (int service = 0; service < NAMES.size(); service++) {
          broken(side, service, false);
        }
      }
    }
  }

  private boolean[] broken(PoolSide side) {
    return broken[side.pair.index][side.node.index];
  }

  private boolean[] running(PoolSide side) {
    return running[side.pair.index][side.node.index];
  }

  void powerCut(int node) {
    for (var ofPool : running) {
      java.util.Arrays.fill(ofPool[node], false);
    }
  }

  boolean start(PoolSide side, int service) {
    running(side)[service] = !broken(side)[service];
    return running(side)[service];
  }

  void stop(PoolSide side, int service) {
    running(side)[service] = false;
  }

  boolean well(PoolSide side, int service) {
    return running(side)[service];
  }

  /// What is broken, for the log.
  String brokenOn(PoolSide side) {
    var names = new ArrayList<String>();
    for (int service = 0; service < NAMES.size(); service++) {
      if (broken(side)[service]) {
        names.add(NAMES.get(service));
      }
    }
    return String.join(" ", names);
  }
}
