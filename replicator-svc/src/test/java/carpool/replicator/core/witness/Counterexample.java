package carpool.replicator.core.witness;

import java.util.List;

/// A way to a world in which something is wrong.
///
/// @param what is wrong
/// @param trace what happened, event by event, and what both nodes made of it
record Counterexample(String what, int length, String trace) {
  private static final Move[] MOVES = Move.values();

  /// Plays the way again and writes it down.
  ///
  /// @param path for each move its place in [Move#values], doubled, and one more if it is B's
  static Counterexample of(String what, World root, List<Integer> path) {
    var world = new World(root);
    var text = new StringBuilder();
    world.log = text;
    int step = 0;
    for (int number : path) {
      var move = MOVES[number / 2];
      text.append("  %3d ".formatted(++step))
          .append(World.NAMES.get(number % 2))
          .append(' ')
          .append(text(move, world.nodes[number % 2]))
          .append('\n');
      move.apply(world, number % 2);
    }
    for (int n = 0; n < 2; n++) {
      text.append("  ").append(World.NAMES.get(n)).append(": ").append(describe(world, n));
    }
    text.append("  record: ").append(world.record).append('\n');
    return new Counterexample(what, path.size(), text.toString());
  }

  private static String text(Move move, Node node) {
    return switch (move) {
      case LINK -> node.linkUp ? "can no longer send to the peer" : "can send to the peer again";
      case WITNESS_LINK ->
          node.witnessLinkUp ? "no longer hears the witness" : "hears the witness again";
      default -> move.text;
    };
  }

  private static String describe(World w, int n) {
    var node = w.nodes[n];
    return "up=%s paused=%s answers=%s data=%s of %s ahead=%s usable=%s stray=%s%n     %s%n"
        .formatted(
            node.up,
            node.paused,
            w.answers(n),
            Integer.toBinaryString(node.data),
            Integer.toBinaryString(w.seen),
            node.ahead,
            node.usable(),
            node.stray,
            node.machine);
  }

  @Override
  public String toString() {
    return what + ", after " + length + " moves:\n" + trace;
  }
}
