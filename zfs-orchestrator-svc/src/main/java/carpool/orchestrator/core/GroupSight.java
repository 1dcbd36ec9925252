package carpool.orchestrator.core;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;

/// What a node says to the other one of the pools of one election group, which move together.
///
/// @param node its name
/// @param advskew as configured, without demotion: the lower node is the preferred one
/// @param serves all pools of the group are served there
/// @param standsBy all are given up there, for good
/// @param against why it could not serve them well, one sentence each; empty: it is ready
/// @param wanted it asks for them, as the preferred node
/// @param refusal why it does not give them to the node that asks; empty: nobody asks, or nothing
///   stands against it
public record GroupSight(
    String node,
    int advskew,
    boolean serves,
    boolean standsBy,
    List<String> against,
    boolean wanted,
    String refusal) {

  /// What this node is, from what its parts say.
  ///
  /// @param carp state of the group here
  /// @param demotions what stands against this node in the election service, in words
  /// @param pools those of the group
  /// @param stale local copies that are not up to date, or whose disk failed
  public static GroupSight of(
      String node,
      int advskew,
      Carp carp,
      Collection<String> demotions,
      Collection<PoolView> pools,
      Collection<String> stale) {
    var against = new LinkedHashSet<String>();
    pools.forEach(pool -> against.addAll(pool.against()));
    if (carp == Carp.INIT || carp == Carp.UNKNOWN) {
      against.add("CARP is " + carp);
    }
    if (against.isEmpty()) {
      // Most of them are those of the pools, in other words.
      against.addAll(demotions);
    }
    if (!stale.isEmpty()) {
      against.add("the local copy is not up to date: " + String.join(", ", stale));
    }
    return new GroupSight(
        node,
        advskew,
        !pools.isEmpty() && pools.stream().allMatch(pool -> pool.phase() == Phase.SERVING),
        !pools.isEmpty() && pools.stream().allMatch(pool -> pool.phase() == Phase.STANDBY),
        new ArrayList<>(against),
        false,
        "");
  }

  /// As it is told to the other node.
  public GroupSight with(boolean nowWanted, String nowRefusal) {
    return new GroupSight(node, advskew, serves, standsBy, against, nowWanted, nowRefusal);
  }
}
