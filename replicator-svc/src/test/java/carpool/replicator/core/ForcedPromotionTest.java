package carpool.replicator.core;

import static carpool.replicator.core.Effects.Result.OK;
import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.PromotionRule.Verdict;
import org.junit.jupiter.api.Test;

/// A promotion by force overrides what this copy lacks. The peer's copy, which may be the newer
/// one, stays what it was, and stays to be told from the forced one.
final class ForcedPromotionTest {
  private static final int STEPS = 30;

  /// `a` has an acknowledged write that the power took from `b`; neither knows, neither serves, and
  /// both have the same generation.
  private static CorePair olderCopyUnknown() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    int slot = pair.a.write(1, 11);
    pair.settle();
    assertThat(pair.a.answers.get(slot)).isEqualTo(OK);
    pair.b.kill();
    pair.b.data[1] = 0;
    pair.a.kill();
    pair.a.start();
    pair.b.start();
    pair.reachable = true;
    return pair;
  }

  @Test
  void peerThatIsAskedStaysWhatItWas() {
    var pair = olderCopyUnknown();

    assertThat(pair.force(pair.b)).isEqualTo(Verdict.ALLOWED);

    assertThat(pair.a.core().disk()).isEqualTo(DiskState.CONSISTENT);
    assertThat(pair.a.storedDisk()).isNotEqualTo(DiskState.OUTDATED);
    pair.connect();
    assertThat(pair.a.core().splitBrain()).isTrue();
    assertThat(pair.b.core().splitBrain()).isTrue();
    assertThat(pair.a.data[1]).isEqualTo(11);
  }

  /// Whatever has happened when the nodes meet: before the question, between it and its answer, or
  /// after the promotion.
  @Test
  void nodesThatMeetWhileTheForceIsUnderWayLoseNothing() {
    int splitBrains = 0;
    int newerWon = 0;
    for (int steps = 0; steps < STEPS; steps++) {
      var pair = olderCopyUnknown();
      pair.b.core().setRole(501, Role.PRIMARY, /* force= */ true);
      for (int i = 0; i < steps; i++) {
        pair.step();
      }
      pair.connect();
      if (pair.session() == 0 && !pair.a.core().splitBrain()) {
        pair.connect(); // the role changed while they negotiated
      }

      assertThat(pair.a.data[1]).as("after %s steps", steps).isEqualTo(11);
      if (pair.a.core().splitBrain()) {
        splitBrains++;
      } else {
        newerWon++;
        assertThat(pair.b.data[1]).as("after %s steps", steps).isEqualTo(11);
      }
    }
    assertThat(splitBrains).isPositive();
    assertThat(newerWon).isPositive();
  }

  /// Two never serve at a time while they can reach each other, whichever copy is newer.
  @Test
  void primaryThatCanBeReachedIsNotJoinedByForce() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.b.kill();
    pair.a.write(1, 11);
    pair.settle();
    pair.b.start();
    pair.reachable = true;

    assertThat(pair.force(pair.b)).isEqualTo(Verdict.PEER_IS_PRIMARY);
    assertThat(pair.b.core().role()).isEqualTo(Role.SECONDARY);
    assertThat(pair.a.core().fenced()).isFalse();
  }

  /// A primary of an older generation is not deposed by a force that descends from nothing.
  @Test
  void forceDeposesNoPrimary() {
    var pair = olderCopyUnknown();
    assertThat(pair.force(pair.a)).isEqualTo(Verdict.ALLOWED);

    assertThat(pair.force(pair.b)).isEqualTo(Verdict.PEER_IS_PRIMARY);
    assertThat(pair.a.core().fenced()).isFalse();
  }

  /// A copy for which nothing has to be overridden is promoted as without force.
  @Test
  void forceWithoutNeedIsAnOrdinaryPromotion() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.a.core().setRole(1_000, Role.SECONDARY, false);
    pair.settle();
    pair.cut();
    pair.reachable = true;
    long generation = pair.b.core().identity().generation();

    assertThat(pair.force(pair.b)).isEqualTo(Verdict.ALLOWED);

    assertThat(pair.b.core().identity().generation()).isEqualTo(generation);
    assertThat(pair.a.storedDisk()).isEqualTo(DiskState.OUTDATED);
    pair.connect();
    assertThat(pair.b.core().complete()).isTrue();
  }
}
