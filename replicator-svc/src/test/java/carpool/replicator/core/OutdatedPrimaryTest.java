package carpool.replicator.core;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.PromotionRule.Verdict;
import org.junit.jupiter.api.Test;

/// A node that was promoted on an older copy and then meets the newer one.
final class OutdatedPrimaryTest {
  private final CorePair pair = CorePair.inStep(ReplicationMode.MEMSYNC);

  /// `a` wrote alone and gave up; `b` knows nothing of it, was promoted, and is fenced.
  private void fenceB() {
    pair.cut();
    pair.a.write(1, 11);
    pair.settle();
    demote(pair.a);
    assertThat(pair.promote(pair.b)).isEqualTo(Verdict.ALLOWED);
    pair.connect();
    assertThat(pair.b.core().fenced()).isTrue();
  }

  private void demote(CorePair.Node node) {
    node.core().setRole(1_000, Role.SECONDARY, false);
    pair.settle();
  }

  @Test
  void isNotPromotedAgainBeforeItHasMetTheNewerCopy() {
    fenceB();
    demote(pair.b);
    assertThat(pair.b.core().judgePromotion()).isEqualTo(Verdict.COPY_OUTDATED);

    pair.connect();
    assertThat(pair.b.core().judgePromotion()).isEqualTo(Verdict.ALLOWED);
    assertThat(pair.equal()).isTrue();
  }

  @Test
  void isNoPartyToASplitBrainByWhatItCouldNotAnswer() {
    fenceB();
    pair.b.write(2, 22);
    pair.settle();
    assertThat(pair.b.core().identity().alone()).isFalse();

    demote(pair.b);
    pair.connect();
    assertThat(pair.b.core().splitBrain()).isFalse();
    assertThat(pair.equal()).isTrue();
  }
}
