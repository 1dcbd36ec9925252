package carpool.orchestrator.control;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.orchestrator.v1.Failover;
import carpool.orchestrator.v1.Move;
import carpool.orchestrator.v1.Step;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PairTimelineTest {

  @Test
  void aSwitchoverIsOneMoveOfBothNodesOnOneClock() {
    var there = part("hast2", "takeover", 101_250, 900, "promote", "import");
    var moves =
        PairTimeline.moves(
            List.of(part("hast1", "switchover", 1_000, 400, "export", "demote")),
            List.of(there),
            100_000);

    assertThat(moves).hasSize(1);
    assertThat(moves.getFirst().getStartedUnixMillis()).isEqualTo(1_000);
    assertThat(moves.getFirst().getDurationMillis()).isEqualTo(1_150);
    assertThat(told(moves.getFirst()))
        .containsExactly(
            "0 hast1 export", "10 hast1 demote", "250 hast2 promote", "260 hast2 import");
  }

  @Test
  void aPreemptingTakeoverThatBeganBeforeTheGiveUpIsTheSameMove() {
    var moves =
        PairTimeline.moves(
            List.of(part("hast1", "give-up", 1_100, 400, "export")),
            List.of(part("hast2", "takeover", 1_000, 900, "promote")),
            0);
    assertThat(moves).hasSize(1);
    assertThat(told(moves.getFirst())).containsExactly("0 hast2 promote", "100 hast1 export");
  }

  @Test
  void aCrashLeavesATakeoverAloneAndTheNextMoveIsAnotherOne() {
    var moves =
        PairTimeline.moves(
            List.of(
                part("hast1", "takeover", 60_300, 200, "promote"),
                part("hast1", "give-up", 20_000, 50, "demote")),
            List.of(
                part("hast2", "give-up", 60_000, 200, "export"),
                part("hast2", "takeover", 5_000, 900, "promote")),
            0);
    assertThat(moves.stream().map(PairTimelineTest::told))
        .containsExactly(
            List.of("0 hast2 export", "300 hast1 promote"),
            List.of("0 hast1 demote"),
            List.of("0 hast2 promote"));
  }

  @Test
  void withoutTheOtherNodeItsOwnPartIsTold() {
    var moves =
        PairTimeline.moves(List.of(part("hast1", "takeover", 1, 2, "promote")), List.of(), 0);
    assertThat(moves).hasSize(1);
  }

  /// The other node may run another version.
  @Test
  void anUnknownKindIsToldWithItsWord() {
    var moves =
        PairTimeline.moves(
            List.of(part("hast1", "give-up", 1_000, 400, "export")),
            List.of(part("hast2", "relocation", 1_500, 900, "promote")),
            0);
    assertThat(moves).hasSize(1);
    assertThat(moves.getFirst().getParts(1).getKind()).isEqualTo("relocation");
  }

  private static List<String> told(Move move) {
    return move.getStepsList().stream()
        .map(line ->
            line.getStep().getStartedUnixMillis()
                - move.getStartedUnixMillis()
                + " "
                + line.getNode()
                + " "
                + line.getStep().getName())
        .toList();
  }

  private static Failover part(
      String node, String kind, long started, long duration, String... steps) {
    var out =
        Failover.newBuilder()
            .setPool("tank")
            .setNode(node)
            .setKind(kind)
            .setStartedUnixMillis(started)
            .setDurationMillis(duration)
            .setDone(true);
    for (int i = 0; i < steps.length; i++) {
      out.addSteps(Step.newBuilder().setName(steps[i]).setStartedUnixMillis(started + 10L * i));
    }
    return out.build();
  }
}
