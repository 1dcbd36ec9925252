package carpool.sim.pair;

import java.util.ArrayList;
import java.util.List;

/// One node's side of one pool: what its kernel keeps, its resources, and the machine that decides.
final class PoolSide {
  final PairNode node;
  final PoolPair pair;
  final GroupSide group;
  final List<SimReplica> replicas = new ArrayList<>();
  final SimPool pool;
  final SimOrchestrator mind;

  PoolSide(PairNode node, PoolPair pair, GroupSide group) {
    this.node = node;
    this.pair = pair;
    this.group = group;
    for (var resource : pair.resources) {
      replicas.add(new SimReplica(resource, node.index, node.replicator));
    }
    this.pool = new SimPool(this);
    this.mind = new SimOrchestrator(this);
    group.pools.add(this);
  }

  /// How the log names it.
  String label() {
    return pair.world.geometry.several() ? node.name + " " + pair.name : node.name;
  }

  PoolSide peer() {
    return pair.side(node.peer());
  }
}
