package carpool.replicator.core;

import static carpool.replicator.core.Effects.Result.OK;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// What comes of an earlier session is nobody's: the slot may hold another request by then.
final class LateAnswersTest {
  private static CorePair reconnected(ReplicationMode mode) {
    var pair = CorePair.inStep(mode);
    pair.cut();
    pair.connect();
    pair.settle();
    assertThat(pair.a.core().phase()).isEqualTo(Phase.IN_STEP);
    pair.b.holdArrivals();
    return pair;
  }

  @Test
  void receiptOfAnEarlierSessionAnswersNothing() {
    var pair = reconnected(ReplicationMode.MEMSYNC);
    int write = pair.a.write(3, 30);
    pair.settle();
    pair.a.core().peerReceived(pair.session() - 1, write);
    pair.settle();
    assertThat(pair.a.answers).doesNotContainKey(write);

    pair.b.releaseArrivals();
    pair.settle();
    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
  }

  @Test
  void answerOfAnEarlierSessionAnswersNothing() {
    var pair = reconnected(ReplicationMode.FULLSYNC);
    int write = pair.a.write(3, 30);
    pair.settle();
    pair.a.core().peerWritten(pair.session() - 1, write, true);
    pair.settle();
    assertThat(pair.a.answers).doesNotContainKey(write);

    pair.b.releaseArrivals();
    pair.settle();
    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
  }

  @Test
  void answerToAnotherFlushAnswersNothing() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.a.write(3, 30);
    pair.settle();
    pair.b.holdFlushes();
    int flush = pair.a.flush();
    pair.settle();
    pair.a.core().peerFlushed(pair.session(), 1_000_000, true);
    pair.settle();
    assertThat(pair.a.answers).doesNotContainKey(flush);

    pair.b.releaseFlushes();
    pair.settle();
    assertThat(pair.a.answers.get(flush)).isEqualTo(OK);
  }

  @Test
  void messageOfAnEarlierSessionIsNotObeyed() {
    var pair = reconnected(ReplicationMode.FULLSYNC);
    pair.a
        .core()
        .message(
            pair.session() - 1, new PeerMessage.StateChanged(Role.PRIMARY, DiskState.UP_TO_DATE));
    pair.settle();
    assertThat(pair.a.core().phase()).isEqualTo(Phase.IN_STEP);
    assertThat(pair.a.core().peerRole()).isEqualTo(Role.SECONDARY);
  }

  @Test
  void endOfAnEarlierSessionIsNotThatOfThisOne() {
    var pair = reconnected(ReplicationMode.FULLSYNC);
    pair.a.core().disconnected(pair.session() - 1);
    pair.settle();
    assertThat(pair.a.core().phase()).isEqualTo(Phase.IN_STEP);
  }

  @Test
  void writeOfAnEarlierSessionIsNotCarriedOut() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.a.write(3, 30);
    pair.settle();
    pair.cut();
    pair.connect();
    pair.settle();
    pair.b.core().peerWriteArrived(pair.session() - 1, 15, 0, CorePair.UNIT, WriteKind.DATA, false);
    // Had it begun, a session could not start before its end.
    pair.cut();
    assertThat(pair.b.core().readyForSession()).isTrue();
  }

  /// R5: one writer.
  @Test
  void primaryTakesNoWriteOfItsPeer() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.a.toldWritten = true;
    pair.a.core().peerWriteArrived(pair.session(), 15, 0, CorePair.UNIT, WriteKind.DATA, false);
    assertThat(pair.a.toldWritten).isFalse();
    pair.cut(); // which was asked for
    assertThat(pair.a.core().readyForSession()).isTrue();
  }

  /// A session must not start while a write of the one before may still land.
  @Test
  void sessionWaitsForTheWritesOfTheOneBefore() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.b.hang();
    pair.a.write(3, 30);
    pair.settle();
    pair.cut();
    pair.settle();
    assertThat(pair.b.core().readyForSession()).isFalse();

    pair.b.unhang();
    pair.settle();
    assertThat(pair.b.core().readyForSession()).isTrue();
  }

  /// Clients of a primary that just stood still, alone: its peer may have taken over meanwhile.
  @Test
  void writeInDoubtIsAnsweredWhenThePeerWasAsked() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.cut();
    pair.a.write(3, 30);
    pair.settle();
    assertThat(pair.a.core().identity().alone()).isTrue();
    pair.losesQuestions = true;
    pair.a.core().stoodStill();
    int write = pair.a.write(3, 31);
    int read = pair.a.read(3);
    int flush = pair.a.flush();
    pair.settle();
    assertThat(pair.a.answers).doesNotContainKeys(write, read, flush);

    pair.losesQuestions = false;
    pair.a.core().stoodStill();
    pair.settle();
    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
    assertThat(pair.a.answers.get(read)).isEqualTo(OK);
    assertThat(pair.a.answers.get(flush)).isEqualTo(OK);
  }

  /// The write is on the peer's disk and not on the failed one: it counts when the peer durably
  /// knows that nobody else has it.
  @Test
  void writeThatOnlyThePeerHasWaitsForItsRecord() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.a.write(2, 20); // the extent is marked
    pair.settle();
    pair.b.holdRecords();
    pair.a.refusesWrites = true;
    int write = pair.a.write(3, 30);
    pair.settle();
    assertThat(pair.b.data[3]).isEqualTo(30);
    assertThat(pair.a.answers).doesNotContainKey(write);

    pair.b.releaseRecords();
    pair.settle();
    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
  }

  /// A write while a source waits for its target's word neither goes there nor makes it outdated.
  @Test
  void writeWaitsUntilTheTargetIsReady() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.a.write(3, 30); // on both, flushed on neither
    pair.settle();
    pair.cut();
    long generation = pair.a.core().identity().generation();
    pair.b.holdArrivals();
    pair.connect();
    pair.settle();
    assertThat(pair.a.core().phase()).isEqualTo(Phase.SOURCE_ANNOUNCED);
    int write = pair.a.write(9, 90);
    pair.settle();
    assertThat(pair.a.answers).doesNotContainKey(write);

    pair.b.releaseArrivals();
    pair.settle();
    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
    assertThat(pair.a.core().phase()).isEqualTo(Phase.IN_STEP);
    assertThat(pair.a.core().identity().generation()).isEqualTo(generation);
    assertThat(pair.equal()).isTrue();
  }

  /// Nothing differs, and it is being recorded that the peer may be told so.
  @Test
  void writeWaitsUntilItIsRecordedThatBothAreEqual() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.b.holdFlushes();
    pair.a.flush();
    pair.ticks(CorePair.TIMEOUT + 3); // the peer is too slow: this node goes on without it
    assertThat(pair.a.core().identity().alone()).isTrue();
    assertThat(pair.a.core().differentBytes()).isZero();
    pair.b.releaseFlushes();
    pair.settle();
    for (int i = 0; i < 60 && !pair.a.core().readyForSession(); i++) {
      pair.ticks(1);
    }
    pair.a.holdRecords();
    pair.connect();
    pair.settle();
    assertThat(pair.a.core().phase()).isEqualTo(Phase.SOURCE_RECORDING_CLEAN);
    int write = pair.a.write(9, 90);
    pair.settle();
    assertThat(pair.a.answers).doesNotContainKey(write);

    pair.a.releaseRecords();
    pair.settle();
    pair.a.releaseRecords();
    pair.settle();
    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
    assertThat(pair.a.core().complete()).isTrue();
    assertThat(pair.equal()).isTrue();
  }
}
