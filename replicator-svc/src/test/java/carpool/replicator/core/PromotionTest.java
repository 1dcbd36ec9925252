package carpool.replicator.core;

import static carpool.replicator.core.Effects.Result.OK;
import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.PromotionRule.Verdict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Who may become primary: the peer is asked whenever it can be reached, session or not.
final class PromotionTest {
  private final CorePair pair = CorePair.inStep(ReplicationMode.FULLSYNC);

  private void demote(CorePair.Node node) {
    node.core().setRole(1_000, Role.SECONDARY, false);
    pair.settle();
  }

  @Test
  void primaryThatCanBeReachedIsNoLessOneWithoutASession() {
    pair.cut();
    pair.reachable = true;
    assertThat(pair.promote(pair.b)).isEqualTo(Verdict.PEER_IS_PRIMARY);
    assertThat(pair.b.core().role()).isEqualTo(Role.SECONDARY);
    assertThat(pair.a.core().fenced()).as("a mere question deposes nobody").isFalse();
    assertThat(pair.force(pair.b)).as("nor does force").isEqualTo(Verdict.PEER_IS_PRIMARY);
  }

  @Test
  void primaryThatWentOnAloneIsFoundByTheQuestion() {
    pair.cut();
    pair.a.write(1, 11);
    pair.settle();
    demote(pair.a);
    pair.reachable = true;

    assertThat(pair.promote(pair.b)).isEqualTo(Verdict.COPY_OUTDATED);
  }

  @Test
  void peerThatCanBeReachedIsOutdatedBeforeThePromotion() {
    demote(pair.a);
    pair.cut();
    pair.reachable = true;

    assertThat(pair.promote(pair.b)).isEqualTo(Verdict.ALLOWED);
    assertThat(pair.a.storedDisk()).isEqualTo(DiskState.OUTDATED);
    pair.connect();
    assertThat(pair.b.core().complete()).isTrue();
    assertThat(pair.a.core().disk()).isEqualTo(DiskState.UP_TO_DATE);
  }

  @Test
  void unreachablePeerHoldsNobodyUp() {
    pair.a.kill();

    assertThat(pair.promote(pair.b)).isEqualTo(Verdict.ALLOWED);
    assertThat(pair.b.asked).isEqualTo(1);
  }

  @Test
  void ofTwoThatArePromotedAtOnceOneIsPrimary() {
    demote(pair.a);
    pair.cut();
    pair.reachable = true;
    pair.a.verdict = null;
    pair.b.verdict = null;

    pair.a.core().setRole(501, Role.PRIMARY, false);
    pair.b.core().setRole(502, Role.PRIMARY, false);
    pair.settle();

    assertThat(pair.a.verdict).isEqualTo(Verdict.ALLOWED);
    assertThat(pair.b.verdict).isEqualTo(Verdict.PEER_IS_PRIMARY);
  }

  /// For whoever fences an unreachable peer first.
  @Test
  void aPromotionThatNeedsThePeersWordIsRefusedWithoutIt() {
    demote(pair.a);
    pair.cut();
    pair.b.verdict = null;

    pair.b.core().setRole(501, Role.PRIMARY, PromotionMode.PEER_WORD);
    pair.settle();

    assertThat(pair.b.verdict).isEqualTo(Verdict.PEER_UNHEARD);
    assertThat(pair.b.core().role()).isEqualTo(Role.SECONDARY);
    assertThat(pair.promote(pair.b)).as("fenced since").isEqualTo(Verdict.ALLOWED);
  }

  @Test
  void thePeersWordCountsOverAnyPath() {
    demote(pair.a);
    pair.cut();
    pair.reachable = true;
    pair.b.verdict = null;

    pair.b.core().setRole(501, Role.PRIMARY, PromotionMode.PEER_WORD);
    pair.settle();

    assertThat(pair.b.verdict).isEqualTo(Verdict.ALLOWED);
  }

  @Test
  void thePeersWordIsGivenInASessionToo() {
    demote(pair.a);
    pair.b.verdict = null;

    pair.b.core().setRole(501, Role.PRIMARY, PromotionMode.PEER_WORD);
    pair.settle();

    assertThat(pair.b.verdict).isEqualTo(Verdict.ALLOWED);
  }

  /// The caller's time is over: what it no longer waits for must not happen afterwards.
  @Test
  void withdrawnPromotionDoesNotHappenLater() {
    demote(pair.a);
    pair.b.kill();
    pair.b.start();
    pair.b.verdict = null;
    pair.b.core().setRole(501, Role.PRIMARY, false);
    pair.settle();
    assertThat(pair.b.verdict).as("it waits for the session").isNull();

    pair.b.core().withdrawPromotion();
    pair.connect();

    assertThat(pair.b.verdict).isEqualTo(Verdict.DISK_UNUSABLE);
    assertThat(pair.b.core().role()).isEqualTo(Role.SECONDARY);
  }

  @Test
  void peerThatConsentedToAWithdrawnPromotionMayBePromotedItself() {
    demote(pair.a);
    pair.b.core().setRole(501, Role.PRIMARY, false);

    pair.b.core().withdrawPromotion();
    pair.settle();

    assertThat(pair.b.core().role()).isEqualTo(Role.SECONDARY);
    assertThat(pair.promote(pair.a)).isEqualTo(Verdict.ALLOWED);
  }

  /// Right after the start of a node: the peer is up and the session is a moment away.
  @Test
  void promotionWaitsForTheSessionThatTellsWhetherTheCopyIsCurrent() {
    demote(pair.a);
    pair.b.kill();
    pair.b.start();
    pair.b.verdict = null;

    pair.b.core().setRole(503, Role.PRIMARY, false);
    pair.ticks(1);
    assertThat(pair.b.verdict).isNull();
    pair.connect();

    assertThat(pair.b.verdict).isEqualTo(Verdict.ALLOWED);
    assertThat(pair.b.core().role()).isEqualTo(Role.PRIMARY);
  }

  /// Whatever a second passes between: a copy that is not in step yet asks nobody.
  @Test
  void promotionWaitsUntilTheCopyIsInStep() {
    for (int steps = 0; steps < 40; steps++) {
      var fresh = CorePair.inStep(ReplicationMode.FULLSYNC);
      fresh.a.core().setRole(1_000, Role.SECONDARY, false);
      fresh.settle();
      fresh.b.kill();
      fresh.b.start();
      fresh.b.verdict = null;
      fresh.b.core().setRole(503, Role.PRIMARY, false);
      fresh.connectWithoutSteps();
      for (int i = 0; i < steps; i++) {
        fresh.step();
      }
      fresh.b.core().tick();
      fresh.settle();

      assertThat(fresh.b.verdict).as("after %s steps", steps).isEqualTo(Verdict.ALLOWED);
    }
  }

  /// A client that came before the role was durable gets no good answer from a node that did not
  /// get it.
  @Test
  void clientsOfAPromotionThatCannotBeRecordedGetErrors() {
    demote(pair.a);
    pair.cut();
    pair.a.core().setRole(1_001, Role.PRIMARY, false);
    pair.step(); // the peer cannot be asked
    int read = pair.a.read(3);
    int flush = pair.a.flush();
    pair.a.refusesWrites = true;
    pair.settle();

    assertThat(pair.a.core().role()).isEqualTo(Role.SECONDARY);
    assertThat(pair.a.answers.get(read)).isEqualTo(Effects.Result.IO_ERROR);
    assertThat(pair.a.answers.get(flush)).isEqualTo(Effects.Result.IO_ERROR);
  }

  @Test
  void promotionWithoutASessionIsRefusedAfterAWhileAndLeavesTheRole() {
    pair.a.kill();
    pair.b.kill();
    pair.b.start();
    pair.b.verdict = null;

    pair.b.core().setRole(504, Role.PRIMARY, false);
    pair.ticks(CorePair.SESSION_WAIT - 1);
    assertThat(pair.b.verdict).isNull();
    pair.ticks(1);

    assertThat(pair.b.verdict).isEqualTo(Verdict.CURRENCY_UNKNOWN);
    assertThat(pair.b.core().role()).isEqualTo(Role.SECONDARY);
  }

  /// Each question is on its way when the other's second passes; `a` was promoted as long ago as
  /// `b`, or a second earlier, or later.
  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 1})
  void questionsOfTwoPrimariesThatCrossLeaveOneOfThem(int earlier) {
    pair.cut();
    assertThat(pair.promote(pair.b)).isEqualTo(Verdict.ALLOWED);
    var first = earlier < 0 ? pair.b : pair.a;
    for (int i = 0; i < Math.abs(earlier); i++) {
      first.core().tick();
    }
    pair.reachable = true;
    int here = pair.a.write(3, 33);
    int there = pair.b.write(4, 44);
    int before = pair.b.asked;
    while (pair.a.asked == 0 || pair.b.asked == before) {
      assertThat(pair.step()).isTrue();
    }
    pair.a.core().tick();
    pair.b.core().tick();
    pair.settle();

    assertThat(pair.a.core().fenced()).isNotEqualTo(pair.b.core().fenced());
    var serving = pair.a.core().fenced() ? pair.b : pair.a;
    assertThat(serving.answers.get(serving == pair.a ? here : there)).isEqualTo(OK);
  }
}
