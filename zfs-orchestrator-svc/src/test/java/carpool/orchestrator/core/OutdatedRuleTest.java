package carpool.orchestrator.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class OutdatedRuleTest {
  /// Times in milliseconds.
  @ParameterizedTest
  @CsvSource({
    // carp, role, link down for, heard ago, skew, outdated
    "BACKUP, SECONDARY, 36000, 500, 0, true",
    "BACKUP, SECONDARY, 36000, 500, 100, true",
    // Heard for the last time about when the link broke: the node may be dead.
    "BACKUP, SECONDARY, 36000, 8000, 0, false",
    "BACKUP, SECONDARY, 35400, 500, 0, false",
    // Demoted: its replicator may be what died.
    "BACKUP, SECONDARY, 36000, 500, 240, false",
    "MASTER, SECONDARY, 36000, 500, 0, false",
    "BACKUP, PRIMARY, 36000, 500, 0, false",
    "UNKNOWN, SECONDARY, 36000, 500, 0, false",
  })
  void aCopyIsOutdatedWhenItsPeerIsHeardLongAfterTheLinkBroke(
      Carp carp, Role role, long linkDownMillis, long heardMillis, int skew, boolean outdated) {
    assertThat(
            OutdatedRule.holds(
                carp,
                role,
                linkDownMillis * 1_000_000,
                heardMillis * 1_000_000,
                skew,
                30 * Bench.SECOND))
        .isEqualTo(outdated);
  }
}
