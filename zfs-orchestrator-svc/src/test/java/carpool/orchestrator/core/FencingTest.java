package carpool.orchestrator.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// The fencing command has a veto before a promotion without the other node's word.
final class FencingTest {
  private static final Step ASKING = new Step.Promote(false, true, "takeover of pool tank");
  private static final Step ALONE = new Step.Promote(false, false, "takeover of pool tank");

  private static Bench takingOver() {
    var bench = new Bench(Bench.fencing("web")).standby();
    bench.carp(Carp.MASTER);
    assertThat(bench.runningStep()).isEqualTo(ASKING);
    return bench;
  }

  @Test
  void aPeerThatAnswersIsNotFenced() {
    var bench = takingOver();
    bench.done("promote").role(Role.PRIMARY).devices().done("import");
    assertThat(bench.lines()).doesNotContain("run fence");
  }

  @Test
  void anUnreachablePeerIsFencedAndThenThePromotionNeedsNoWord() {
    var bench = takingOver();
    bench.refused(Refusal.PEER_UNHEARD).pass(0.1);
    assertThat(bench.running()).isEqualTo("fence");

    bench.done("fence");

    assertThat(bench.runningStep()).isEqualTo(ALONE);
    bench.done("promote").role(Role.PRIMARY).devices().done("import");
    bench.done("start web").done("check web");
    assertThat(bench.passages.getLast().steps())
        .extracting(StepRecord::name)
        .containsExactly(
            "promote", "fence", "promote", "devices", "import", "start web", "check web");
  }

  @Test
  void aVetoIsRespectedAndThePeerIsAskedAgain() {
    var bench = takingOver();
    for (int attempt = 0; attempt < 3; attempt++) {
      bench.refused(Refusal.PEER_UNHEARD).pass(0.1);
      bench.fails("fence", Failure.Kind.FAILED);
      assertThat(bench.running()).isNull();
      bench.pass(11);
      assertThat(bench.runningStep()).as("the peer may be back").isEqualTo(ASKING);
    }
    assertThat(bench.lines()).doesNotContain("run import");
  }

  @Test
  void noAnswerInTimeIsANo() {
    var bench = takingOver();
    bench.refused(Refusal.PEER_UNHEARD).pass(0.1);
    bench.fails("fence", Failure.Kind.TIMED_OUT).pass(11);
    assertThat(bench.runningStep()).isEqualTo(ASKING);
  }

  /// What was fenced an hour ago may have been switched on since.
  @Test
  void eachTakeoverFencesAnew() {
    var bench = takingOver();
    bench.refused(Refusal.PEER_UNHEARD).pass(0.1);
    bench.done("fence");
    bench.fails("promote", Failure.Kind.FAILED).carp(Carp.BACKUP);
    bench.pass(30);
    bench.done("demote").role(Role.SECONDARY);
    bench.carp(Carp.MASTER);
    assertThat(bench.runningStep()).isEqualTo(ASKING);
  }
}
