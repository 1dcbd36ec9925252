package carpool.replicator.core;

import static carpool.replicator.core.Effects.Result.IO_ERROR;
import static carpool.replicator.core.Effects.Result.OK;
import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.PromotionRule.Verdict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A node that gives its role up to its peer asks for nothing when the link breaks in that moment.
final class GivingUpTest {
  private static final int TICKS = 20;

  private CorePair pair = CorePair.inStep(ReplicationMode.FULLSYNC);

  private void demote(CorePair.Node node) {
    node.core().setRole(1_000, Role.SECONDARY, false);
    pair.settle();
  }

  /// `a` gives up and has lost `b`, which it could ask.
  private void apartWhileGivingUp() {
    pair.a.core().beginGivingUp(TICKS);
    pair.cut();
    pair.reachable = true;
  }

  @Test
  void lostPeerIsNotAskedAndStaysPromotable() {
    long generation = pair.a.core().identity().generation();
    apartWhileGivingUp();
    int write = pair.a.write(1, 11);
    int flush = pair.a.flush();
    pair.ticks(TICKS - 2);

    assertThat(pair.a.asked).isZero();
    assertThat(pair.a.answers).doesNotContainKeys(write, flush);
    assertThat(pair.a.core().clientRequests()).isEqualTo(new ClientRequests(0, 0, 1));
    assertThat(pair.a.stored().generation()).isEqualTo(generation);
    assertThat(pair.b.core().disk()).isEqualTo(DiskState.UP_TO_DATE);
    assertThat(pair.b.core().judgePromotion()).isEqualTo(Verdict.ALLOWED);
  }

  @Test
  void whatWasHeldIsAnsweredWhenTheNodesMeetAgain() {
    apartWhileGivingUp();
    int write = pair.a.write(1, 11);
    int flush = pair.a.flush();
    pair.settle();

    pair.connect();

    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
    assertThat(pair.a.answers.get(flush)).isEqualTo(OK);
    assertThat(pair.b.data[1]).isEqualTo(11);
    assertThat(pair.a.core().givingUp()).as("the role is still to be given up").isTrue();
  }

  /// All that clients were told the peer has, too, be it only in its cache.
  @Test
  void roleThatGoesWithoutThePeerBeginsNoGeneration() {
    int write = pair.a.write(1, 11);
    pair.settle();
    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
    long generation = pair.a.core().identity().generation();
    apartWhileGivingUp();
    demote(pair.a);

    assertThat(pair.a.core().role()).isEqualTo(Role.SECONDARY);
    assertThat(pair.a.core().givingUp()).isFalse();
    assertThat(pair.a.stored().generation()).isEqualTo(generation);
    assertThat(pair.promote(pair.b)).isEqualTo(Verdict.ALLOWED);
    int after = pair.b.write(2, 22);
    pair.settle();
    assertThat(pair.b.answers.get(after)).isEqualTo(OK);
    pair.connect();
    assertThat(pair.a.core().splitBrain()).isFalse();
    assertThat(pair.equal()).isTrue();
    assertThat(pair.a.data[1]).isEqualTo(11);
    assertThat(pair.a.data[2]).isEqualTo(22);
  }

  /// What was not answered is only here; the peer, promoted meanwhile, overwrites it.
  @Test
  void heldWriteThatWasCutOffIsNoBranch() {
    apartWhileGivingUp();
    pair.reachable = false;
    int write = pair.a.write(1, 11);
    pair.settle();
    assertThat(pair.promote(pair.b)).isEqualTo(Verdict.ALLOWED);
    pair.b.write(2, 22);
    pair.settle();
    pair.a.core().cutOff();
    demote(pair.a);

    assertThat(pair.a.answers.get(write)).isEqualTo(IO_ERROR);
    pair.connect();
    assertThat(pair.a.core().splitBrain()).isFalse();
    assertThat(pair.a.data[1]).isZero();
    assertThat(pair.a.data[2]).isEqualTo(22);
  }

  /// A peer that was promoted while this node holds is met as the one that goes on.
  @Test
  void peerThatTookOverMeanwhileIsMetAsTheOneThatGoesOn() {
    apartWhileGivingUp();
    pair.reachable = false;
    int write = pair.a.write(1, 11);
    pair.settle();
    pair.a.core().tick();
    assertThat(pair.promote(pair.b)).isEqualTo(Verdict.ALLOWED);
    pair.connect();

    assertThat(pair.a.core().fenced()).isTrue();
    assertThat(pair.b.core().fenced()).isFalse();
    assertThat(pair.a.answers).doesNotContainKey(write);
  }

  @Test
  void nodeThatServesOnAsksThen() {
    apartWhileGivingUp();
    int write = pair.a.write(1, 11);
    pair.settle();
    pair.a.core().withdrawGivingUp();
    pair.settle();

    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
    assertThat(pair.b.storedDisk()).isEqualTo(DiskState.OUTDATED);
  }

  /// The orchestrator fell after it had said so.
  @Test
  void wordIsOverAfterItsTime() {
    apartWhileGivingUp();
    int write = pair.a.write(1, 11);
    pair.ticks(TICKS - 1);
    assertThat(pair.a.answers).doesNotContainKey(write);
    pair.ticks(1);

    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
    assertThat(pair.a.core().givingUp()).isFalse();
  }

  @Test
  void repeatedWordCountsAnew() {
    apartWhileGivingUp();
    int write = pair.a.write(1, 11);
    pair.ticks(TICKS - 1);
    pair.a.core().beginGivingUp(TICKS);
    pair.ticks(TICKS - 1);

    assertThat(pair.a.answers).doesNotContainKey(write);
  }

  /// An answer that async gave before the peer had received the write must not be lost by a move.
  @ParameterizedTest
  @EnumSource(ReplicationMode.class)
  void peerIsAskedForWhatWasAnsweredAndOnlyIsHere(ReplicationMode mode) {
    pair = CorePair.inStep(mode);
    pair.a.core().beginGivingUp(TICKS);
    pair.b.holdArrivals();
    int write = pair.a.write(1, 11);
    pair.settle();
    boolean told = pair.a.answers.containsKey(write);
    assertThat(told).isEqualTo(mode == ReplicationMode.ASYNC);
    pair.cut();
    pair.reachable = true;
    pair.settle();
    pair.ticks(1);

    assertThat(pair.a.asked > 0).isEqualTo(told);
    assertThat(pair.b.storedDisk() == DiskState.OUTDATED).isEqualTo(told);
  }

  /// A node that stood still while it gives up answers nothing, and asks when it serves on.
  @Test
  void nodeThatStoodStillHoldsItsAnswers() {
    apartWhileGivingUp();
    pair.a.core().stoodStill();
    int read = pair.a.read(1);
    pair.settle();
    assertThat(pair.a.answers).doesNotContainKey(read);
    assertThat(pair.a.asked).isZero();

    pair.a.core().withdrawGivingUp();
    pair.settle();
    assertThat(pair.a.answers.get(read)).isEqualTo(OK);
  }

  @Test
  void secondaryHasNothingToGiveUp() {
    pair.b.core().beginGivingUp(TICKS);
    assertThat(pair.b.core().givingUp()).isFalse();
    demote(pair.a);
    assertThat(pair.promote(pair.b)).isEqualTo(Verdict.ALLOWED);
    assertThat(pair.b.core().givingUp()).isFalse();
  }
}
