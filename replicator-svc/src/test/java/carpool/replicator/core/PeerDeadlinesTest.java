package carpool.replicator.core;

import static carpool.replicator.core.Effects.Result.OK;
import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.PromotionRule.Verdict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A peer that is alive and does not answer, because its disk hangs, holds nobody up for longer
/// than `timeout`.
final class PeerDeadlinesTest {
  /// A peer that hangs gives no leave either; the question ends unanswered.
  private static final int QUESTION = 5;

  private static CorePair inStep(ReplicationMode mode) {
    var pair = CorePair.inStep(mode);
    pair.meetsAgain = true;
    pair.reachable = true;
    pair.a.write(1, 10);
    pair.settle();
    return pair;
  }

  @ParameterizedTest
  @EnumSource(ReplicationMode.class)
  void flushEndsWhenTheFsyncOfThePeerHangs(ReplicationMode mode) {
    var pair = inStep(mode);
    pair.b.hang();

    int flush = pair.a.flush();
    pair.ticks(CorePair.TIMEOUT);
    assertThat(pair.a.answers).doesNotContainKey(flush);
    pair.ticks(1 + QUESTION + 1);

    assertThat(pair.a.answers.get(flush)).isEqualTo(OK);
    assertThat(pair.a.stored().alone()).isTrue();
  }

  @ParameterizedTest
  @EnumSource(ReplicationMode.class)
  void writeEndsWhenTheDiskOfThePeerHangs(ReplicationMode mode) {
    var pair = inStep(mode);
    pair.b.hang();

    int write = pair.a.write(2, 20);
    pair.ticks(CorePair.TIMEOUT + 1 + QUESTION + 1);

    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
  }

  /// The next sessions end in the same way. None of them stalls a client.
  @Test
  void laterRequestsAreAnsweredAtOnceAsLongAsThePeerHangs() {
    var pair = inStep(ReplicationMode.FULLSYNC);
    pair.b.hang();
    pair.a.flush();
    pair.ticks(CorePair.TIMEOUT + QUESTION + 2);

    for (int second = 0; second < 200; second++) {
      int write = pair.a.write(second % CorePair.UNITS, second);
      int flush = pair.a.flush();
      pair.ticks(1);
      assertThat(pair.a.answers.get(write)).as("second %s", second).isEqualTo(OK);
      assertThat(pair.a.answers.get(flush)).as("second %s", second).isEqualTo(OK);
    }
    assertThat(pair.sessions).as("sessions in 200 s").isBetween(2L, 12L);
  }

  @Test
  void pairIsInStepAgainWhenTheDiskGoesOn() {
    var pair = inStep(ReplicationMode.FULLSYNC);
    pair.b.hang();
    pair.a.flush();
    pair.a.write(5, 50);
    pair.ticks(40);
    pair.b.unhang();

    pair.ticks(80);

    assertThat(pair.a.core().complete()).isTrue();
    assertThat(pair.equal()).isTrue();
  }

  /// Held because it is not known yet whether the peer takes writes.
  @ParameterizedTest
  @EnumSource(ReplicationMode.class)
  void announcedSynchronisationEndsWhenTheTargetDoesNotGetReady(ReplicationMode mode) {
    var pair = inStep(mode);
    pair.losesQuestions = true;
    pair.b.hang();
    pair.cut();
    int write = pair.a.write(3, 30);
    pair.connect();
    pair.settle();

    pair.ticks(CorePair.TIMEOUT + QUESTION + 4);

    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
  }

  @Test
  void offerEndsWhenTheTargetDoesNotRecordIt() {
    var pair = inStep(ReplicationMode.FULLSYNC);
    pair.a.flush();
    pair.settle();
    pair.cut();
    pair.b.hang();
    pair.connect();
    assertThat(pair.a.core().phase()).isEqualTo(Phase.OFFERED);

    pair.ticks(CorePair.TIMEOUT + 1);

    assertThat(pair.a.core().phase()).isEqualTo(Phase.APART);
  }

  @Test
  void chunkThatIsNotAnsweredEndsTheSession() {
    var pair = inStep(ReplicationMode.FULLSYNC);
    pair.b.data[40] = 999;
    pair.b.hang();
    pair.a.core().orderSync(true, 0);

    pair.ticks(CorePair.TIMEOUT + 1);

    assertThat(pair.a.core().phase()).isEqualTo(Phase.APART);
  }

  @Test
  void primaryWhoseDiskFailedDoesNotWaitForAPeerThatHangs() {
    var pair = inStep(ReplicationMode.FULLSYNC);
    pair.b.hang();
    pair.a.refusesWrites = true;
    pair.a.write(4, 40);

    pair.ticks(CorePair.TIMEOUT + 2);

    assertThat(pair.a.core().fenced()).isTrue();
  }

  @Test
  void promotionDoesNotWaitForAPeerThatIsMute() {
    var pair = inStep(ReplicationMode.FULLSYNC);
    pair.a.core().setRole(900, Role.SECONDARY, false);
    pair.settle();
    pair.b.verdict = null;
    pair.a.deaf = true;

    pair.b.core().setRole(901, Role.PRIMARY, false);
    pair.ticks(CorePair.TIMEOUT + 2);

    assertThat(pair.b.verdict).isEqualTo(Verdict.ALLOWED);
  }

  @Test
  void questionThatNobodyAnswersEnds() {
    var pair = inStep(ReplicationMode.FULLSYNC);
    pair.meetsAgain = false;
    pair.losesQuestions = true;
    pair.cut();
    int write = pair.a.write(3, 30);

    pair.ticks(QUESTION + 1);

    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
  }

  /// A queue that moves is no peer that hangs: requests wait behind older ones that are answered.
  @Test
  void slowTransferThatGoesOnIsNotEnded() {
    var pair = inStep(ReplicationMode.FULLSYNC);
    long before = pair.sessions;
    pair.b.hang();
    int first = pair.a.write(1, 1);
    int second = pair.a.write(2, 2);
    int third = pair.a.write(3, 3);
    pair.ticks(CorePair.TIMEOUT - 1);
    pair.b.unhangOne();
    pair.ticks(CorePair.TIMEOUT - 1);
    pair.b.unhangOne();
    pair.ticks(CorePair.TIMEOUT - 1);
    pair.b.unhang();
    pair.settle();

    assertThat(pair.a.answers).containsKeys(first, second, third);
    assertThat(pair.sessions).isEqualTo(before);
    assertThat(pair.a.core().complete()).isTrue();
  }

  /// Younger requests that are answered prove nothing for an older one.
  @Test
  void requestThatYoungerOnesOvertakeIsEnded() {
    var pair = inStep(ReplicationMode.FULLSYNC);
    pair.b.hang();
    int stalled = pair.a.write(1, 1);
    pair.settle();
    pair.b.hangsOnlyWhatItHas();
    for (int second = 0; second < CorePair.TIMEOUT + 1; second++) {
      pair.a.write(2 + second, 1);
      pair.ticks(1);
    }
    assertThat(pair.a.core().phase()).isEqualTo(Phase.APART);
    pair.ticks(QUESTION + 2);
    assertThat(pair.a.answers.get(stalled)).isEqualTo(OK);
  }
}
