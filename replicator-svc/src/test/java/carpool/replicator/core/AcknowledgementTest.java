package carpool.replicator.core;

import static carpool.replicator.core.Effects.Result.OK;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// When a write is answered, in each mode: fullsync, both have written it; memsync, written here
/// and received there; async, written here (hast.conf, `replication`).
final class AcknowledgementTest {
  @Test
  void fullsyncWaitsUntilThePeerHasWritten() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.b.hang();
    int write = pair.a.write(3, 30);
    pair.settle();
    assertThat(pair.a.answers).doesNotContainKey(write);

    pair.b.unhang();
    pair.settle();
    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
    assertThat(pair.b.data[3]).isEqualTo(30);
  }

  @Test
  void memsyncWaitsUntilThePeerHasReceived() {
    var pair = CorePair.inStep(ReplicationMode.MEMSYNC);
    pair.b.hang();
    pair.b.holdArrivals();
    int write = pair.a.write(3, 30);
    pair.settle();
    assertThat(pair.a.answers).doesNotContainKey(write);

    pair.b.releaseArrivals();
    pair.settle();
    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
    assertThat(pair.b.data[3]).as("what the peer has written").isZero();
  }

  @Test
  void asyncWaitsForNobodyElse() {
    var pair = CorePair.inStep(ReplicationMode.ASYNC);
    pair.b.holdArrivals();
    int write = pair.a.write(3, 30);
    pair.settle();
    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
  }

  @ParameterizedTest
  @EnumSource(ReplicationMode.class)
  void noModeAnswersBeforeTheLocalDiskHasWritten(ReplicationMode mode) {
    var pair = CorePair.inStep(mode);
    pair.a.write(2, 20); // the extent is marked
    pair.settle();
    pair.a.hang();
    int write = pair.a.write(3, 30);
    pair.settle();
    assertThat(pair.b.data[3]).as("what the peer has written").isEqualTo(30);
    assertThat(pair.a.answers).doesNotContainKey(write);

    pair.a.unhang();
    pair.settle();
    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
  }

  /// A flush covers what was answered before, on both disks, in every mode.
  @ParameterizedTest
  @EnumSource(ReplicationMode.class)
  void flushWaitsForBothDisks(ReplicationMode mode) {
    for (boolean local : new boolean[] {true, false}) {
      var pair = CorePair.inStep(mode);
      pair.a.write(3, 30);
      pair.settle();
      var late = local ? pair.a : pair.b;
      late.holdFlushes();
      int flush = pair.a.flush();
      pair.settle();
      assertThat(pair.a.answers).doesNotContainKey(flush);

      late.releaseFlushes();
      pair.settle();
      assertThat(pair.a.answers.get(flush)).isEqualTo(OK);
    }
  }
}
