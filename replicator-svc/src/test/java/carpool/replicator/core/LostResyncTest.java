package carpool.replicator.core;

import static carpool.replicator.core.Effects.Result.OK;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The lost resynchronisation of the original (hast.md W1; the real hastd does it 6 times of 6):
/// the link breaks under a write in flight on an otherwise idle device, the nodes meet again, and
/// HAST shows `complete` and dirty 0 while one block differs.
///
/// Here the link breaks after each possible number of steps of the write, 1,000 times in each mode.
final class LostResyncTest {
  private static final int ROUNDS = 1000;

  @ParameterizedTest
  @EnumSource(ReplicationMode.class)
  void writeInFlightWhenTheLinkBreaksIsNeverForgotten(ReplicationMode mode) {
    var random = new Random(mode.name().hashCode());
    var pair = CorePair.inStep(mode);
    int acknowledgedInFlight = 0;
    for (int round = 1; round <= ROUNDS; round++) {
      int unit = random.nextInt(CorePair.UNITS);
      int slot = pair.a.write(unit, round);
      for (int steps = random.nextInt(9); steps > 0; steps--) {
        pair.step();
      }
      if (pair.a.answers.containsKey(slot)) {
        acknowledgedInFlight++;
      }
      pair.cut();
      pair.settle();
      assertThat(pair.a.answers.get(slot)).as("round %s", round).isEqualTo(OK);
      assertThat(
              pair.a.data[unit] == pair.b.data[unit]
                  || pair.a.core().mayDiffer((long) unit * CorePair.UNIT, CorePair.UNIT))
          .as("round %s: unit %s differs and nobody knows", round, unit)
          .isTrue();

      pair.connect();
      assertThat(pair.a.core().complete()).as("round %s", round).isTrue();
      assertThat(pair.a.core().differentBytes()).isZero();
      assertThat(pair.equal()).as("round %s: complete, and a block differs", round).isTrue();
    }
    assertThat(acknowledgedInFlight).as("rounds with the answer before the break").isPositive();
  }
}
