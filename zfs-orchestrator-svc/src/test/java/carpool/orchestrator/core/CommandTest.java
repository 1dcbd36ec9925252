package carpool.orchestrator.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class CommandTest {
  @Test
  void aSwitchoverGivesUpFirstThenResignsAndWaitsForThePeer() {
    var bench = new Bench(Bench.zfs("web")).serving();

    bench.ask(new Command.Switchover());
    bench.done("stop web").done("export").done("demote").role(Role.SECONDARY);
    bench.carp(Carp.BACKUP);
    bench.peer(true, true, true);

    assertThat(bench.lines())
        .containsExactly(
            "run stop web",
            "= GIVING_UP",
            "run export",
            "run demote",
            "resign",
            "= STANDBY",
            "answer done");
    assertThat(bench.passages.getLast().kind()).isEqualTo(PassageKind.SWITCHOVER);
  }

  @Test
  void aSwitchoverIsRefusedWhileThePeerCouldNotServe() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.peer(true, false, false).ask(new Command.Switchover());
    bench.peer(false, false, false).ask(new Command.Switchover());

    assertThat(bench.lines()).containsExactly("answer PEER_NOT_READY", "answer PEER_UNREACHABLE");
  }

  /// The peer takes no session with a secondary whose disk failed, and needs none: all that was
  /// answered is on its disk.
  @Test
  void aSwitchoverAwayFromAFailedDiskGoesOnWhenThatResourceHasLostItsSession() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.refusal("disk1", Refusal.DISK_UNUSABLE);

    bench.ask(new Command.Switchover()).done("export");
    bench.demoted("disk1", false);
    bench.demoted("disk2", true);
    bench.done("demote").carp(Carp.BACKUP).peer(true, true, true);

    assertThat(bench.lines())
        .containsSubsequence(
            "run export", "= GIVING_UP", "run demote", "resign", "= STANDBY", "answer done")
        .doesNotContain("run promote");
  }

  @Test
  void aSwitchoverEndsWhenThePeerOfAGoodDiskIsLost() {
    var bench = new Bench(Bench.zfs()).serving();

    bench.ask(new Command.Switchover()).done("export");
    bench.demoted("disk1", false).done("demote");

    assertThat(bench.lines()).contains("answer PEER_UNREACHABLE");
  }

  @Test
  void aSwitchoverOfABusyPoolDoesNotBreakWhatWorks() {
    var bench = new Bench(Bench.zfs("web")).serving();
    bench.ask(new Command.Switchover());
    bench.done("stop web").pass(8).fails("export", Failure.Kind.FAILED).pass(1).inspected(true);
    bench.pass(9).fails("export", Failure.Kind.TIMED_OUT).pass(1);
    bench.inspected(true).done("start web").done("check web");

    assertThat(bench.lines())
        .containsExactly(
            "run stop web",
            "= GIVING_UP",
            "run export",
            "run inspect",
            "run export",
            "run inspect",
            "answer POOL_BUSY",
            "run start web",
            "= TAKING_OVER",
            "run check web",
            "= SERVING");
  }

  @Test
  void aPeerThatDoesNotTakeOverGetsThePoolBackToThisNode() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.ask(new Command.Switchover()).done("export").done("demote").role(Role.SECONDARY);
    bench.carp(Carp.BACKUP).pass(4).carp(Carp.MASTER);

    assertThat(bench.lines())
        .containsExactly(
            "run export",
            "= GIVING_UP",
            "run demote",
            "resign",
            "= STANDBY",
            "answer PEER_NOT_READY",
            "run promote",
            "= TAKING_OVER");
  }

  @Test
  void aResignationThatIsNotHeardEndsInServingAgain() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.ask(new Command.Switchover()).done("export").done("demote").role(Role.SECONDARY);
    bench.lines();
    bench.pass(10);

    assertThat(bench.lines()).containsExactly("answer STEP_FAILED", "run promote", "= TAKING_OVER");
  }

  @Test
  void maintenanceHandsOverAndOnlyThenRulesMasterOut() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.ask(new Command.Maintenance(true, "new disks"));
    bench.done("export").done("demote").role(Role.SECONDARY);
    assertThat(bench.lines())
        .containsExactly(
            "answer done", "run export", "= GIVING_UP", "run demote", "+ maintenance", "= STANDBY");

    bench.carp(Carp.BACKUP).ask(new Command.Maintenance(false, ""));
    assertThat(bench.lines()).containsExactly("answer done", "- maintenance");
  }

  @Test
  void anExportKeepsTheResourcesPrimaryUntilImportIsAskedFor() {
    var bench = new Bench(Bench.zfs("web")).serving();
    bench.ask(new Command.Export(false)).done("stop web").done("export");
    assertThat(bench.lines())
        .containsExactly("run stop web", "= GIVING_UP", "run export", "answer done", "= BLOCKED");
    assertThat(bench.machine.view().problem()).contains("carpool pool import tank");

    bench.ask(new Command.Import()).inspected(false).done("import");
    bench.done("start web").done("check web");
    assertThat(bench.lines())
        .containsExactly(
            "run inspect",
            "= TAKING_OVER",
            "run import",
            "run start web",
            "run check web",
            "= SERVING",
            "answer done");
  }

  @Test
  void anExportedPoolIsGivenUpWhenTheMasterMoves() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.ask(new Command.Export(false)).done("export");
    bench.lines();
    bench.carp(Carp.BACKUP).inspected(false).done("demote");
    bench.role(Role.SECONDARY).carp(Carp.MASTER);

    assertThat(bench.lines())
        .containsExactly(
            "run inspect",
            "= GIVING_UP",
            "run demote",
            "= STANDBY",
            "run promote",
            "= TAKING_OVER");
  }

  @Test
  void aSwitchoverThatIsNotDoneInTimeEndsInServingHere() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.ask(new Command.Switchover());
    bench.expire().done("export").done("import").expire();

    assertThat(bench.lines())
        .containsExactly(
            "run export",
            "= GIVING_UP",
            "answer DEADLINE_EXCEEDED",
            "= TAKING_OVER",
            "run import",
            "= SERVING");
  }

  @Test
  void anExportThatIsNotDoneInTimeIsTakenBack() {
    var bench = new Bench(Bench.zfs("web")).serving();
    bench.ask(new Command.Export(false)).expire().done("stop web").done("start web");

    assertThat(bench.lines())
        .containsExactly(
            "run stop web",
            "= GIVING_UP",
            "answer DEADLINE_EXCEEDED",
            "= TAKING_OVER",
            "run start web",
            "run check web");
  }

  @Test
  void importIsRefusedOnANodeWithoutTheRightToWrite() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.ask(new Command.Import());
    assertThat(bench.lines()).containsExactly("answer NOT_SERVING");
  }

  @Test
  void aForcedTakeoverServesBeforeThisNodeIsMaster() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.refusal(Refusal.CURRENCY_UNKNOWN);
    bench.lines();

    bench.ask(new Command.TakeOver(true));
    assertThat(bench.runningStep())
        .isEqualTo(new Step.Promote(true, false, "takeover of pool tank"));
    bench.done("promote").role(Role.PRIMARY).devices().done("import");

    assertThat(bench.lines())
        .containsExactly(
            "run promote",
            "= TAKING_OVER",
            "- data-not-current",
            "run import",
            "= SERVING",
            "answer done");
  }

  @Test
  void aTakeoverWithoutForceIsRefusedWhileTheOtherNodeMayBeWriting() {
    var apart = new Bench(Bench.zfs()).standby().peer(false, false, false);
    apart.lines();
    assertThat(apart.ask(new Command.TakeOver(false)).lines())
        .containsExactly("answer PEER_UNREACHABLE");

    var beside = new Bench(Bench.zfs()).standby().peer(true, true, true);
    beside.lines();
    assertThat(beside.ask(new Command.TakeOver(false)).lines())
        .containsExactly("answer PEER_IS_PRIMARY");
  }

  @Test
  void aTakeoverWithoutForceEndsWhenTheLinkBreaksBeforeThePromotion() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.ask(new Command.TakeOver(false)).refused(Refusal.PEER_IS_PRIMARY);
    bench.lines();

    bench.peer(false, false, false).done("demote");

    assertThat(bench.lines()).contains("answer STEP_FAILED").doesNotContain("run promote");
  }

  @Test
  void aTakeoverWithoutForceThatServesGivesUpWhenTheLinkBreaks() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.ask(new Command.TakeOver(false)).done("promote").role(Role.PRIMARY).devices();
    bench.done("import");
    bench.lines();

    bench.peer(false, false, false);

    assertThat(bench.lines()).contains("= GIVING_UP", "run export");
  }

  @Test
  void aForcedTakeoverStaysWithoutTheLink() {
    var bench = new Bench(Bench.zfs()).standby().peer(false, false, false);
    bench.ask(new Command.TakeOver(true)).done("promote").role(Role.PRIMARY).devices();
    bench.done("import").peer(false, false, false);

    assertThat(bench.lines()).contains("= SERVING").doesNotContain("= GIVING_UP");
  }

  @Test
  void aSwitchoverEndsHereWhenTheLinkBreaksBeforeTheRoleIsGone() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.ask(new Command.Switchover()).done("export");
    bench.lines();

    bench.done("demote");
    assertThat(bench.lines()).doesNotContain("resign");

    bench.peer(false, false, false);
    assertThat(bench.lines())
        .contains("answer PEER_UNREACHABLE", "= TAKING_OVER")
        .doesNotContain("resign");
  }

  @Test
  void maintenanceIsRefusedWhileWhatIsWrittenHereIsMissingOnTheOtherNode() {
    var bench = new Bench(Bench.zfs()).serving().peer(false, false, false);
    bench.lines();

    bench.ask(new Command.Maintenance(true, "new disks"));

    assertThat(bench.lines()).containsExactly("answer PEER_UNREACHABLE");
  }

  @Test
  void aTakeoverThatIsRefusedSaysWhy() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.ask(new Command.TakeOver(false)).refused(Refusal.COPY_INCONSISTENT).done("demote");

    assertThat(bench.lines())
        .contains("+ data-not-current", "answer STEP_FAILED")
        .doesNotContain("run import");
  }

  @Test
  void stopGivesUpResignsAndAnswersLast() {
    var bench = new Bench(Bench.zfs("web")).serving();
    bench.ask(new Command.Stop());
    bench.done("stop web").done("export").done("demote");

    assertThat(bench.lines())
        .containsExactly(
            "run stop web",
            "= GIVING_UP",
            "run export",
            "run demote",
            "resign",
            "+ not-ready",
            "= STANDBY",
            "answer done");
    assertThat(bench.machine.yielded()).isTrue();
  }

  @Test
  void oneCommandAtATime() {
    var bench = new Bench(Bench.zfs("web")).serving();
    bench.ask(new Command.Switchover()).ask(new Command.Export(false));
    assertThat(bench.lines()).containsExactly("run stop web", "= GIVING_UP", "answer BUSY");
  }

  @Test
  void maintenanceIsRefusedWhileTheOtherCopyIsHalfSynchronised() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.peer(true, false, false).ask(new Command.Maintenance(true, "new disks"));

    assertThat(bench.lines()).containsExactly("answer PEER_NOT_READY");
    assertThat(bench.machine.view().maintenance()).isFalse();
  }

  @Test
  void aCheckAnswersAsTheCommandWouldAndChangesNothing() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.ask(new Command.Check(new Command.Switchover()));
    bench.ask(new Command.Check(new Command.Maintenance(true, "")));
    bench.peer(false, false, false);
    bench.ask(new Command.Check(new Command.Switchover()));
    bench.ask(new Command.Check(new Command.Maintenance(true, "")));

    assertThat(bench.lines())
        .containsExactly(
            "answer done", "answer done", "answer PEER_UNREACHABLE", "answer PEER_UNREACHABLE");
    assertThat(bench.machine.view().phase()).isEqualTo(Phase.SERVING);
  }

  @Test
  void aCheckSeesTheCommandThatIsBeingCarriedOutAndUnmanagedMode() {
    var busy = new Bench(Bench.zfs()).serving();
    busy.ask(new Command.Switchover()).ask(new Command.Check(new Command.Switchover()));
    assertThat(busy.lines()).endsWith("answer BUSY");

    var unmanaged = new Bench(Bench.zfs()).serving();
    unmanaged.ask(new Command.Unmanaged(true, "look"));
    unmanaged.ask(new Command.Check(new Command.Switchover()));
    assertThat(unmanaged.lines()).containsExactly("answer done", "answer UNMANAGED");
  }

  /// The cause of demotion makes the other node serve; the pool is still here.
  @Test
  void aSwitchoverThatEndsInACutOffIsNoPlannedMoveAnyMore() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.ask(new Command.Switchover()).fenced().fails("export", Failure.Kind.TIMED_OUT).pass(1);
    bench.inspected(true).done("cut off").done("detach").done("demote").role(Role.SECONDARY);

    assertThat(bench.lines()).contains("+ pool-cut-off", "answer STEP_FAILED");
    assertThat(bench.lines()).doesNotContain("resign");
  }

  @Test
  void aSwitchoverDuringWhichTheRoleIsLostResignsNothing() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.ask(new Command.Switchover()).carp(Carp.BACKUP);
    bench.done("export").done("demote").role(Role.SECONDARY).peer(true, true, true);

    assertThat(bench.lines()).doesNotContain("resign").endsWith("answer done");

    var taken = new Bench(Bench.zfs()).serving();
    taken.ask(new Command.Switchover()).carp(Carp.BACKUP).done("export").role(Role.SECONDARY);
    taken.peer(true, true, true).done("demote");
    assertThat(taken.lines()).doesNotContain("resign").contains("answer done");
  }

  @Test
  void aSwitchoverHasItsCauseInTheTimeline() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.ask(new Command.Switchover("failback: hast1 is preferred and ready"));
    assertThat(bench.machine.view().busy()).isTrue();
    bench.done("export").done("demote").role(Role.SECONDARY);
    assertThat(bench.passages.getLast().kind()).isEqualTo(PassageKind.SWITCHOVER);
    assertThat(bench.passages.getLast().cause())
        .isEqualTo("failback: hast1 is preferred and ready");
  }

  @Test
  void whatStandsAgainstANodeIsSaidOnce() {
    var bench = new Bench(Bench.zfs()).serving();
    assertThat(bench.machine.view().against()).isEmpty();
    bench.ask(new Command.Maintenance(true, "new disks"));
    assertThat(bench.machine.view().against()).containsExactly("maintenance: new disks");
    bench.done("export").done("demote").role(Role.SECONDARY).carp(Carp.BACKUP);
    assertThat(bench.machine.view().against()).containsExactly("maintenance: new disks");
    bench.ask(new Command.Unmanaged(true, "look"));
    assertThat(bench.machine.view().against())
        .containsExactly("unmanaged: look", "maintenance: new disks");
  }

  @Test
  void maintenanceThatWasKeptStandsFromTheFirstMomentOn() {
    var bench = new Bench(Bench.zfs(), new Memory("new disks", null, false, List.of()));
    bench.replicatorLost().carp(Carp.MASTER);
    assertThat(bench.lines()).contains("+ maintenance");

    bench.role(Role.SECONDARY).inspected(false).done("demote");

    assertThat(bench.lines()).doesNotContain("- maintenance", "run promote");
    assertThat(bench.machine.view().maintenance()).isTrue();
  }

  @Test
  void anExportIsKeptUntilThePoolIsAskedForAgain() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.ask(new Command.Export(false)).done("export");
    assertThat(bench.memory.exported()).isTrue();

    var again = new Bench(Bench.zfs(), bench.memory);
    again.replicatorLost().carp(Carp.MASTER).role(Role.PRIMARY).devices().inspected(false);
    assertThat(again.running()).isNull();
    again.ask(new Command.Import());
    assertThat(again.memory.exported()).isFalse();
  }

  @Test
  void anUnmanagedPoolIsLookedAtAndLeftAsItIs() {
    var bench = new Bench(Bench.zfs("web")).serving();
    bench.ask(new Command.Unmanaged(true, "storage move"));
    bench.carp(Carp.BACKUP).fenced().pass(5).inspected(true, Health.SUSPENDED);
    bench.pass(5).inspected(true, Health.SUSPENDED).ask(new Command.Switchover());

    assertThat(bench.lines())
        .containsExactly("answer done", "run inspect", "run inspect", "answer UNMANAGED");
    assertThat(bench.machine.view().unmanaged()).isTrue();
    assertThat(bench.machine.yielded()).isTrue();
    assertThat(bench.memory.unmanaged()).isEqualTo("storage move");

    bench.ask(new Command.Unmanaged(false, "")).inspected(true).done("stop web");
    assertThat(bench.lines()).contains("answer done", "run inspect", "run stop web");
  }

  @Test
  void aRestartedMachineLeavesAnUnmanagedPoolAlone() {
    var bench = new Bench(Bench.zfs("web"), new Memory(null, "storage move", false, List.of()));
    bench.replicatorLost().inspected(true).carp(Carp.BACKUP).role(Role.PRIMARY);

    assertThat(bench.machine.view().phase()).isEqualTo(Phase.SERVING);
    assertThat(bench.running()).isNull();
  }

  @Test
  void forceEndsWithTheTakeoverThatItWasAskedFor() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.ask(new Command.TakeOver(true));
    assertThat(bench.runningStep())
        .isInstanceOfSatisfying(
            Step.Promote.class, promote -> assertThat(promote.force()).isTrue());
    bench.done("promote").role(Role.PRIMARY).devices().done("import");
    bench.carp(Carp.MASTER).carp(Carp.BACKUP);
    bench.done("export").done("demote").role(Role.SECONDARY).carp(Carp.MASTER);
    assertThat(bench.runningStep())
        .isInstanceOfSatisfying(
            Step.Promote.class, promote -> assertThat(promote.force()).isFalse());
  }

  @Test
  void deadPoolThatIsLeftAloneDemotesNobody() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.ask(new Command.Unmanaged(true, "by hand"));
    for (int looks = 0; looks < 4; looks++) {
      bench.pass(6).inspected(true, Health.FAULTED);
    }
    assertThat(bench.lines()).doesNotContain("+ pool", "resign alone", "run export");
    assertThat(bench.machine.view().problem())
        .isEqualTo("the pool is FAULTED, and it is left alone (unmanaged)");

    bench.pass(6).inspected(false); // exported by hand
    assertThat(bench.lines()).doesNotContain("+ pool");
    assertThat(bench.memory.strikes()).isEmpty();
  }

  @Test
  void importThatFailsWhenThePoolIsLeftAloneIsNoFailureOfTheNode() {
    var bench = new Bench(Bench.zfs()).standby().carp(Carp.MASTER);
    bench.done("promote").role(Role.PRIMARY).devices();
    bench.ask(new Command.Unmanaged(true, "by hand")).pass(20);
    bench.fails("import", Failure.Kind.FAILED);

    assertThat(bench.memory.strikes()).isEmpty();
    assertThat(bench.lines()).doesNotContain("+ pool", "resign alone");
  }

  @Test
  void forceEndsWithTheAnswerThatTheTakeoverFailed() {
    var bench = new Bench(Bench.zfs()).standby().carp(Carp.MASTER);
    bench.refused(Refusal.COPY_OUTDATED).done("demote").lines();
    bench.ask(new Command.TakeOver(true)).refused(Refusal.PEER_IS_PRIMARY);
    assertThat(bench.pass(0.5).runningStep())
        .isEqualTo(new Step.Promote(true, false, "takeover of pool tank"));
    while (!bench.lines().contains("answer STEP_FAILED")) {
      bench.refused(Refusal.PEER_IS_PRIMARY).pass(0.5);
    }

    bench.refused(Refusal.PEER_IS_PRIMARY).pass(0.5);
    assertThat(bench.runningStep())
        .isEqualTo(new Step.Promote(false, false, "takeover of pool tank"));
  }

  @Test
  void takeoverByForceThatCannotImportIsNotTriedOnAgainstCarp() {
    var bench = new Bench(Bench.zfs()).standby().peer(false, false, false);
    bench.ask(new Command.TakeOver(true)).done("promote").role(Role.PRIMARY).devices();
    bench.lines();
    while (!bench.lines().contains("answer STEP_FAILED")) {
      bench.fails("import", Failure.Kind.FAILED).pass(1);
      if ("inspect".equals(bench.running())) {
        bench.inspected(false);
      }
    }

    bench.pass(11);
    assertThat(bench.machine.view().phase()).isEqualTo(Phase.GIVING_UP);
  }

  /// The refusal is on its way when the operator says that nothing is to be done.
  @Test
  void refusalThatComesWhenThePoolIsLeftAloneDemotesNobody() {
    var bench = new Bench(Bench.zfs()).standby().peer(true, true, true).carp(Carp.MASTER);
    for (var half = 0; half < 180; half++) {
      bench.refused(Refusal.PEER_IS_PRIMARY).pass(0.5);
    }
    bench.lines();

    bench.ask(new Command.Unmanaged(true, "by hand")).refused(Refusal.PEER_IS_PRIMARY);

    assertThat(bench.lines()).contains("answer done", "= STANDBY").doesNotContain("+ pool");
  }
}
