package carpool.sim.pair;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;

/// How many groups and pools a pair has, drawn from a source of chance of its own: a seed that is
/// played with one pool draws the same faults as before there were more.
///
/// @param groups by group, by pool: its number of resources
/// @param ownSkew each group has its own preferred node; else all have the same one
/// @param together so many of the groups, from the first on, move together; 0: each by itself
/// @param plain only what the first pairs had goes wrong
/// @param random for what only a pair with several pools needs
record Geometry(
    List<List<Integer>> groups,
    boolean ownSkew,
    int together,
    boolean plain,
    RandomGenerator random) {
  private static RandomGenerator source(long seed) {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(seed * 97 + 5);
  }

  /// One group with one pool of two resources.
  static Geometry one(long seed) {
    return new Geometry(List.of(List.of(2)), false, 0, true, source(seed));
  }

  /// One to three groups of one or two pools, each of one or two resources. Few are large, because
  /// a large one takes the time of several small ones.
  static Geometry of(long seed) {
    var random = source(seed);
    int dice = random.nextInt(6);
    int groupCount = dice < 3 ? 1 : dice < 5 ? 2 : 3;
    var groups = new ArrayList<List<Integer>>();
    for (int group = 0; group < groupCount; group++) {
      int poolCount = 1 + random.nextInt(2);
      var pools = new ArrayList<Integer>();
      for (int pool = 0; pool < poolCount; pool++) {
        pools.add(1 + random.nextInt(2));
      }
      groups.add(List.copyOf(pools));
    }
    return new Geometry(
        List.copyOf(groups), random.nextBoolean(), together(seed, groupCount), false, random);
  }

  /// By a source of its own: the other seeds are played as before groups could move together.
  private static int together(long seed, int groupCount) {
    var random = source(seed + 1_000_003);
    return groupCount == 1 || random.nextBoolean() ? 0 : 2 + random.nextInt(groupCount - 1);
  }

  /// The groups that move when this one moves, itself included.
  List<Integer> movingWith(int group) {
    return group < together ? IntStream.range(0, together).boxed().toList() : List.of(group);
  }

  /// More than what the first pairs had.
  boolean several() {
    return groups.size() > 1 || groups.getFirst().size() > 1;
  }

  @Override
  public String toString() {
    return "resources of the pools of each group "
        + groups
        + (ownSkew ? ", own advskew" : "")
        + (together > 0 ? ", the first " + together + " groups move together" : "");
  }
}
