package carpool.replicator.core.witness;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Whether somebody can serve again once enough is well: from a world everything that is broken is
/// mended in one of four ways, and then whatever can happen does, in turn, for a bounded time.
///
/// Refusals that the rule names are no problem: the record names a node that is gone, the copy at
/// hand is unusable, or the witness is empty while the nodes are apart.
final class Healing {
  private static final int ROUNDS = 40;

  /// How often everything gets its turn before time passes: nothing runs into its deadline.
  private static final int PASSES = 4;

  /// An operator or the election moves the role when it led nowhere for so long.
  private static final int PATIENCE_ROUNDS = 8;

  /// What is well afterwards.
  private enum Cure {
    NODES_LINKED("both nodes run and reach each other, without a witness"),
    BOTH_REACH_WITNESS("both nodes run and reach the witness only"),
    ONLY_A("A alone reaches the witness"),
    ONLY_B("B alone reaches the witness");

    final String text;

    Cure(String text) {
      this.text = text;
    }
  }

  /// What the nodes do by themselves, in this order.
  private static final List<Move> OWN_WORK =
      List.of(
          Move.OPEN,
          Move.LOSE_SESSION,
          Move.HEAR_OUTDATE_QUESTION,
          Move.HEAR_OUTDATE_ANSWER,
          Move.OUTDATE_UNREACHABLE,
          Move.HEAR_PROMOTION_QUESTION,
          Move.HEAR_PROMOTION_ANSWER,
          Move.HEAR_KEEP_ALIVE,
          Move.HEAR_ECHO,
          Move.HEAR_WRITE,
          Move.HEAR_WRITTEN,
          Move.MARK_TARGET,
          Move.COMMIT_SYNC,
          Move.FINISH_SYNC,
          Move.LEARN_SYNC,
          Move.CALL_FAILS,
          Move.EXECUTE,
          Move.HEAR_WITNESS,
          Move.PROBE);

  private final Fingerprint fingerprint;
  private final Map<Cure, Map<Long, Boolean>> known = new EnumMap<>(Cure.class);

  Healing(World any) {
    fingerprint = new Fingerprint(any);
  }

  long tried() {
    return known.values().stream().mapToLong(Map::size).sum();
  }

  /// Null, or after which cure nobody can serve.
  @Nullable String problem(World w) {
    for (var cure : Cure.values()) {
      var cured = cured(w, cure);
      boolean heals =
          known
              .computeIfAbsent(cure, _ -> new HashMap<>())
              .computeIfAbsent(fingerprint.of(cured), _ -> heals(cured, cure));
      if (!heals) {
        return "nobody can serve though " + cure.text;
      }
    }
    return null;
  }

  private static World cured(World w, Cure cure) {
    var cured = new World(w);
    cured.writes = 0;
    cured.wipes = 0;
    cured.seen = 0;
    for (int n = 0; n < 2; n++) {
      var node = cured.nodes[n];
      boolean runs = cure != (n == 0 ? Cure.ONLY_B : Cure.ONLY_A);
      if (runs && !node.up) {
        cured.start(n);
      } else if (!runs && node.up) {
        cured.crash(n);
      }
      node.paused = false;
      node.crashes = 0;
      node.pauses = 0;
      node.linkChanges = 0;
      node.witnessLinkChanges = 0;
      node.linkUp = cure == Cure.NODES_LINKED;
      node.witnessLinkUp = runs && cure != Cure.NODES_LINKED;
    }
    for (int n = 0; n < 2; n++) {
      if (Move.EXECUTE_LATE.possible(cured, n)) {
        Move.EXECUTE_LATE.apply(cured, n);
      }
    }
    return cured;
  }

  private static boolean heals(World start, Cure cure) {
    var w = new World(start);
    int wished = 0;
    for (int round = 0; round < ROUNDS; round++) {
      if (w.answers(0) || w.answers(1)) {
        return true;
      }
      wished = orchestrate(w, round, wished);
      for (int pass = 0; pass < PASSES; pass++) {
        work(w);
      }
      if (!w.answers(0) && !w.answers(1)) {
        w.tick();
      }
    }
    return excused(w, cure);
  }

  private static void work(World w) {
    for (var move : OWN_WORK) {
      for (int n = 0; n < 2; n++) {
        if (move.possible(w, n)) {
          move.apply(w, n);
        }
      }
    }
  }

  /// One node at a time is to serve; a stopped one is demoted.
  private static int orchestrate(World w, int round, int wished) {
    int next = wished;
    if (round % PATIENCE_ROUNDS == PATIENCE_ROUNDS - 1) {
      next = 1 - wished;
    }
    for (int n = 0; n < 2; n++) {
      var node = w.nodes[n];
      if (!node.running()) {
        continue;
      }
      if ((n != next || node.standing(Standing.STOPPED)) && Move.DEMOTE.possible(w, n)) {
        Move.DEMOTE.apply(w, n);
      }
      if (n == next && Move.PROMOTE.possible(w, n)) {
        Move.PROMOTE.apply(w, n);
      }
    }
    return next;
  }

  private static boolean excused(World w, Cure cure) {
    return switch (cure) {
      case NODES_LINKED -> false;
      case BOTH_REACH_WITNESS -> refuses(w, 0) && refuses(w, 1);
      case ONLY_A -> refuses(w, 0) || w.record.names("B");
      case ONLY_B -> refuses(w, 1) || w.record.names("A");
    };
  }

  private static boolean refuses(World w, int n) {
    return !w.nodes[n].state().copyUsable() || w.nodes[n].incarnation != w.incarnation;
  }
}
