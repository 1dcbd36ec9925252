package carpool.replicator.core;

import static carpool.replicator.core.Effects.Result.OK;
import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.PromotionRule.Verdict;
import org.junit.jupiter.api.Test;

/// Pauses that come while a session is begun, and one after the other.
final class PauseTest {
  private final CorePair pair = CorePair.inStep(ReplicationMode.FULLSYNC);

  private void written() {
    pair.a.write(3, 30);
    pair.settle();
    pair.a.flush();
    pair.settle();
  }

  /// The hello was sent before the pause; the peer is asked as soon as it takes writes.
  @Test
  void primaryThatStoodStillWhileASessionWasBegunAsksInIt() {
    written();
    pair.cut();
    pair.settle();
    pair.losesQuestions = true;
    pair.connectWithoutSteps();
    pair.a.core().stoodStill();
    int read = pair.a.read(3);
    pair.settle();
    pair.ticks(10);

    assertThat(pair.a.core().phase()).isEqualTo(Phase.IN_STEP);
    assertThat(pair.a.answers.get(read)).isEqualTo(OK);
  }

  /// The answer was sent before the second pause, in which the peer took over.
  @Test
  void answerFromBeforeTheLastPauseIsNoWordOfThePeer() {
    written();
    pair.a.core().stoodStill();
    pair.a.holdArrivals();
    pair.settle();
    pair.cutAt(pair.b);
    assertThat(pair.promote(pair.b)).isEqualTo(Verdict.ALLOWED);

    pair.a.core().stoodStill();
    int read = pair.a.read(3);
    pair.a.releaseArrivals();
    pair.settle();

    assertThat(pair.a.answers).doesNotContainKey(read);
  }
}
