package carpool.replicator.core;

import static carpool.replicator.core.Effects.Result.OK;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What has to be on a disk before somebody is told so.
final class DurabilityOrderTest {
  /// A flush that waits for the new generation is not answered before that is durable.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void flushIsAnsweredOnlyWhenTheNewGenerationIsOnTheDisk(boolean cutWhileFlushing) {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.a.write(3, 30); // on both, flushed on neither
    pair.settle();
    pair.a.holdRecords();
    if (!cutWhileFlushing) {
      pair.cut();
    }
    int flush = pair.a.flush();
    pair.cut();
    pair.settle();
    assertThat(pair.a.core().identity().alone()).isTrue();
    assertThat(pair.a.stored().alone()).isFalse();
    int second = pair.a.flush();
    pair.settle();
    assertThat(pair.a.answers).doesNotContainKeys(flush, second);

    pair.a.releaseRecords();
    pair.settle();
    assertThat(pair.a.answers.get(flush)).isEqualTo(OK);
    assertThat(pair.a.answers.get(second)).isEqualTo(OK);
    assertThat(pair.a.stored().alone()).isTrue();
  }

  /// The same for a write that is forced.
  @Test
  void forcedWriteIsAnsweredOnlyWhenTheNewGenerationIsOnTheDisk() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.a.holdRecords();
    pair.cut();
    int slot = pair.a.writeForced(3, 30);
    pair.settle();
    assertThat(pair.a.answers).doesNotContainKey(slot);

    pair.a.releaseRecords();
    pair.settle();
    assertThat(pair.a.answers.get(slot)).isEqualTo(OK);
  }

  /// memsync: received is answered; a flush that follows waits at the peer until it is written.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void flushOfThePeerWaitsForWritesThatAreReceivedAndNotWritten(boolean forced) {
    var pair = CorePair.inStep(ReplicationMode.MEMSYNC);
    int before = pair.b.forPeer;
    pair.b.hang();
    int write = pair.a.write(3, 30);
    pair.settle();
    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
    int flush = forced ? pair.a.writeForced(9, 90) : pair.a.flush();
    pair.settle();

    assertThat(pair.b.forPeer).as("flushes before the write is on the disk").isEqualTo(before);
    pair.b.unhang();
    pair.settle();
    assertThat(pair.b.forPeer).isGreaterThan(before);
    assertThat(pair.a.answers.get(flush)).isEqualTo(OK);
    assertThat(pair.b.data[3]).isEqualTo(30);
  }

  /// memsync: both fall. What the primary had flushed alone, or the secondary had only received, is
  /// on the primary's disk: that one is the source.
  @Test
  void crashedPrimaryIsTheSourceOfACrashedSecondary() {
    var pair = CorePair.inStep(ReplicationMode.MEMSYNC);
    pair.b.hang();
    int write = pair.a.write(3, 30);
    pair.settle();
    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
    pair.a.kill();
    pair.b.kill();
    pair.settle();
    pair.b.start();
    pair.a.start();
    pair.b.revive();

    pair.connect();
    pair.settle();

    assertThat(pair.a.core().phase()).isEqualTo(Phase.IN_STEP);
    assertThat(pair.b.data[3]).isEqualTo(30);
    assertThat(pair.a.data[3]).isEqualTo(30);
  }

  /// A primary loses its power, and with it what it had not flushed. The peer has that, is promoted
  /// and flushes it for a client: when both have fallen and meet again, that copy counts.
  @Test
  void flushAfterATakeoverOutlivesTheCopyOfTheNodeThatFell() {
    var pair = CorePair.inStep(ReplicationMode.MEMSYNC);
    int write = pair.a.write(3, 30);
    pair.settle();
    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
    pair.a.kill();
    pair.a.data[3] = 0; // it was in the disk's cache
    assertThat(pair.promote(pair.b)).isEqualTo(PromotionRule.Verdict.ALLOWED);
    int flush = pair.b.flush();
    pair.settle();
    assertThat(pair.b.answers.get(flush)).isEqualTo(OK);
    pair.b.kill();
    pair.settle();
    pair.a.start();
    pair.b.start();

    pair.connect();
    pair.promote(pair.a);
    pair.settle();

    assertThat(pair.a.data[3]).isEqualTo(30);
    assertThat(pair.b.data[3]).isEqualTo(30);
  }

  /// The peer's flushes say nothing of a write that its own slow disk had not taken yet when they
  /// began: it is acknowledged after them.
  @Test
  void flushAfterATakeoverCoversWhatTheNodeThatFellWroteAfterItsLastFlushes() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.a.write(2, 20); // marks the extent
    pair.settle();
    pair.a.hang();
    int write = pair.a.write(3, 30);
    pair.settle();
    assertThat(pair.b.data[3]).isEqualTo(30);
    pair.a.hangsOnlyWhatItHas();
    for (int i = 0; i < 3; i++) {
      pair.a.flush();
      pair.settle();
    }
    pair.a.unhangOne();
    pair.settle();
    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
    pair.a.kill();
    pair.a.data[3] = 0; // it was in the disk's cache
    assertThat(pair.promote(pair.b)).isEqualTo(PromotionRule.Verdict.ALLOWED);
    int flush = pair.b.flush();
    pair.settle();
    assertThat(pair.b.answers.get(flush)).isEqualTo(OK);
    pair.b.kill();
    pair.settle();
    pair.a.start();
    pair.b.start();

    pair.connect();
    pair.promote(pair.a);
    pair.settle();

    assertThat(pair.a.data[3]).isEqualTo(30);
    assertThat(pair.b.data[3]).isEqualTo(30);
  }

  /// The same without anything that the node that fell could lack: no new generation, and with it
  /// no part in a split brain.
  @Test
  void flushAfterATakeoverIsNoBranchWhenBothHadFlushed() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.a.write(3, 30);
    pair.settle();
    pair.a.flush();
    pair.settle();
    pair.a.flush();
    pair.settle();
    pair.a.kill();
    pair.promote(pair.b);
    int flush = pair.b.flush();
    pair.settle();

    assertThat(pair.b.answers.get(flush)).isEqualTo(OK);
    assertThat(pair.b.core().identity().alone()).isFalse();
  }

  /// Extents that are merely warm are no changes of a copy that goes on alone.
  @Test
  void warmExtentsAreNotWhatACopyChangedAlone() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.a.write(0, 1); // extent 0
    pair.settle();
    pair.a.write(33, 1); // extent 1
    pair.settle();
    pair.a.flush();
    pair.settle();
    assertThat(pair.a.core().markedExtents()).isEqualTo(2);
    pair.cut();
    pair.a.write(34, 2);
    pair.settle();
    pair.a.kill();
    pair.settle();
    pair.a.start();

    assertThat(pair.a.core().differentBytes()).isEqualTo(CorePair.EXTENT);
  }
}
