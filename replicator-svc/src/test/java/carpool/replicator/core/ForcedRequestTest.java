package carpool.replicator.core;

import static carpool.replicator.core.Effects.Result.OK;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// FUA of every kind of write: both copies are flushed before the answer.
final class ForcedRequestTest {
  @ParameterizedTest
  @EnumSource(WriteKind.class)
  void forcedRequestIsAnsweredWhenBothDisksHaveFlushed(WriteKind kind) {
    for (boolean local : new boolean[] {true, false}) {
      var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
      pair.a.write(4, 40);
      pair.settle();
      var late = local ? pair.a : pair.b;
      late.holdFlushes();
      int slot = kind == WriteKind.DATA ? pair.a.writeForced(4, 41) : pair.a.zeroForced(4, kind);
      pair.settle();

      assertThat(pair.a.answers).doesNotContainKey(slot);
      late.releaseFlushes();
      pair.settle();
      assertThat(pair.a.answers.get(slot)).isEqualTo(OK);
    }
  }
}
