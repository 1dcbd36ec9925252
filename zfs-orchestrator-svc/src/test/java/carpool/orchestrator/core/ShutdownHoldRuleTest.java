package carpool.orchestrator.core;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.orchestrator.core.ShutdownHoldRule.Decision;
import org.junit.jupiter.api.Test;

final class ShutdownHoldRuleTest {
  private static final long SECOND = Bench.SECOND;
  private static final Decision FREE = new Decision(false, "");
  private static final Decision HELD = new Decision(true, "");

  private final ShutdownHoldRule rule = new ShutdownHoldRule(60 * SECOND);

  @Test
  void nothingIsHeldWhileBothCopiesAreComplete() {
    assertThat(rule.look(0, "", false)).isEqualTo(FREE);
    assertThat(rule.look(SECOND, "", true)).isEqualTo(FREE);
  }

  @Test
  void theHoldIsThereBeforeAShutdownAndEndsAfterItsTimeWithAWarningEachTime() {
    assertThat(rule.look(0, "disk1", false)).isEqualTo(HELD);
    var asked = rule.look(10 * SECOND, "disk1", true);
    assertThat(asked.hold()).isTrue();
    assertThat(asked.warning())
        .isEqualTo(
            "carpool: the only complete copy is on this node: disk1. After a shutdown nobody serves"
                + " it; the shutdown is held for up to 60 s");
    assertThat(rule.look(69 * SECOND, "disk1", true)).isEqualTo(HELD);
    var over = rule.look(70 * SECOND, "disk1", true);
    assertThat(over.hold()).isFalse();
    assertThat(over.warning()).contains("the shutdown goes on", "disk1");
    assertThat(rule.look(71 * SECOND, "disk1", true)).isEqualTo(FREE);
  }

  @Test
  void theShutdownGoesOnWhenTheOtherCopyIsComplete() {
    var _ = rule.look(0, "disk1", true);
    assertThat(rule.look(SECOND, "", true))
        .isEqualTo(
            new Decision(false, "carpool: the other copy is complete; the shutdown goes on"));
    assertThat(rule.look(2 * SECOND, "", true)).isEqualTo(FREE);
  }

  @Test
  void aShutdownThatWasCalledOffIsHeldAnewTheNextTime() {
    var _ = rule.look(0, "disk1", true);
    assertThat(rule.look(100 * SECOND, "disk1", false)).isEqualTo(HELD);
    assertThat(rule.look(101 * SECOND, "disk1", true).hold()).isTrue();
    assertThat(rule.look(160 * SECOND, "disk1", true).hold()).isTrue();
  }

  @Test
  void withoutATimeNothingIsHeld() {
    assertThat(new ShutdownHoldRule(0).look(0, "disk1", false)).isEqualTo(FREE);
  }
}
