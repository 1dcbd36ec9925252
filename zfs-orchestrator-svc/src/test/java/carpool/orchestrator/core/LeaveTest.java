package carpool.orchestrator.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// The end of a process that another one replaces: nothing that is served is touched.
final class LeaveTest {
  @Test
  void aServedPoolIsLeftAtOnceAndNothingIsBegunAnyMore() {
    var bench = new Bench(Bench.zfs("web")).serving();
    bench.ask(new Command.Leave()).pass(60);
    bench.carp(Carp.BACKUP).pass(60);

    assertThat(bench.lines()).containsExactly("answer done");
    assertThat(bench.running()).isNull();
  }

  @Test
  void aStandbyIsLeftAtOnce() {
    var bench = new Bench(Bench.zfs("web")).standby();
    bench.ask(new Command.Leave()).pass(60).carp(Carp.MASTER);

    assertThat(bench.lines()).containsExactly("answer done");
  }

  @Test
  void aProcessThatKnowsNothingYetLeavesAtOnce() {
    var bench = new Bench(Bench.zfs("web")).started();
    bench.ask(new Command.Leave());

    assertThat(bench.lines()).contains("answer done").noneMatch(line -> line.startsWith("run"));
  }

  @Test
  void theRunningStepIsWaitedForButNotForLong() {
    var soon = new Bench(Bench.zfs("web")).serving().lookBegun();
    soon.lines();
    soon.ask(new Command.Leave()).pass(0.9);
    assertThat(soon.lines()).isEmpty();
    soon.inspected(true).pass(60);
    assertThat(soon.lines()).containsExactly("answer done");

    var late = new Bench(Bench.zfs("web")).serving().lookBegun();
    late.lines();
    late.ask(new Command.Leave()).pass(1).pass(60);
    assertThat(late.lines()).containsExactly("answer done");
  }

  @Test
  void aTakeoverIsLeftWhereItIs() {
    var bench = new Bench(Bench.zfs("web")).standby();
    bench.carp(Carp.MASTER).ask(new Command.Leave()).done("promote").role(Role.PRIMARY).devices();

    assertThat(bench.lines()).containsExactly("run promote", "= TAKING_OVER", "answer done");
  }

  @Test
  void whatIsBeingGivenUpIsGivenUpFirst() {
    var bench = new Bench(Bench.zfs("web")).serving();
    bench.carp(Carp.BACKUP).ask(new Command.Leave()).pass(3);
    bench.done("stop web").done("export").done("demote").role(Role.SECONDARY).pass(60);

    assertThat(bench.lines())
        .containsExactly(
            "run stop web", "= GIVING_UP", "run export", "run demote", "= STANDBY", "answer done");
  }

  @Test
  void aRoleThatIsLostWhileAStepIsWaitedForIsGivenUpFirst() {
    var bench = new Bench(Bench.zfs("web")).serving().lookBegun();
    bench.lines();
    bench.ask(new Command.Leave()).carp(Carp.BACKUP).inspected(true).pass(3);
    bench.done("stop web").done("export").done("demote").role(Role.SECONDARY);

    assertThat(bench.lines()).startsWith("= GIVING_UP").endsWith("= STANDBY", "answer done");
  }

  @Test
  void aGiveUpThatIsOverruledIsLeftToTheNextProcess() {
    var bench = new Bench(Bench.zfs("web")).serving();
    bench.carp(Carp.BACKUP).ask(new Command.Leave()).carp(Carp.MASTER).done("stop web").pass(60);

    assertThat(bench.lines()).containsExactly("run stop web", "= GIVING_UP", "answer done");
  }

  @Test
  void aSwitchoverIsFinishedFirst() {
    var bench = new Bench(Bench.zfs("web")).serving();
    bench.ask(new Command.Switchover()).ask(new Command.Leave());
    bench.done("stop web").done("export").done("demote").role(Role.SECONDARY);

    assertThat(bench.lines())
        .containsExactly(
            "run stop web",
            "= GIVING_UP",
            "answer BUSY",
            "run export",
            "run demote",
            "resign",
            "= STANDBY",
            "answer done");
  }

  @Test
  void aSwitchoverOfABusyPoolIsCalledOffAndLeftToTheNextProcess() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.ask(new Command.Switchover()).ask(new Command.Leave());
    bench.pass(8).fails("export", Failure.Kind.FAILED).pass(1).inspected(true);
    bench.pass(9).fails("export", Failure.Kind.TIMED_OUT).pass(1).inspected(true);
    bench.pass(60);

    assertThat(bench.lines()).endsWith("answer done").doesNotContain("run promote");
    assertThat(bench.running()).isNull();
  }

  @Test
  void aSwitchoverWhosePeerFellBehindIsLeftToTheNextProcess() {
    var bench = new Bench(Bench.zfs("web")).serving();
    bench.ask(new Command.Switchover()).ask(new Command.Leave()).peer(false, false, false);
    bench.done("stop web").pass(60);

    assertThat(bench.lines())
        .containsExactly("run stop web", "= GIVING_UP", "answer BUSY", "answer done");
  }

  @Test
  void aStopThatFollowsGivesUp() {
    var bench = new Bench(Bench.zfs("web")).serving();
    bench.ask(new Command.Leave()).ask(new Command.Stop());
    bench.done("stop web").done("export").done("demote").role(Role.SECONDARY);

    assertThat(bench.lines())
        .startsWith("answer done", "run stop web")
        .endsWith("resign", "+ not-ready", "= STANDBY", "answer done");
  }

  @Test
  void anUnmanagedPoolIsLeftAsItIs() {
    var bench = new Bench(Bench.zfs("web")).serving();
    bench.ask(new Command.Unmanaged(true, "test")).ask(new Command.Leave()).pass(60);

    assertThat(bench.lines()).containsExactly("answer done", "answer done");
  }

  @Test
  void noCommandIsBegunAnyMore() {
    var bench = new Bench(Bench.zfs("web")).serving();
    bench.ask(new Command.Leave()).ask(new Command.Switchover()).ask(new Command.Export(false));

    assertThat(bench.lines()).containsExactly("answer done", "answer BUSY", "answer BUSY");
  }
}
