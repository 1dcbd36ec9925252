package carpool.orchestrator.core;

import static carpool.orchestrator.core.FailbackRuleTest.serving;
import static carpool.orchestrator.core.FailbackRuleTest.standby;
import static org.assertj.core.api.Assertions.assertThat;

import carpool.orchestrator.core.AgreedSwitchoverRule.Attempt;
import carpool.orchestrator.core.AgreedSwitchoverRule.Decision;
import carpool.orchestrator.core.AgreedSwitchoverRule.Kind;
import carpool.orchestrator.core.AgreedSwitchoverRule.Own;
import java.util.List;
import org.junit.jupiter.api.Test;

final class AgreedSwitchoverRuleTest {
  private static final long MINUTE = 60 * Bench.SECOND;
  private static final long NOW = 1_000 * MINUTE;

  private static final GroupSight ASKS = standby("hast1", 0).with(true, "");
  private static final GroupSight QUIET = standby("hast1", 0);
  private static final Own WELL = own(List.of(), List.of(), List.of());
  private static final Own DISK_GONE = own(List.of(), List.of("disk1"), List.of());

  private AgreedSwitchoverRule rule = new AgreedSwitchoverRule(60 * MINUTE, List.of());

  private static Own own(List<String> blockers, List<String> failedDisks, List<String> behind) {
    return new Own(serving("hast2", 100), Carp.MASTER, blockers, failedDisks, behind);
  }

  @Test
  void aLivingPoolMovesToThePreferredNodeThatAsks() {
    assertThat(rule.look(NOW, WELL, ASKS))
        .isEqualTo(new Decision(Kind.FAILBACK, "failback: hast1 is preferred and ready", ""));
    assertThat(rule.look(NOW, WELL, QUIET)).isEqualTo(Decision.NOTHING);
  }

  @Test
  void aNodeThatIsNotPreferredGetsNothing() {
    assertThat(rule.look(NOW, WELL, standby("hast1", 100).with(true, "")))
        .isEqualTo(Decision.NOTHING);
  }

  @Test
  void whoDoesNotServeOrServesByAnOperatorsWordGivesNothingAway() {
    var standby = new Own(QUIET, Carp.MASTER, List.of(), List.of("disk1"), List.of());
    var byWord =
        new Own(serving("hast2", 100), Carp.BACKUP, List.of(), List.of("disk1"), List.of());
    assertThat(rule.look(NOW, standby, ASKS)).isEqualTo(Decision.NOTHING);
    assertThat(rule.look(NOW, byWord, ASKS)).isEqualTo(Decision.NOTHING);
  }

  @Test
  void aFailedDiskMovesThePoolToTheReadyNodeAlsoWhenThatIsNotPreferred() {
    assertThat(rule.look(NOW, DISK_GONE, standby("hast1", 200)))
        .isEqualTo(new Decision(Kind.DISK, "disk failed on hast2: disk1", ""));
  }

  @Test
  void whatStandsAgainstAMoveIsSaid() {
    assertThat(rule.look(NOW, DISK_GONE, null).refusal())
        .isEqualTo("the orchestrator of the other node has said nothing lately");
    assertThat(rule.look(NOW, DISK_GONE, standby("hast1", 0, "maintenance: kernel")).refusal())
        .isEqualTo("hast1 is not ready: maintenance: kernel");
    assertThat(rule.look(NOW, DISK_GONE, serving("hast1", 0)).refusal())
        .isEqualTo("hast1 is no standby");
    assertThat(rule.look(NOW, own(List.of("unmanaged: x"), List.of(), List.of()), ASKS).refusal())
        .isEqualTo("unmanaged: x");
    var behind = rule.look(NOW, own(List.of(), List.of(), List.of("disk1", "disk2")), ASKS);
    assertThat(behind.move()).isNull();
    assertThat(behind.refusal())
        .isEqualTo("not connected or not up to date on hast1: disk1, disk2");
  }

  @Test
  void eachReasonMovesThePoolsOnceInAWindowWhateverCameOfIt() {
    rule.begun(Kind.FAILBACK, NOW);
    rule.ended(Kind.FAILBACK, "could not be exported");
    assertThat(rule.look(NOW + 12 * MINUTE, WELL, ASKS))
        .isEqualTo(
            new Decision(
                null,
                "failback: hast1 is preferred and ready",
                "it was tried and failed (could not be exported) 12 min ago; not again for"
                    + " 48 min"));
    assertThat(rule.look(NOW + 12 * MINUTE, DISK_GONE, ASKS).move()).isEqualTo(Kind.DISK);
    assertThat(rule.look(NOW + 60 * MINUTE, WELL, ASKS).move()).isEqualTo(Kind.FAILBACK);
  }

  @Test
  void aMoveThatSucceededIsNotRepeatedEither() {
    rule.begun(Kind.DISK, NOW);
    rule.ended(Kind.DISK, "");
    assertThat(rule.look(NOW + MINUTE, DISK_GONE, QUIET).refusal())
        .isEqualTo("it was moved for this reason 1 min ago; not again for 59 min");
  }

  @Test
  void attemptsOutliveTheProcessUntilAnOperatorClearsThem() {
    rule.begun(Kind.DISK, NOW);
    var next = new AgreedSwitchoverRule(60 * MINUTE, rule.attempts());
    assertThat(next.look(NOW + MINUTE, DISK_GONE, QUIET).move()).isNull();
    assertThat(next.attempts()).containsExactly(new Attempt(Kind.DISK, NOW, ""));
    next.forget();
    assertThat(next.look(NOW + MINUTE, DISK_GONE, QUIET).move()).isEqualTo(Kind.DISK);
  }
}
