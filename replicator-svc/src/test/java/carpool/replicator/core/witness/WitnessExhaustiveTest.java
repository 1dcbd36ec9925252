package carpool.replicator.core.witness;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.witness.Exploration.Result;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Everything that can happen to two nodes and a witness within some bounds, with the product's
/// machine. In every world that is reached: at most one node answers; whoever answers has all that
/// clients were told; the copies never part; and after enough is mended somebody can serve again.
///
/// `-Dwitness.states=20000000` visits more (needs about 1 GB for each 2,000,000 in a level).
class WitnessExhaustiveTest {
  private static final Bounds NONE = new Bounds(0, 0, 0, 0, 0, 0, false);

  private static final long SEED = 20261201;

  static Stream<Arguments> searches() {
    return Stream.of(
        Arguments.of("no fault", NONE, 1_000_000),
        Arguments.of("links", new Bounds(1, 0, 0, 0, 1, 0, false), 120_000),
        Arguments.of("witness links", new Bounds(1, 1, 0, 0, 1, 0, false), 120_000),
        Arguments.of("crashes", new Bounds(0, 0, 1, 0, 1, 0, true), 120_000),
        Arguments.of("pauses", new Bounds(1, 0, 0, 1, 1, 0, false), 120_000),
        Arguments.of("empty witness", new Bounds(1, 0, 0, 0, 1, 1, false), 120_000),
        Arguments.of("all", new Bounds(2, 2, 1, 1, 2, 1, true), 120_000));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("searches")
  void theRuleHolds(String name, Bounds bounds, int states) {
    int statesMax = Integer.getInteger("witness.states", states);

    var result = explore(Roots.all(Rule.PRODUCT, bounds), true, statesMax);

    print(name, result);
    assertThat(result.counterexample()).isNull();
    if (bounds.equals(NONE)) {
      assertThat(result.complete()).isTrue();
    }
  }

  /// Not exhaustive, but far longer ways than the search gets to.
  @ParameterizedTest
  @MethodSource("searches")
  void theRuleHoldsOnLongWays(String name, Bounds bounds) {
    for (var root : Roots.all(Rule.PRODUCT, bounds)) {
      assertThat(Walks.walk(root, SEED, Integer.getInteger("witness.walks", 200), 3_000)).isNull();
    }
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void aBrokenRuleIsFound(Fault fault) {
    var result = explore(List.of(root(fault)), fault == Fault.TIMEOUT_COUNTS_AS_LOST, 1_000_000);

    print(fault.name(), result);
    assertThat(result.counterexample()).isNotNull();
    System.out.println(result.counterexample());
  }

  /// The least that it takes.
  private static World root(Fault fault) {
    var link = new Bounds(1, 0, 0, 0, 0, 0, false);
    var crash = new Bounds(0, 0, 1, 0, 0, 0, false);
    var pause = new Bounds(0, 0, 0, 1, 0, 0, false);

    return switch (fault) {
      case GOES_ON_AFTER_A_READ -> Roots.copying(fault, NONE);
      case TIMEOUT_COUNTS_AS_WON -> Roots.serving(fault, NONE);
      case TIMEOUT_COUNTS_AS_LOST -> Roots.serving(fault, NONE);
      case RESETS_BEFORE_IN_SYNC -> Roots.copying(fault, crash);
      case DOES_NOT_KEEP_ITS_PROMISE -> Roots.serving(fault, link);
      case ANSWERS_BEFORE_ASKING -> Roots.serving(fault, pause);
      case FORGETS_ITS_PROMISE -> Roots.serving(fault, crash);
      case KEEPS_ITS_WIN_UNTIL_THE_RESET_IS_ANSWERED -> Roots.copying(fault, link);
      case RECOGNISES_AN_OLD_CLAIM -> Roots.started(fault, NONE);
      case SETTLES_WITHOUT_A_LEASE -> Roots.serving(fault, link);
      case KEEPS_THE_WORD_WHEN_A_SYNC_IS_COMMITTED -> Roots.serving(fault, link);
    };
  }

  private static Result explore(List<World> roots, boolean liveness, int statesMax) {
    return new Exploration(roots, liveness, statesMax).run();
  }

  private static void print(String name, Result result) {
    System.out.printf(
        "%s: %,d states, %,d moves, depth %d%s, %,d cures tried%n",
        name,
        result.states(),
        result.moves(),
        result.depth(),
        result.complete() ? " (complete)" : "",
        result.healed());
  }
}
