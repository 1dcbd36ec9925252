package carpool.replicator.core;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.PromotionRule.Verdict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A half-synchronised copy never passes for anything else, whatever falls and whoever forces what.
final class UnfinishedCopyTest {
  private static final int STEPS = 200;

  /// How the source came by what it copies.
  enum Before {
    /// Both have the same generation: the target fell and lost what it had not flushed.
    TARGET_FELL,
    /// The source went on without the target.
    SOURCE_ALONE
  }

  /// In step, `a` primary; the link is broken and what differs is known to `a`.
  private static CorePair apart(Before before) {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    for (int unit = 0; unit < CorePair.UNITS; unit++) {
      pair.a.write(unit, 100 + unit);
      pair.settle();
    }
    pair.b.kill();
    pair.settle();
    if (before == Before.TARGET_FELL) {
      for (int unit = 0; unit < CorePair.UNITS; unit += 5) {
        pair.b.data[unit] = 7; // as it was before: the power took it
      }
    } else {
      pair.a.write(1, 1001);
      pair.a.write(40, 1040);
      pair.settle();
    }
    pair.b.start();
    return pair;
  }

  /// The source falls after each step of the synchronisation, the target is forced into service and
  /// written, the source returns.
  @ParameterizedTest
  @EnumSource(Before.class)
  void sourceThatReturnsMeetsAForcedTargetAsASplitBrain(Before before) {
    int inconsistent = 0;
    for (int steps = 0; steps < STEPS; steps++) {
      var pair = apart(before);
      pair.connectWithoutSteps();
      for (int i = 0; i < steps; i++) {
        pair.step();
      }
      if (pair.a.core().phase() == Phase.IN_STEP && pair.b.core().phase() == Phase.IN_STEP) {
        break;
      }
      boolean torn = pair.b.core().disk() == DiskState.INCONSISTENT;
      inconsistent += torn ? 1 : 0;
      if (pair.b.storedDisk() == DiskState.INCONSISTENT) {
        assertThat(pair.b.stored().generation())
            .as("step %s: the target carries its source's generation", steps)
            .isNotEqualTo(pair.a.stored().generation());
      }
      pair.a.kill();
      pair.settle();
      var good = pair.a.data.clone();
      var plain = pair.promote(pair.b);
      if (plain == Verdict.ALLOWED) {
        assertThat(torn).isFalse();
        continue;
      }
      assertThat(pair.force(pair.b)).as("step %s: %s", steps, plain).isEqualTo(Verdict.ALLOWED);
      int slot = pair.b.write(9, 999);
      pair.settle();
      assertThat(pair.b.answers.get(slot)).isEqualTo(Effects.Result.OK);

      pair.a.start();
      pair.connect();

      assertThat(pair.a.core().splitBrain()).as("step %s: %s", steps, plain).isTrue();
      assertThat(pair.b.core().splitBrain()).as("step %s: %s", steps, plain).isTrue();
      assertThat(pair.a.data).as("step %s", steps).isEqualTo(good);
    }
    assertThat(inconsistent).as("steps at which the target is torn").isGreaterThan(3);
  }

  /// The same without force: interrupted after each step, by the fall of either side, the
  /// synchronisation goes on and copies what is known to differ.
  @ParameterizedTest
  @EnumSource(Before.class)
  void synchronisationGoesOnAfterEachInterruption(Before before) {
    for (int steps = 0; steps < STEPS; steps++) {
      for (boolean sourceFalls : new boolean[] {true, false}) {
        var pair = apart(before);
        pair.connectWithoutSteps();
        for (int i = 0; i < steps; i++) {
          pair.step();
        }
        var fallen = sourceFalls ? pair.a : pair.b;
        fallen.kill();
        pair.settle();
        var good = pair.a.data.clone();
        fallen.start();
        pair.connect();
        assertThat(pair.a.core().splitBrain()).isFalse();
        if (pair.a.core().role() != Role.PRIMARY) {
          pair.promote(pair.a);
          pair.settle();
        }

        assertThat(pair.a.core().complete()).as("step %s %s", steps, fallen.name).isTrue();
        assertThat(pair.a.data).isEqualTo(good);
        assertThat(pair.equal()).isTrue();
      }
    }
  }

  /// A disk that was replaced holds nothing, however long the history of the pair is.
  @Test
  void freshDiskIsATargetAfterManyGenerations() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    for (int i = 0; i < 2 * Identity.HISTORY_MAX; i++) {
      pair.cut();
      pair.a.write(1, i);
      pair.settle();
      pair.connect();
    }
    pair.b.kill();
    pair.b.startOnFreshDisk();
    pair.connect();

    assertThat(pair.a.core().splitBrain()).isFalse();
    assertThat(pair.a.core().complete()).isTrue();
    assertThat(pair.equal()).isTrue();
  }

  @Test
  void freshDiskIsATargetOfAForcedCopy() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.a.write(1, 10);
    pair.settle();
    pair.a.kill();
    pair.b.kill();
    pair.b.start();
    assertThat(pair.force(pair.b)).isEqualTo(Verdict.ALLOWED);
    pair.a.startOnFreshDisk();
    pair.connect();

    assertThat(pair.b.core().complete()).isTrue();
    assertThat(pair.equal()).isTrue();
  }
}
