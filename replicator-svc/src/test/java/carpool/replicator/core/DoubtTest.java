package carpool.replicator.core;

import static carpool.replicator.core.Effects.Result.IO_ERROR;
import static carpool.replicator.core.Effects.Result.OK;
import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.PromotionRule.Verdict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A primary that stood still asks before it answers, reads and flushes too.
final class DoubtTest {
  private final CorePair pair = CorePair.inStep(ReplicationMode.FULLSYNC);

  private void written() {
    pair.a.write(3, 30);
    pair.settle();
    pair.a.flush();
    pair.settle();
  }

  /// `a` stands still; `b` has noticed, took over and was written.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void primaryWhosePeerTookOverAnswersNeitherReadsNorFlushes(boolean endSeen) {
    written();
    pair.cutAt(pair.b);
    assertThat(pair.promote(pair.b)).isEqualTo(Verdict.ALLOWED);
    int there = pair.b.write(3, 31);
    pair.settle();
    assertThat(pair.b.answers.get(there)).isEqualTo(OK);
    pair.reachable = true;

    pair.a.core().stoodStill();
    int read = pair.a.read(3);
    int flush = pair.a.flush();
    pair.settle();
    assertThat(pair.a.answers).doesNotContainKeys(read, flush);
    if (endSeen) {
      pair.cut();
    } else {
      pair.ticks(CorePair.TIMEOUT + 2);
      pair.cut();
    }
    pair.settle();

    assertThat(pair.a.answers).doesNotContainKeys(read, flush);
    assertThat(pair.a.core().fenced()).isTrue();
    pair.a.core().setRole(77, Role.SECONDARY, false);
    pair.settle();
    assertThat(pair.a.answers.get(read)).isEqualTo(IO_ERROR);
    assertThat(pair.a.answers.get(flush)).isEqualTo(IO_ERROR);
  }

  @ParameterizedTest
  @EnumSource(ReplicationMode.class)
  void peersWordInTheSessionIsEnough(ReplicationMode mode) {
    var here = CorePair.inStep(mode);
    here.a.write(3, 30);
    here.settle();
    int before = here.a.read(3); // under way when the process stands still
    int flushes = here.b.forPeer;
    here.a.core().stoodStill();
    int read = here.a.read(3);
    int write = here.a.write(4, 40);
    int flush = here.a.flush();
    while (here.b.forPeer == flushes && here.step()) {
      assertThat(here.a.answers).doesNotContainKeys(before, read, write, flush);
    }
    here.settle();

    assertThat(here.a.answers.get(before)).isEqualTo(OK);
    assertThat(here.a.answers.get(read)).isEqualTo(OK);
    assertThat(here.a.value(read)).isEqualTo(30);
    assertThat(here.a.answers.get(write)).isEqualTo(OK);
    assertThat(here.a.answers.get(flush)).isEqualTo(OK);
    assertThat(here.a.core().identity().alone()).isFalse();
  }

  @Test
  void primaryThatIsAloneAsksAgain() {
    written();
    pair.cut();
    pair.a.write(5, 50);
    pair.settle();
    int asked = pair.a.asked;

    pair.a.core().stoodStill();
    int read = pair.a.read(5);
    assertThat(pair.a.answers).doesNotContainKey(read);
    pair.settle();

    assertThat(pair.a.answers.get(read)).isEqualTo(OK);
    assertThat(pair.a.asked).isEqualTo(asked + 1);
  }

  @Test
  void sessionThatIsBegunAfterwardsIsThePeersWord() {
    written();
    pair.losesQuestions = true;
    pair.cut();
    pair.a.core().stoodStill();
    int read = pair.a.read(3);
    pair.settle();
    assertThat(pair.a.answers).doesNotContainKey(read);

    pair.connect();

    assertThat(pair.a.answers.get(read)).isEqualTo(OK);
  }

  @Test
  void secondaryHasNothingToAsk() {
    pair.b.core().stoodStill();
    pair.settle();

    assertThat(pair.b.asked).isZero();
  }
}
