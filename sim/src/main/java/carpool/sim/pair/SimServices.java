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
  private final boolean[][] broken = new boolean[2][NAMES.size()];
  private final boolean[][] running = new boolean[2][NAMES.size()];
  private final boolean[] hooksHang = {false, false};

  /// For which the preferred node has to be ready.
  final long preemptDelayNanos;

  SimServices(long seed) {
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
  void broken(PairNode node, int service, boolean nowBroken) {
    boolean was = broken[node.index][service];
    broken[node.index][service] = nowBroken;
    if (nowBroken) {
      running[node.index][service] = false;
    } else if (was && node.pool.imported()) {
      running[node.index][service] = true;
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
      for (int service = 0; service < NAMES.size(); service++) {
        broken(node, service, false);
      }
    }
  }

  void powerCut(int node) {
    for (int service = 0; service < NAMES.size(); service++) {
      running[node][service] = false;
    }
  }

  boolean start(int node, int service) {
    running[node][service] = !broken[node][service];
    return running[node][service];
  }

  void stop(int node, int service) {
    running[node][service] = false;
  }

  boolean well(int node, int service) {
    return running[node][service];
  }

  /// What is broken, for the log.
  String brokenOn(int node) {
    var names = new ArrayList<String>();
    for (int service = 0; service < NAMES.size(); service++) {
      if (broken[node][service]) {
        names.add(NAMES.get(service));
      }
    }
    return String.join(" ", names);
  }
}
