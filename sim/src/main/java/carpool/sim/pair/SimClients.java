package carpool.sim.pair;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// The clients' network: who is cut off from it, in which way, and what tells a node so. It has its
/// own source of chance, so that a seed plays the same faults with and without it.
final class SimClients {
  private enum Evidence {
    /// Hosts that an operator named.
    NAMED,
    /// The gateway, which answers pings.
    GATEWAY,
    /// What is received, on a network where others speak, too.
    NOISE,
    /// The same where nobody else does.
    QUIET
  }

  final RandomGenerator random;
  private final Evidence evidence;
  private final boolean[] carrier = {true, true};
  private final boolean[] cut = {false, false};
  private final boolean[] beyond = {true, true};
  private final long[] received = {0, 0};
  private boolean silence;
  private boolean gatewayDead;

  SimClients(long seed) {
    random = RandomGeneratorFactory.of("L64X128MixRandom").create(~seed);
    evidence = Evidence.values()[random.nextInt(Evidence.values().length)];
  }

  @Override
  public String toString() {
    return "clients' network judged by " + evidence;
  }

  /// True when the cable was out and is in, or the other way round.
  boolean carrier(int node, boolean up) {
    boolean changed = carrier[node] != up;
    carrier[node] = up;
    return changed;
  }

  /// A cut that no interface notices.
  void cut(int node, boolean silently) {
    cut[node] = silently;
  }

  /// The nodes do not hear each other; clients and gateway are at one end, or the other, or both.
  void silence(boolean silent) {
    silence = silent;
    int where = random.nextInt(3);
    beyond[0] = !silent || where != 0;
    beyond[1] = !silent || where != 1;
  }

  void gatewayDead(boolean dead) {
    gatewayDead = dead;
  }

  void mend() {
    cut[0] = false;
    cut[1] = false;
    gatewayDead = false;
    silence(false);
  }

  /// Clients reach the node.
  boolean reach(int node) {
    return carrier[node] && !cut[node];
  }

  boolean carrier(int node) {
    return carrier[node];
  }

  /// Each node hears the other.
  boolean whole() {
    return carrier[0] && carrier[1] && !cut[0] && !cut[1] && !silence;
  }

  // ----- what a node can know

  boolean named() {
    return evidence == Evidence.NAMED;
  }

  boolean asked() {
    return named() || evidence == Evidence.GATEWAY;
  }

  boolean answers(int node) {
    return asked() && !gatewayDead && reach(node) && beyond[node];
  }

  /// Packets so far.
  long received(int node) {
    if (evidence != Evidence.QUIET && reach(node) && beyond[node] && random.nextInt(4) > 0) {
      received[node]++;
    }
    return received[node];
  }

  void advertisement(int to) {
    received[to]++;
  }

  /// A cut at one node can be told from one at the other.
  boolean tells() {
    return evidence != Evidence.QUIET;
  }
}
