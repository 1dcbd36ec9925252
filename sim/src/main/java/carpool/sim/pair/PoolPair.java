package carpool.sim.pair;

import carpool.orchestrator.core.Phase;
import carpool.sim.Violation;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One pool of the pair, as both nodes know it, and how far its nodes are apart: what may excuse
/// two writers.
final class PoolPair {
  private static final long SECOND = 1_000_000;

  final WholePairWorld world;
  final int index;
  final String name;
  final int group;
  final List<SimResource> resources = new ArrayList<>();
  private long replicationApartUntil;
  private long clientApartUntil;
  private long severedUntil;
  private boolean twoWritersExcused;
  private int acknowledged;
  private int failovers;
  private @Nullable PairNode lastServer;

  PoolPair(WholePairWorld world, int index, int group) {
    this.world = world;
    this.index = index;
    this.name = index == 0 ? "tank" : "tank" + (index + 1);
    this.group = group;
  }

  PoolSide side(PairNode node) {
    return node.pools.get(index);
  }

  /// Writes that were completed on either node.
  int acknowledged() {
    return acknowledged;
  }

  void written() {
    acknowledged++;
  }

  /// Times that it began to be served by the node that had not served it last.
  int failovers() {
    return failovers;
  }

  void serves(PairNode node) {
    failovers += lastServer != null && lastServer != node ? 1 : 0;
    lastServer = node;
  }

  /// The node that has it imported; else the second one.
  PairNode server() {
    return side(world.nodes[0]).pool.imported() ? world.nodes[0] : world.nodes[1];
  }

  /// Neither network can tell one node of the other, now or a moment ago: each is cut, or the
  /// process that speaks on it, or that would act on it, is dead or stopped, on either node. In a
  /// split brain that nobody has resolved yet the replicators do not speak with each other, either.
  /// A link that is cut while one node gives up counts as both: the other has its role by then, and
  /// takes a node that it cannot ask for dead (seed 1735). So does one that is cut while a node
  /// serves by an operator's word and the other is MASTER.
  boolean apart() {
    long now = world.time.nowMicros();
    return now < replicationApartUntil && now < clientApartUntil;
  }

  /// As [#apart], but a node that only stood still does not count: when it goes on it asks its peer
  /// before it answers anything, so that makes no split brain. Both may have stood still, one after
  /// the other; then each found nobody to ask.
  boolean severed() {
    long now = world.time.nowMicros();
    return now < severedUntil && now < clientApartUntil;
  }

  /// Both nodes became primary while they were apart, and each goes on with its own branch until an
  /// operator names the survivor.
  private boolean branched() {
    return resources.stream().anyMatch(r -> r.diverged && r.apartSinceEqual);
  }

  void look() {
    long now = world.time.nowMicros();
    boolean replication = true;
    boolean client = world.clients.whole();
    boolean severed = false;
    for (var resource : resources) {
      replication &= resource.link().up() && !resource.splitBrain();
      severed |= !resource.link().up();
    }
    for (var node : world.nodes) {
      var side = side(node);
      replication &= node.replicator.running();
      severed |= !node.replicator.alive();
      client &=
          side.group.carp.alive()
              && side.group.linked()
              && node.orchestrator.running()
              && side.mind.phase() != Phase.GIVING_UP
              && side.mind.phase() != Phase.CUT_OFF // a fenced one gives up between two looks
              && (side.mind.phase() != Phase.SERVING
                  || side.mind.carp() == carpool.orchestrator.core.Carp.MASTER);
    }
    if (!replication) {
      replicationApartUntil = now + 2 * SimResource.DEAD_MICROS;
    }
    if (severed || world.bothStoodStill()) {
      severedUntil = now + 2 * SimResource.DEAD_MICROS;
    }
    if (!client) {
      clientApartUntil = now + 15 * SECOND;
    }
    resources.forEach(SimResource::look);
  }

  /// Never two nodes that can write, unless neither network can tell them of each other, or could
  /// not when they began to write each its own branch.
  void checkOneWriter() {
    boolean both = side(world.nodes[0]).pool.writable() && side(world.nodes[1]).pool.writable();
    if (!both) {
      twoWritersExcused = false;
    } else if (!twoWritersExcused) {
      if (!apart() && !branched()) {
        throw new Violation("one writer", name + " can be written on both nodes");
      }
      world.log("---", "two writers of " + name + ", apart");
      twoWritersExcused = true;
    }
  }
}
