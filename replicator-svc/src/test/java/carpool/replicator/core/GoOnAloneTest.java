package carpool.replicator.core;

import static carpool.replicator.core.Effects.Result.OK;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// No answer without the peer before it is durable that this copy went on alone (R1, R5).
final class GoOnAloneTest {
  @Test
  void writeIsAnsweredOnlyWhenTheNewGenerationIsOnTheDisk() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.a.holdRecords();
    int slot = pair.a.write(3, 30);
    pair.cut();
    pair.settle();
    assertThat(pair.a.answers).doesNotContainKey(slot);

    pair.a.releaseRecords();
    pair.settle();
    assertThat(pair.a.answers).containsEntry(slot, OK);
    assertThat(pair.a.stored().alone()).isTrue();
  }

  @Test
  void recordOfThePromotionIsNotTheRecordOfTheNewGeneration() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.a.write(3, 30); // its extent stays marked
    pair.settle();
    pair.a.flush();
    pair.settle();
    pair.cut();
    pair.a.core().setRole(8, Role.SECONDARY, false);
    pair.settle();
    assertThat(pair.a.core().identity().alone()).isFalse();

    pair.a.core().setRole(9, Role.PRIMARY, false);
    pair.step(); // the peer cannot be asked
    pair.a.holdRecords();
    int slot = pair.a.write(3, 31);
    pair.settle();
    assertThat(pair.a.stored().alone()).isFalse();
    assertThat(pair.a.answers).doesNotContainKey(slot);

    pair.a.releaseRecords();
    pair.settle();
    assertThat(pair.a.answers).containsEntry(slot, OK);
    assertThat(pair.a.stored().alone()).isTrue();
  }
}
