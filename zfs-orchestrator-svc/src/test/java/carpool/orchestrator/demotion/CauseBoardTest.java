package carpool.orchestrator.demotion;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.election.v1.Demotion;
import carpool.orchestrator.core.Cause;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// What the election is told, from what it shows and what the pools of the node say.
final class CauseBoardTest {
  private static final String GROUP = "storage";

  private final CauseBoard board = new CauseBoard(List.of(), List::of);

  /// As the election shows what was told to it.
  private static Demotion shown(Cause cause, String text) {
    return Demotion.newBuilder()
        .setCause(cause.word())
        .setAmount(cause.amount())
        .setText(text)
        .build();
  }

  private static CauseBoard.Change told(Cause cause, @Nullable String text) {
    return new CauseBoard.Change(GROUP, cause, text);
  }

  @Test
  void causeThatStandsIsToldOnceAndTakenBackWhenItIsOver() {
    board.set(GROUP, "tank", Cause.SERVICE, "web failed");
    assertThat(board.changes(GROUP, List.of())).containsExactly(told(Cause.SERVICE, "web failed"));

    var present = List.of(shown(Cause.SERVICE, "web failed"));
    assertThat(board.changes(GROUP, present)).isEmpty();

    board.set(GROUP, "tank", Cause.SERVICE, null);
    assertThat(board.changes(GROUP, present)).containsExactly(told(Cause.SERVICE, null));
    assertThat(board.changes(GROUP, List.of())).isEmpty();
  }

  @Test
  void causeWithAnotherTextOrAmountIsToldAnew() {
    board.set(GROUP, "tank", Cause.POOL, "tank is FAULTED");

    assertThat(board.changes(GROUP, List.of(shown(Cause.POOL, "tank is SUSPENDED"))))
        .containsExactly(told(Cause.POOL, "tank is FAULTED"));
    var lighter = shown(Cause.POOL, "tank is FAULTED").toBuilder().setAmount(1).build();
    assertThat(board.changes(GROUP, List.of(lighter)))
        .containsExactly(told(Cause.POOL, "tank is FAULTED"));
  }

  @Test
  void causeOfTwoPoolsStandsUntilBothTakeItBack() {
    board.set(GROUP, "tank", Cause.POOL, "tank is FAULTED");
    board.set(GROUP, "zhast", Cause.POOL, "zhast is SUSPENDED");
    assertThat(board.changes(GROUP, List.of()))
        .containsExactly(told(Cause.POOL, "tank is FAULTED; zhast is SUSPENDED"));

    board.set(GROUP, "tank", Cause.POOL, null);
    assertThat(board.changes(GROUP, List.of()))
        .containsExactly(told(Cause.POOL, "zhast is SUSPENDED"));

    board.set(GROUP, "zhast", Cause.POOL, null);
    assertThat(board.changes(GROUP, List.of())).isEmpty();
  }

  @Test
  void causesOfOthersAndOfAnotherGroupAreLeftAlone() {
    board.set(GROUP, "tank", Cause.SERVICE, "web failed");
    var foreign = new ArrayList<Demotion>();
    foreign.add(Demotion.newBuilder().setCause("interface-down").setAmount(240).build());

    assertThat(board.changes("office", foreign)).isEmpty();
  }
}
