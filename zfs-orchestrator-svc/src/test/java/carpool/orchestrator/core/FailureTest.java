package carpool.orchestrator.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class FailureTest {
  @Test
  void aBusyPoolIsExportedByForceAndAtLastCutOff() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.carp(Carp.BACKUP);
    assertThat(bench.limitNanos()).isEqualTo(10 * Bench.SECOND);
    bench.pass(10).fails("export", Failure.Kind.TIMED_OUT).pass(1).inspected(true);
    assertThat(bench.runningStep()).isEqualTo(new Step.Export(true));
    assertThat(bench.limitNanos()).isEqualTo(9 * Bench.SECOND);
    bench.pass(9).fails("export (forced)", Failure.Kind.TIMED_OUT).pass(1).inspected(true);
    bench.done("cut off").done("detach").done("demote").role(Role.SECONDARY);

    assertThat(bench.lines())
        .containsExactly(
            "run export",
            "= GIVING_UP",
            "run inspect",
            "run export (forced)",
            "run inspect",
            "run cut off",
            "run detach",
            "+ pool-cut-off",
            "= CUT_OFF",
            "run demote");
  }

  @Test
  void aLateDemotionAfterACutIsTriedAgainWithoutCuttingOnceMore() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.carp(Carp.BACKUP);
    bench.pass(10).fails("export", Failure.Kind.TIMED_OUT).pass(1).inspected(true);
    bench.pass(9).fails("export (forced)", Failure.Kind.TIMED_OUT).pass(1).inspected(true);
    bench.done("cut off").done("detach").pass(11).fails("demote", Failure.Kind.TIMED_OUT);
    bench.lines();

    bench.pass(10);

    assertThat(bench.running()).isEqualTo("demote");
    assertThat(bench.lines()).doesNotContain("run cut off");
  }

  @Test
  void aPromotionThatComesThroughLateIsTakenBack() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.lines();

    bench.role(Role.PRIMARY).fenced();

    assertThat(bench.running()).isEqualTo("demote");
  }

  @Test
  void aPoolOnFencedResourcesIsCutOffAtOnce() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.lines();

    bench.fenced();

    assertThat(bench.lines()).containsExactly("run cut off", "= GIVING_UP");
    bench.done("cut off").done("detach").done("demote").role(Role.SECONDARY);
    assertThat(bench.lines()).contains("run detach", "run demote");
  }

  @Test
  void aPoolThatWasCutOffIsNotServedAgainBeforeItIsGone() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.carp(Carp.BACKUP);
    bench.pass(10).fails("export", Failure.Kind.TIMED_OUT).pass(1).inspected(true);
    bench.pass(9).fails("export (forced)", Failure.Kind.TIMED_OUT).pass(1).inspected(true);
    bench.done("cut off").done("detach").done("demote").role(Role.SECONDARY);
    bench.lines();

    bench.carp(Carp.MASTER).pass(2).inspected(true).fails("last resort", Failure.Kind.FAILED);
    bench.pass(2).inspected(false);

    assertThat(bench.lines())
        .containsExactly(
            "run inspect",
            "run last resort",
            "run inspect",
            "run promote",
            "- pool-cut-off",
            "= TAKING_OVER");
  }

  @Test
  void theLastResortIsTriedAgainWhileThePoolStays() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.carp(Carp.BACKUP);
    bench.pass(10).fails("export", Failure.Kind.TIMED_OUT).pass(1).inspected(true);
    bench.pass(9).fails("export (forced)", Failure.Kind.TIMED_OUT).pass(1).inspected(true);
    bench.done("cut off").done("detach").done("demote").role(Role.SECONDARY);
    bench.pass(2).inspected(true).done("last resort").done("detach");
    assertThat(bench.machine.view().phase()).isEqualTo(Phase.CUT_OFF);

    var looks = 0;
    while (!"last resort".equals(bench.running())) {
      bench.pass(2);
      if ("inspect".equals(bench.running())) {
        bench.inspected(true);
        looks++;
      }
    }
    assertThat(looks).isBetween(13, 15);
  }

  @Test
  void aServiceThatDoesNotStopDoesNotKeepThePool() {
    var bench = new Bench(Bench.zfs("web")).serving();
    bench.carp(Carp.BACKUP).fails("stop web", Failure.Kind.TIMED_OUT).done("export");
    assertThat(bench.running()).isEqualTo("demote");
  }

  @Test
  void servicesWhosePoolHasVanishedAreStoppedBeforeItIsImportedAgain() {
    var bench = new Bench(Bench.zfs("web", "mail")).serving();
    bench.lines();

    bench.vanished().done("stop mail").fails("stop web", Failure.Kind.TIMED_OUT).done("import");

    assertThat(bench.running()).isEqualTo("start web");
    assertThat(bench.lines()).containsSubsequence("run stop mail", "run stop web", "run import");
  }

  @Test
  void servicesWhosePoolHasVanishedAreStoppedBeforeTheDemotion() {
    var bench = new Bench(Bench.zfs("web")).serving();

    bench.vanished().carp(Carp.BACKUP).done("stop web").inspected(false);

    assertThat(bench.running()).isEqualTo("demote");
  }

  /// The look that finds the pool gone began while the node served, and ends when it no longer
  /// does.
  @Test
  void servicesAreStoppedBeforeTheDemotionAlsoWhenTheLossShowsOnlyThen() {
    var bench = new Bench(Bench.zfs("web")).serving().lookBegun();

    bench.carp(Carp.BACKUP).inspected(false);
    assertThat(bench.running()).isEqualTo("stop web");

    bench.done("stop web");
    assertThat(bench.running()).isEqualTo("demote");
  }

  /// While a service is started again and fails, the pool is looked at all the same: it may be
  /// gone, and then nothing but an import helps.
  @Test
  void thePoolIsLookedAtWhileAServiceDoesNotComeUp() {
    var bench = new Bench(Bench.zfs("web")).serving();
    bench.pass(5);
    failTwice(bench, 0);
    bench.pass(1).done("stop web").done("start web");
    for (var second = 0; second < 6 && !"inspect".equals(bench.running()); second++) {
      bench.fails("check web", Failure.Kind.FAILED).pass(1);
    }

    assertThat(bench.running()).isEqualTo("inspect");
    bench.inspected(false);
    assertThat(bench.running()).isIn("stop web", "import");
  }

  @Test
  void aServiceIsRestartedThreeTimesThenTheNodeFailsOver() {
    var bench = new Bench(Bench.zfs("web")).serving();
    for (var round = 0; round < 3; round++) {
      bench.pass(round == 0 ? 5 : 0);
      failTwice(bench, round);
      bench.pass(1).done("stop web").done("start web");
      looked(bench);
      bench.done("check web");
      bench.pass(5);
    }
    failTwice(bench, 3);
    bench.done("stop web").done("export").done("demote").role(Role.SECONDARY);

    assertThat(bench.lines()).endsWith("run demote", "resign alone", "+ service", "= BLOCKED");
    bench.carp(Carp.BACKUP);
    assertThat(bench.lines()).containsExactly("= STANDBY");
    standbyFor(bench, 59);
    assertThat(bench.lines()).doesNotContain("- service");
    standbyFor(bench, 2);
    assertThat(bench.lines()).contains("- service");
  }

  private static void standbyFor(Bench bench, int minutes) {
    for (var minute = 0; minute < minutes; minute++) {
      bench.pass(60);
      if ("inspect".equals(bench.running())) {
        bench.inspected(false);
      }
    }
  }

  /// Every five seconds the pool is looked at, whatever else goes on; it is there.
  private static void looked(Bench bench) {
    if ("inspect".equals(bench.running())) {
      bench.inspected(true);
    }
  }

  private static void failTwice(Bench bench, int round) {
    looked(bench);
    assertThat(bench.running()).as("round " + round).isEqualTo("check web");
    bench.fails("check web", Failure.Kind.FAILED);
    looked(bench);
    bench.pass(1).fails("check web", Failure.Kind.FAILED);
  }

  @Test
  void aFailedServiceStaysWhereItIsWhenThePeerCouldNotServe() {
    var bench = new Bench(Bench.zfs("web")).standby();
    bench.peer(false, false, false).carp(Carp.MASTER).done("promote").role(Role.PRIMARY);
    bench.devices().done("import");
    for (var attempt = 0; attempt < 3; attempt++) {
      bench.fails("start web", Failure.Kind.FAILED).pass(1).done("stop web");
    }
    bench.fails("start web", Failure.Kind.FAILED);

    assertThat(bench.machine.view().phase()).isEqualTo(Phase.SERVING);
    assertThat(bench.machine.view().services().getFirst().running())
        .isEqualTo(ServiceView.Running.FAILED);
  }

  @Test
  void aDeadPoolFailsOverAfterASecondLook() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.pass(5).inspected(true, Health.FAULTED);
    assertThat(bench.running()).isNull();
    bench.pass(5).inspected(true, Health.FAULTED);

    assertThat(bench.running()).isEqualTo("export");
    assertThat(bench.machine.view().phase()).isEqualTo(Phase.GIVING_UP);
  }

  @Test
  void aSuspendedPoolIsClearedOnceBeforeItFailsOver() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.pass(5).inspected(true, Health.SUSPENDED).done("clear");
    assertThat(bench.machine.view().phase()).isEqualTo(Phase.SERVING);
    bench.pass(1).inspected(true, Health.SUSPENDED);

    assertThat(bench.running()).isEqualTo("export");
    assertThat(bench.machine.view().phase()).isEqualTo(Phase.GIVING_UP);
  }

  @Test
  void aSuspendedPoolThatNobodyElseCanServeIsBlockedAndClearedUntilItIsWell() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.peer(false, false, false);
    bench.pass(5).inspected(true, Health.SUSPENDED).done("clear");
    bench.pass(1).inspected(true, Health.SUSPENDED);

    assertThat(bench.machine.view().phase()).isEqualTo(Phase.BLOCKED);
    assertThat(bench.machine.view().problem())
        .isEqualTo("the pool is SUSPENDED, and the other node could not serve it");
    assertThat(bench.lines()).contains("+ pool");

    bench.fails("clear", Failure.Kind.TIMED_OUT);
    bench.pass(5).inspected(true, Health.SUSPENDED).done("clear");
    bench.pass(1).inspected(true, Health.ONLINE);

    assertThat(bench.machine.view().phase()).isEqualTo(Phase.SERVING);
    assertThat(bench.machine.view().problem()).isEmpty();
    assertThat(bench.lines()).contains("- pool");
  }

  @Test
  void aDegradedPoolIsShownAndServed() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.pass(5).inspected(true, Health.DEGRADED).pass(5).inspected(true, Health.ONLINE);
    assertThat(bench.lines())
        .containsExactly("run inspect", "+ pool-degraded", "run inspect", "- pool-degraded");
  }

  @Test
  void aReplicatorThatIsRestartedUnderThePoolIsAPauseThatNobodySees() {
    var bench = new Bench(Bench.zfs("web")).serving();
    bench.replicatorLost().pass(29).resuming();
    assertThat(bench.machine.view().problem()).startsWith("I/O is held");
    bench.peer(true, false, true).pass(20);

    bench.role(Role.PRIMARY).devices();

    // Neither a cause that could move the role, nor a change of phase, nor a step.
    assertThat(bench.lines()).containsExactly("run check web");
    assertThat(bench.machine.view().problem()).isEmpty();
    assertThat(bench.machine.view().phase()).isEqualTo(Phase.SERVING);
  }

  /// A check that hangs on such a pool would count against it, and a strike outlives the loss.
  @Test
  void clientsThatAreHeldForTheWitnessAreAPauseThatMovesNothing() {
    var bench = new Bench(Bench.zfs("web")).serving();
    bench.peer(false, false, false).lines();

    bench.held(true).pass(300);

    assertThat(bench.machine.view().problem()).startsWith("I/O is held: neither the other node");
    assertThat(bench.machine.view().phase()).isEqualTo(Phase.SERVING);
    assertThat(bench.lines()).isEmpty();
    bench.held(false);
    assertThat(bench.lines()).containsExactly("run check web");
    assertThat(bench.machine.view().problem()).isEmpty();
  }

  @Test
  void aRoleThatIsNotTakenAgainEndsInAGiveUpBecauseTheDevicesAreGone() {
    var bench = new Bench(Bench.zfs("web")).serving();
    bench.replicatorLost().pass(2).resuming().peer(true, false, true).refusal(Refusal.NONE);
    bench.role(Role.SECONDARY);
    assertThat(bench.lines())
        .containsExactly("resign alone", "run stop web", "+ pool", "= GIVING_UP");

    bench.done("stop web").fails("export", Failure.Kind.TIMED_OUT).pass(21).inspected(true);
    bench.done("cut off").done("detach").done("demote").pass(2).inspected(true);
    bench.done("last resort").done("detach").pass(2).inspected(false);
    assertThat(bench.lines())
        .containsExactly(
            "run export",
            "run inspect",
            "run cut off",
            "run detach",
            "- pool",
            "+ pool-cut-off",
            "= CUT_OFF",
            "run demote",
            "run inspect",
            "run last resort",
            "run detach",
            "run inspect",
            "run promote",
            "- pool-cut-off",
            "= TAKING_OVER");
  }

  @Test
  void aNodeThatFindsAPoolOnDevicesThatAreGoneGivesItUpBeforeItTakesOver() {
    var bench = new Bench(Bench.zfs());
    bench.replicatorLost().carp(Carp.MASTER).role(Role.SECONDARY).inspected(true);
    assertThat(bench.running()).isEqualTo("export");
    bench.done("export");
    assertThat(bench.running()).isEqualTo("promote");
  }

  @Test
  void aReplicatorThatStaysAwayEndsInAGiveUpAndNotInAHungPool() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.replicatorLost().pass(29.9);
    assertThat(bench.machine.view().phase()).isEqualTo(Phase.SERVING);
    bench.pass(0.1);
    while ("inspect".equals(bench.running())) {
      bench.fails("inspect", Failure.Kind.TIMED_OUT).pass(1);
    }
    assertThat(bench.running()).isEqualTo("export");
    bench.pass(10).fails("export", Failure.Kind.TIMED_OUT).pass(1).inspected(true);
    bench.pass(10).fails("export (forced)", Failure.Kind.TIMED_OUT).pass(1).inspected(true);
    bench.fails("cut off", Failure.Kind.UNREACHABLE).done("detach");

    assertThat(bench.machine.view().phase()).isEqualTo(Phase.CUT_OFF);
    assertThat(bench.running()).isNull();
  }

  @Test
  void anElectionThatIsRestartedChangesNothingOneThatStaysAwayDoes() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.carp(Carp.UNKNOWN).pass(2).carp(Carp.MASTER).carp(Carp.UNKNOWN).pass(2.9);
    assertThat(bench.lines()).isEmpty();
    bench.pass(2.1);
    if ("inspect".equals(bench.running())) {
      bench.inspected(true);
    }
    assertThat(bench.running()).isEqualTo("export");
  }

  @Test
  void devicesThatDoNotAppearMakeTheOtherNodeServe() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.carp(Carp.MASTER).done("promote").role(Role.PRIMARY).pass(10);
    bench.done("demote").role(Role.SECONDARY);

    assertThat(bench.lines())
        .containsExactly(
            "run promote",
            "= TAKING_OVER",
            "run demote",
            "= GIVING_UP",
            "resign alone",
            "+ pool",
            "= BLOCKED");
  }

  @Test
  void devicesThatDoNotAppearAreWaitedForWhenThePeerCouldNotServe() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.peer(false, false, false).carp(Carp.MASTER).done("promote").role(Role.PRIMARY).pass(10);
    assertThat(bench.machine.view().phase()).isEqualTo(Phase.BLOCKED);
    assertThat(bench.machine.view().problem()).contains("disk1, disk2");

    bench.devices().pass(10).done("import");
    assertThat(bench.machine.view().phase()).isEqualTo(Phase.SERVING);
  }

  @Test
  void anImportIsTriedAgainUntilItsDeadline() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.carp(Carp.MASTER).done("promote").role(Role.PRIMARY).devices();
    bench.fails("import", Failure.Kind.FAILED).pass(1).inspected(false);
    bench.pass(19).fails("import", Failure.Kind.TIMED_OUT).inspected(false);

    assertThat(bench.running()).isEqualTo("demote");
    assertThat(bench.passages.getLast().steps().getLast().attempts()).isEqualTo(2);
  }

  @Test
  void anOldPrimaryThatNeverGivesUpGetsTheRoleBack() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.peer(true, true, true).carp(Carp.MASTER);
    for (var attempt = 0; attempt < 200 && "promote".equals(bench.running()); attempt++) {
      bench.refused(Refusal.PEER_IS_PRIMARY).pass(0.5);
    }
    bench.done("demote");

    assertThat(bench.lines()).contains("= BLOCKED").endsWith("resign alone", "+ pool");
  }

  @Test
  void aLinkThatIsDownDemotesTheNodeThatDoesNotServe() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.peer(false, false, false).peer(true, true, true);
    assertThat(bench.lines()).containsExactly("+ replication-link", "- replication-link");

    var serving = new Bench(Bench.zfs()).serving();
    serving.peer(false, false, false);
    assertThat(serving.lines()).isEmpty();
  }

  private static void serviceFails(Bench bench) {
    for (var attempt = 0; attempt < 3; attempt++) {
      bench.fails("start web", Failure.Kind.FAILED).pass(1).done("stop web");
    }
    bench.fails("start web", Failure.Kind.FAILED);
  }

  private static Bench importing(String... failedThere) {
    var bench = new Bench(Bench.zfs("web", "mail")).standby();
    bench.peerSays(failedThere);
    return bench.carp(Carp.MASTER).done("promote").role(Role.PRIMARY).devices().done("import");
  }

  @Test
  void aServiceThatFailedOnTheOtherNodeTooStaysFailedHereAndTheOthersRun() {
    var bench = importing("service web");
    serviceFails(bench);
    bench.done("start mail").done("check mail");

    assertThat(bench.machine.view().phase()).isEqualTo(Phase.SERVING);
    assertThat(bench.machine.view().services())
        .extracting(ServiceView::running)
        .containsExactly(ServiceView.Running.FAILED, ServiceView.Running.RUNNING);
    // The other node learns of it all the same.
    assertThat(bench.memory.strikes()).extracting(Strike::what).containsExactly("service web");
  }

  /// Else the fault would be forgotten there while it stands, and move the pool again.
  @Test
  void aServiceThatIsStillFailedCountsForAsLongAsItIs() {
    var bench = importing("service web");
    serviceFails(bench);
    bench.done("start mail").done("check mail");
    for (var minute = 0; minute < 61; minute++) {
      bench.pass(60);
      while (bench.running() != null) {
        var step = bench.running();
        if (step.equals("inspect")) {
          bench.inspected(true);
        } else if (step.equals("check web")) {
          bench.fails(step, Failure.Kind.FAILED);
        } else {
          bench.done(step);
        }
      }
    }
    assertThat(bench.memory.strikes()).extracting(Strike::what).containsExactly("service web");
    assertThat(bench.memory.strikes().getFirst().count()).isEqualTo(1);
  }

  @Test
  void anotherServiceThatFailedThereDoesNotKeepThePool() {
    var bench = importing("service mail");
    serviceFails(bench);
    assertThat(bench.machine.view().phase()).isEqualTo(Phase.GIVING_UP);
  }

  @Test
  void whileTheOtherNodeSaysNothingAFaultMovesThePoolOnceInAWindowAlsoOverARestart() {
    var bench = new Bench(Bench.zfs("web")).standby();
    bench.carp(Carp.MASTER).done("promote").role(Role.PRIMARY).devices().done("import");
    serviceFails(bench);
    bench.done("stop web").done("export").done("demote").role(Role.SECONDARY).carp(Carp.BACKUP);

    var again = new Bench(Bench.zfs("web"), bench.memory).standby();
    assertThat(again.machine.view().phase()).isEqualTo(Phase.STANDBY);
    again.carp(Carp.MASTER).done("promote").role(Role.PRIMARY).devices().done("import");
    serviceFails(again);

    assertThat(again.machine.view().phase()).isEqualTo(Phase.SERVING);
    assertThat(again.machine.view().problem()).contains("the other node was tried already");
    assertThat(again.memory.strikes().getFirst().count()).isEqualTo(2);
  }

  @Test
  void aNodeKnownToBeBadStaysDemotedUntilItsFailuresAreCleared() {
    var bench = importing();
    serviceFails(bench);
    bench.done("stop web").done("export").done("demote").role(Role.SECONDARY);
    bench.carp(Carp.BACKUP).pass(0.1);
    var again = new Bench(Bench.zfs("web", "mail"), bench.memory);
    again.replicatorLost().carp(Carp.BACKUP).role(Role.INIT).inspected(false).done("demote");
    again.role(Role.SECONDARY);
    assertThat(again.lines()).contains("+ service").doesNotContain("- service");

    again.ask(new Command.ClearFailures());

    assertThat(again.lines()).containsExactly("answer done", "- service");
    assertThat(again.memory.strikes()).isEmpty();
  }

  @Test
  void aPoolThatNeitherNodeCanImportStaysWhereItIsAndIsTriedOn() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.peerSays("pool");
    bench.carp(Carp.MASTER).done("promote").role(Role.PRIMARY).devices();
    bench.pass(20).fails("import", Failure.Kind.FAILED);

    assertThat(bench.machine.view().phase()).isEqualTo(Phase.BLOCKED);
    bench.pass(10).inspected(false);
    assertThat(bench.running()).isEqualTo("import");
  }

  @Test
  void whatFollowsOnAFailureIsSaidForEachService() {
    var spec = Bench.zfs("web");
    for (var onFailure : PoolSpec.OnFailure.values()) {
      var service = spec.services().getFirst();
      var bench =
          new Bench(
              new PoolSpec(
                  spec.name(),
                  spec.follows(),
                  spec.kind(),
                  spec.resources(),
                  List.of(
                      new PoolSpec.Service(
                          "web", true, onFailure, service.timeoutNanos(), service.intervalNanos())),
                  true,
                  spec.failWindowNanos(),
                  spec.deadlines()));
      bench.standby().carp(Carp.MASTER).done("promote").role(Role.PRIMARY).devices();
      bench.done("import").fails("start web", Failure.Kind.FAILED);
      if (onFailure != PoolSpec.OnFailure.IGNORE) {
        for (var attempt = 0; attempt < 3; attempt++) {
          bench.pass(1).done("stop web").fails("start web", Failure.Kind.FAILED);
        }
      }
      assertThat(bench.machine.view().phase())
          .as("" + onFailure)
          .isEqualTo(onFailure == PoolSpec.OnFailure.FAILOVER ? Phase.GIVING_UP : Phase.SERVING);
    }
  }

  @Test
  void aRestartedMachineGivesNothingUpBeforeItHasAsked() {
    var bench = new Bench(Bench.zfs());
    bench.started().pass(25);
    assertThat(bench.lines()).containsExactly("+ not-ready");

    // Asked, and nobody there: from now on the usual time counts.
    bench.carp(Carp.UNKNOWN).replicatorLost().pass(4.9);
    assertThat(bench.running()).isNull();
    bench.carp(Carp.MASTER).role(Role.PRIMARY).devices().inspected(true);
    assertThat(bench.lines()).doesNotContain("run export");

    var deaf = new Bench(Bench.zfs());
    deaf.started().carp(Carp.UNKNOWN).replicatorLost().pass(10.1);
    assertThat(deaf.running()).isEqualTo("inspect");
    deaf.inspected(true);
    assertThat(deaf.running()).isEqualTo("export");
  }
}
