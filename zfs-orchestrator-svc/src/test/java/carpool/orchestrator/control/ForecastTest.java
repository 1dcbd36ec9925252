package carpool.orchestrator.control;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.orchestrator.v1.Failover;
import carpool.orchestrator.v1.Step;
import carpool.orchestrator.v1.StepOutcome;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// hast1 is asked.
final class ForecastTest {
  private static final long HOUR = 3_600_000;

  private final List<Failover> own = new ArrayList<>();
  private final List<Failover> others = new ArrayList<>();

  private static Failover part(String node, String kind, long started, long duration) {
    return Failover.newBuilder()
        .setPool("tank")
        .setNode(node)
        .setKind(kind)
        .setStartedUnixMillis(started)
        .setDurationMillis(duration)
        .setDone(true)
        .addSteps(Step.newBuilder().setOutcome(StepOutcome.STEP_OUTCOME_DONE))
        .build();
  }

  /// A switchover that took so long altogether, with half a second in which the role moved.
  private void moved(String from, long started, long millis) {
    var away = part(from, "switchover", started, 1_000);
    var to = from.equals("hast1") ? "hast2" : "hast1";
    var there = part(to, "takeover", started + 1_500, millis - 1_500);
    (from.equals("hast1") ? own : others).addFirst(away);
    (from.equals("hast1") ? others : own).addFirst(there);
  }

  private double seconds() {
    return new Forecast("tank", "hast1", own, others, 0).seconds();
  }

  @Test
  void theLastOneInThisDirectionWithTheTimeInWhichTheRoleMoved() {
    moved("hast1", HOUR, 9_000);
    moved("hast1", 2 * HOUR, 8_000);
    moved("hast1", 3 * HOUR, 5_500);
    moved("hast2", 4 * HOUR, 2_000);
    assertThat(seconds()).isEqualTo(5.5);
  }

  @Test
  void theMedianOfTheLastThreeWhenTheLastOneWasSlow() {
    moved("hast1", HOUR, 3_000);
    moved("hast1", 2 * HOUR, 5_000);
    moved("hast1", 3 * HOUR, 6_000);
    moved("hast1", 4 * HOUR, 30_000);
    assertThat(seconds()).isEqualTo(6.0);
  }

  @Test
  void elseOfTheOtherDirection() {
    moved("hast2", HOUR, 4_000);
    moved("hast2", 2 * HOUR, 6_000);
    assertThat(seconds()).isEqualTo(5.0);
    moved("hast2", 3 * HOUR, 4_500);
    assertThat(seconds()).isEqualTo(4.5);
  }

  @Test
  void elseWhatGivingUpAndTakingOverTookAndAFailedOneCountsNothing() {
    own.add(part("hast1", "give-up", 5 * HOUR, 1_200));
    others.add(part("hast2", "takeover", HOUR, 2_000));
    others.addFirst(part("hast2", "takeover", 2 * HOUR, 60_000).toBuilder().setDone(false).build());
    assertThat(seconds()).isEqualTo(3.2);
  }

  @Test
  void withoutAHistoryNothingIsSaid() {
    assertThat(seconds()).isNegative();
    own.add(part("hast1", "give-up", HOUR, 1_200));
    assertThat(seconds()).isNegative();
  }

  @Test
  void movesOfOtherPoolsCountNothing() {
    moved("hast1", HOUR, 5_000);
    assertThat(new Forecast("home", "hast1", own, others, 0).seconds()).isNegative();
  }
}
