package carpool.sim.pair;

import carpool.election.core.Role;
import carpool.sim.Violation;
import java.util.List;
import java.util.stream.Stream;

/// Checks that groups that move together are MASTER at one node.
///
/// They may be apart while anything but the interface of a group stands against a node, and while
/// the nodes cannot speak with each other: then nobody can know whether the other node would serve
/// all of them.
final class GroupsTogether {
  private static final long SECOND = 1_000_000;

  /// Roles may differ for 10 s. A resignation may have been made just before, and is repeated after
  /// 30 s; it is asked for every 2 s, from a note that is 2 s old. The other node takes a group
  /// after its dead time, below 4 s.
  static final long APART_MICROS = (10 + 30 + 2 + 2 + 4) * SECOND;

  private final WholePairWorld world;
  private final List<Integer> groups;
  private long apartSince = -1;

  GroupsTogether(WholePairWorld world) {
    this.world = world;
    this.groups = world.geometry.movingWith(0);
  }

  /// To be called often.
  void look() {
    if (groups.size() == 1) {
      return;
    }
    long now = world.time.nowMicros();
    if (!apart() || excused()) {
      apartSince = -1;
    } else if (apartSince < 0) {
      apartSince = now;
    } else if (now - apartSince > APART_MICROS) {
      throw new Violation(
          "groups together",
          "for %d s at two nodes: a %s, b %s"
              .formatted(
                  (now - apartSince) / SECOND, roles(world.nodes[0]), roles(world.nodes[1])));
    }
  }

  /// Each node is MASTER of one of them.
  private boolean apart() {
    return Stream.of(world.nodes).allMatch(node -> roles(node).contains(Role.MASTER));
  }

  private List<Role> roles(PairNode node) {
    return groups.stream().map(group -> node.groups.get(group).carp.role()).toList();
  }

  private boolean excused() {
    boolean reach =
        world.clients.whole()
            && world.resources.stream()
                .allMatch(resource -> resource.link().up() && !resource.splitBrain());
    return !reach
        || Stream.of(world.nodes).noneMatch(this::whole)
        || !Stream.of(world.nodes).allMatch(this::able);
  }

  /// All of the groups could be MASTER here.
  private boolean whole(PairNode node) {
    return groups.stream().allMatch(group -> node.groups.get(group).linked());
  }

  /// Nothing else is wrong with the node.
  private boolean able(PairNode node) {
    return node.power()
        && node.replicator.running()
        && node.orchestrator.running()
        && node.noRoom().isEmpty()
        && groups.stream()
            .map(node.groups::get)
            .allMatch(group -> group.carp.alive() && group.pools.stream().allMatch(this::able));
  }

  private boolean able(PoolSide side) {
    var view = side.mind.view();
    return side.mind.quiet()
        && view.against().isEmpty()
        && !view.maintenance()
        && !view.unmanaged();
  }
}
