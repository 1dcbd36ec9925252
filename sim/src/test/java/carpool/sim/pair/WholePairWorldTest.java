package carpool.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class WholePairWorldTest {
  private static final long SEEDS = Long.getLong("carpool.whole.seeds", 300);

  /// Within so many seeds a planted fault has to be found.
  private static final long BUG_SEEDS = 300;

  @Test
  void everySeedHasOneWriterLosesNothingAndSettles() {
    long writes = 0;
    long faults = 0;
    long takeovers = 0;
    long failovers = 0;
    long settledMicros = 0;
    for (long seed = 1; seed <= SEEDS; seed++) {
      var outcome = WholePairWorld.run(seed);
      writes += outcome.acknowledgedWrites();
      faults += outcome.faults();
      takeovers += outcome.takeovers();
      failovers += outcome.failovers();
      settledMicros = Math.max(settledMicros, outcome.settledMicros());
    }
    System.out.printf(
        "%d whole pairs: %d acknowledged writes, %d faults, %d failovers of %d takeovers, settled"
            + " within %.1f s%n",
        SEEDS, writes, faults, failovers, takeovers, settledMicros / 1e6);
    assertThat(writes).as("acknowledged writes").isGreaterThan(SEEDS * 200);
    assertThat(faults).as("faults").isGreaterThan(SEEDS * 8);
    assertThat(takeovers).as("takeovers").isGreaterThan(SEEDS * 10);
    assertThat(failovers).as("failovers").isGreaterThan(SEEDS * 3);
  }

  /// Each failed once: a leave marker that overtook the advertisement before it, a loss of the link
  /// that a stopped orchestrator took for an older one, a cut-off in the last flush of a
  /// synchronisation, an answer on its way while the last disk failed, a give-up between two looks
  /// of the checker, a switchover that ended in a cut-off, one during which the role was lost.
  /// Played with the one pool that pairs had then.
  @ParameterizedTest
  @ValueSource(longs = {2_902, 6_010, 51_612, 314_055, 338_326, 421_639, 2_002_042})
  void seedThatFailedOncePasses(long seed) {
    assertThat(WholePairWorld.runOnePool(seed).takeovers()).isPositive();
  }

  /// As above, with the pools that pairs have now: an import from before maintenance that the
  /// checker took for a new one, a promotion that came after the demotion that followed it, and
  /// (twice) a copy that had lost writes and was taken for good although the peer had them.
  @ParameterizedTest
  @ValueSource(longs = {4_785, 45_960, 80_189, 92_417})
  void seedOfManyPoolsThatFailedOncePasses(long seed) {
    assertThat(WholePairWorld.run(seed).takeovers()).isPositive();
  }

  @Test
  void seedGivesTheSameRunTwice() {
    assertThat(WholePairWorld.run(4711)).isEqualTo(WholePairWorld.run(4711));
  }

  /// A promotion beside a primary alone does no harm any more: whichever of the two writes first
  /// asks the other, and one of them is fenced before it has answered anything.
  @ParameterizedTest
  @MethodSource
  void plantedFaultIsFound(Set<Bug> bugs) {
    String found = "";
    for (long seed = 1; seed <= BUG_SEEDS && found.isEmpty(); seed++) {
      try {
        WholePairWorld.run(seed, bugs);
      } catch (IllegalStateException violation) {
        found = String.valueOf(violation.getMessage()).lines().findFirst().orElse("");
      }
    }
    System.out.println(bugs + ": " + found);
    assertThat(found).contains("Violation");
  }

  static Stream<Set<Bug>> plantedFaultIsFound() {
    return Stream.of(
        EnumSet.of(Bug.DEMOTION_ONLY_SAYS_SO),
        EnumSet.of(Bug.GOES_ON_WITHOUT_ASKING),
        EnumSet.of(Bug.PREEMPTS_AT_ONCE),
        EnumSet.of(Bug.GROUPS_MOVE_APART),
        EnumSet.of(Bug.GOES_ON_WITHOUT_ASKING, Bug.PROMOTE_BESIDE_PRIMARY));
  }
}
