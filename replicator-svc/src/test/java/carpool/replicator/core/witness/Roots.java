package carpool.replicator.core.witness;

import java.util.List;

/// Where an exploration begins.
final class Roots {
  private Roots() {}

  /// Both nodes have just started, in sync, and nobody serves.
  static World started(Rule rule, Bounds bounds) {
    return new World(rule, bounds);
  }

  /// A is primary, B its secondary; the record says *both*, as A wrote it.
  static World serving(Rule rule, Bounds bounds) {
    var w = new World(rule, bounds);
    play(w, Move.OPEN, 0);
    play(w, Move.PROMOTE, 0);
    play(w, Move.HEAR_PROMOTION_QUESTION, 1);
    play(w, Move.HEAR_PROMOTION_ANSWER, 0);
    play(w, Move.EXECUTE, 0); // the record is read
    play(w, Move.HEAR_WITNESS, 0);
    play(w, Move.EXECUTE, 0); // and written
    play(w, Move.HEAR_WITNESS, 0);
    return w;
  }

  /// A serves alone, having won the record; B runs and is not connected. Both directions are cut.
  static World apart(Rule rule, Bounds bounds) {
    var w = serving(rule, bounds);
    w.nodes[0].linkUp = false;
    w.nodes[1].linkUp = false;
    play(w, Move.LOSE_SESSION, 0);
    play(w, Move.LOSE_SESSION, 1);
    play(w, Move.OUTDATE_UNREACHABLE, 0);
    play(w, Move.EXECUTE, 0);
    play(w, Move.HEAR_WITNESS, 0);
    play(w, Move.TICK, 0);
    play(w, Move.TICK, 0);
    return w;
  }

  /// A, which served alone, has met B again and is about to copy.
  static World copying(Rule rule, Bounds bounds) {
    var w = apart(rule, bounds);
    w.nodes[0].linkUp = true;
    w.nodes[1].linkUp = true;
    play(w, Move.OPEN, 0);
    return w;
  }

  static List<World> all(Rule rule, Bounds bounds) {
    return List.of(
        started(rule, bounds), serving(rule, bounds), apart(rule, bounds), copying(rule, bounds));
  }

  private static void play(World w, Move move, int n) {
    if (!move.possible(w, n)) {
      throw new IllegalStateException(move + " is not possible");
    }
    move.apply(w, n);
  }
}
