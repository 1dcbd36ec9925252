package carpool.replicator.core.witness;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Visits every [World] that can be reached from some roots, breadth first: a counterexample is as
/// short as it can be.
final class Exploration {
  private static final Move[] MOVES = Move.values();

  /// What was visited.
  ///
  /// @param complete everything within the bounds was visited
  record Result(
      long states,
      long moves,
      int depth,
      boolean complete,
      long healed,
      @Nullable Counterexample counterexample) {}

  private final List<World> roots;
  private final Healing healing;
  private final boolean checkLiveness;
  private final int statesMax;

  private long[] visited = new long[1 << 16];
  private int visitedCount;
  private int[] parents = new int[1 << 16];
  private short[] moves = new short[1 << 16];
  private final Fingerprint fingerprint;

  Exploration(List<World> roots, boolean checkLiveness, int statesMax) {
    this.roots = roots;
    this.checkLiveness = checkLiveness;
    this.statesMax = statesMax;
    fingerprint = new Fingerprint(roots.get(0));
    healing = new Healing(roots.get(0));
  }

  Result run() {
    var level = new ArrayList<World>();
    var indices = new ArrayList<Integer>();
    for (int r = 0; r < roots.size(); r++) {
      if (add(fingerprint.of(roots.get(r)))) {
        note(-1 - r, 0);
        level.add(roots.get(r));
        indices.add(visitedCount - 1);
      }
    }
    long moveCount = 0;
    int depth = 0;
    while (!level.isEmpty()) {
      var nextLevel = new ArrayList<World>();
      var nextIndices = new ArrayList<Integer>();
      for (int i = 0; i < level.size(); i++) {
        var world = level.get(i);
        level.set(i, roots.get(0)); // let go of it
        for (int m = 0; m < MOVES.length; m++) {
          var move = MOVES[m];
          for (int n = 0; n < 2; n++) {
            if (!move.possible(world, n)) {
              continue;
            }
            var next = new World(world);
            move.apply(next, n);
            moveCount++;
            if (!add(fingerprint.of(next))) {
              continue;
            }
            note(indices.get(i), m * 2 + n);
            var wrong = next.violation();
            if (wrong == null && checkLiveness) {
              wrong = healing.problem(next);
            }
            if (wrong != null) {
              return result(moveCount, depth + 1, false, counterexample(wrong));
            }
            if (visitedCount >= statesMax) {
              return result(moveCount, depth + 1, false, null);
            }
            nextLevel.add(next);
            nextIndices.add(visitedCount - 1);
          }
        }
      }
      level = nextLevel;
      indices = nextIndices;
      depth++;
    }
    return result(moveCount, depth, level.isEmpty(), null);
  }

  private Result result(
      long moveCount, int depth, boolean complete, @Nullable Counterexample counterexample) {
    return new Result(visitedCount, moveCount, depth, complete, healing.tried(), counterexample);
  }

  // ----- the way back

  private void note(int parent, int move) {
    int index = visitedCount - 1;
    if (index >= parents.length) {
      parents = Arrays.copyOf(parents, parents.length * 2);
      moves = Arrays.copyOf(moves, moves.length * 2);
    }
    parents[index] = parent;
    moves[index] = (short) move;
  }

  /// The way to the world noted last.
  private Counterexample counterexample(String what) {
    var path = new ArrayList<Integer>();
    int index = visitedCount - 1;
    while (parents[index] >= 0) {
      path.add((int) moves[index]);
      index = parents[index];
    }
    return Counterexample.of(what, roots.get(-1 - parents[index]), path.reversed());
  }

  // ----- the set of what was visited: open addressing, at most half full

  private boolean add(long key) {
    if (visitedCount * 2 >= visited.length) {
      grow();
    }
    if (!insert(visited, key == 0 ? 1 : key)) {
      return false;
    }
    visitedCount++;
    return true;
  }

  private void grow() {
    var bigger = new long[visited.length * 2];
    for (long key : visited) {
      if (key != 0) {
        insert(bigger, key);
      }
    }
    visited = bigger;
  }

  private static boolean insert(long[] table, long key) {
    int mask = table.length - 1;
    int i = (int) (key ^ (key >>> 32)) & mask;
    while (table[i] != 0) {
      if (table[i] == key) {
        return false;
      }
      i = (i + 1) & mask;
    }
    table[i] = key;
    return true;
  }
}
