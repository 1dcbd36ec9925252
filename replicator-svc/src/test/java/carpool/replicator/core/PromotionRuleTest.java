package carpool.replicator.core;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.PromotionRule.Verdict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Who may become primary (docs/replication-protocol.md).
final class PromotionRuleTest {
  /// What stands in the way goes in this order: a primary, a split brain, the copy.
  @ParameterizedTest
  @CsvSource({
    // disk, alone, peerConfigured, agreed, peerPrimary, splitBrain
    "UP_TO_DATE, false, true, true, false, false, ALLOWED",
    "UP_TO_DATE, false, true, false, false, false, ALLOWED",
    "UP_TO_DATE, false, true, true, true, false, PEER_IS_PRIMARY",
    "INCONSISTENT, false, true, true, true, true, PEER_IS_PRIMARY",
    "UP_TO_DATE, true, true, false, false, true, SPLIT_BRAIN",
    "CONSISTENT, false, true, false, false, false, CURRENCY_UNKNOWN",
    "CONSISTENT, true, true, false, false, false, ALLOWED",
    "CONSISTENT, false, false, false, false, false, ALLOWED",
    "CONSISTENT, false, true, true, false, false, ALLOWED",
    "OUTDATED, true, true, true, false, false, COPY_OUTDATED",
    "INCONSISTENT, true, false, true, false, false, COPY_INCONSISTENT",
    "FAILED, true, false, true, false, false, DISK_UNUSABLE",
    "DISKLESS, true, false, true, false, false, DISK_UNUSABLE"
  })
  void copyIsJudged(
      DiskState disk,
      boolean alone,
      boolean peerConfigured,
      boolean agreed,
      boolean peerPrimary,
      boolean splitBrain,
      Verdict verdict) {
    assertThat(
            PromotionRule.judge(
                disk, alone, peerConfigured, agreed, peerPrimary, splitBrain, false))
        .isEqualTo(verdict);
  }

  @Test
  void forceOverridesNeitherAPrimaryNorAMissingDisk() {
    assertThat(Verdict.PEER_IS_PRIMARY.forceable()).isFalse();
    assertThat(Verdict.DISK_UNUSABLE.forceable()).isFalse();
    for (var verdict :
        new Verdict[] {
          Verdict.COPY_INCONSISTENT,
          Verdict.COPY_OUTDATED,
          Verdict.CURRENCY_UNKNOWN,
          Verdict.SPLIT_BRAIN
        }) {
      assertThat(verdict.forceable()).as(verdict.name()).isTrue();
      assertThat(verdict.risk()).as(verdict.name()).isNotEmpty();
    }
  }
}
