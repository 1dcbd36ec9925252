package carpool.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.orchestrator.v1.Counterpart;
import carpool.orchestrator.v1.Failover;
import carpool.orchestrator.v1.GetTimelineResponse;
import carpool.orchestrator.v1.Move;
import carpool.orchestrator.v1.MoveStep;
import carpool.orchestrator.v1.Step;
import carpool.orchestrator.v1.StepOutcome;
import carpool.orchestrator.v1.WitnessChange;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class TimelinePageTest {

  @Test
  void bothNodesStepsStandOnOneScaleAndTheClocksAreCompared() {
    assertThat(
            page(
                GetTimelineResponse.newBuilder()
                    .setPeer(
                        Counterpart.newBuilder()
                            .setNode("hast2")
                            .setReached(true)
                            .setClockAheadMicros(-1_250_000)
                            .setClockExactMicros(1_400))
                    .addMoves(
                        Move.newBuilder()
                            .setPool("zhast")
                            .setStartedUnixMillis(1_000)
                            .setDurationMillis(1_150)
                            .setDone(true)
                            .addParts(
                                Failover.newBuilder()
                                    .setNode("hast1")
                                    .setKind("switchover")
                                    .setCause("switchover"))
                            .addParts(
                                Failover.newBuilder()
                                    .setNode("hast2")
                                    .setKind("takeover")
                                    .setCause("MASTER: resigned"))
                            .addSteps(step("hast1", "export", 1_000, 300, 1))
                            .addSteps(step("hast2", "promote", 1_450, 100, 2)))
                    .build()))
        .isEqualTo(
            """
            clock of hast2: 1.250 s behind (known to 0.001 s); its times are shown by this node's clock
            pool zhast  1970-01-01 00:00:01.000Z  4s ago, took 1.150 s  done
              hast1: switchover (switchover)
              hast2: takeover (MASTER: resigned)
              AFTER    NODE   STEP               TOOK     OUTCOME
              0.000 s  hast1  export             0.300 s  done
              0.450 s  hast2  promote (2 times)  0.100 s  done
            """);
  }

  @Test
  void withoutTheOtherNodeThePageSaysSo() {
    assertThat(
            page(
                GetTimelineResponse.newBuilder()
                    .setPeer(Counterpart.newBuilder().setProblem("the peer cannot be reached"))
                    .build()))
        .isEqualTo(
            """
            warning  this node's part only: the peer cannot be reached
            no failover since the orchestrators began to remember
            """);
  }

  @Test
  void theLossOfTheWitnessAndItsReturnAreBelowTheMoves() {
    assertThat(
            page(
                GetTimelineResponse.newBuilder()
                    .setPeer(Counterpart.newBuilder().setNode("hast2").setReached(true))
                    .addWitnessChanges(
                        WitnessChange.newBuilder()
                            .setUnixMillis(4_000)
                            .setReachable(true)
                            .setEndpoint("https://pi:2379"))
                    .addWitnessChanges(
                        WitnessChange.newBuilder()
                            .setUnixMillis(2_000)
                            .setProblem("https://pi:2379 hangs"))
                    .build()))
        .endsWith(
            """
            witness  1970-01-01 00:00:04.000Z  1s ago  answers again  (https://pi:2379)
            witness  1970-01-01 00:00:02.000Z  3s ago  lost  https://pi:2379 hangs
            """);
  }

  private static MoveStep step(String node, String name, long start, long millis, int attempts) {
    return MoveStep.newBuilder()
        .setNode(node)
        .setStep(
            Step.newBuilder()
                .setName(name)
                .setStartedUnixMillis(start)
                .setDurationMillis(millis)
                .setAttempts(attempts)
                .setOutcome(StepOutcome.STEP_OUTCOME_DONE))
        .build();
  }

  private static String page(GetTimelineResponse answer) {
    var bytes = new ByteArrayOutputStream();
    try (var out = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
      new TimelinePage(out, Paint.PLAIN, Instant.ofEpochMilli(5_000)).print(answer);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
