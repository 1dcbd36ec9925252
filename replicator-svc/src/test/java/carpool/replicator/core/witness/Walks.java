package carpool.replicator.core.witness;

import java.util.ArrayList;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// Random ways through a [World], longer than an exhaustive search gets.
final class Walks {
  private static final Move[] MOVES = Move.values();

  /// Every so many moves it is looked whether somebody could serve again.
  private static final int HEAL_INTERVAL = 5;

  private Walks() {}

  /// One in so many happens.
  private static int rarity(Move move) {
    return switch (move) {
      case TICK -> 4;
      case DEMOTE, CRASH, PAUSE, LINK, WITNESS_LINK, WIPE -> 16;
      default -> 1;
    };
  }

  /// Null, or what the first walk ran into that found something.
  static @Nullable Counterexample walk(World root, long seed, int walks, int movesMax) {
    var healing = new Healing(root);
    for (int i = 0; i < walks; i++) {
      var random = new SplittableRandom(seed + i);
      var path = new ArrayList<Integer>();
      var world = new World(root);
      for (int step = 0; step < movesMax; step++) {
        int number = random.nextInt(MOVES.length * 2);
        var move = MOVES[number / 2];
        boolean spared = random.nextInt(rarity(move)) != 0;
        if (spared || !move.possible(world, number % 2)) {
          continue;
        }
        move.apply(world, number % 2);
        path.add(number);
        var wrong = world.violation();
        if (wrong == null && path.size() % HEAL_INTERVAL == 0) {
          wrong = healing.problem(world);
        }
        if (wrong != null) {
          return Counterexample.of(wrong + " (seed " + (seed + i) + ")", root, path);
        }
      }
    }
    return null;
  }
}
