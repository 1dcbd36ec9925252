package carpool.orchestrator.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import org.junit.jupiter.api.Test;

final class TakeOverTest {
  @Test
  void aNodeThatStartsTakesTheSecondaryRoleAndIsReady() {
    var bench = new Bench(Bench.zfs("web"));

    bench.replicatorLost().carp(Carp.UNKNOWN).carp(Carp.BACKUP).role(Role.INIT);
    assertThat(bench.lines()).containsExactly("+ not-ready", "run inspect");

    bench.inspected(false).done("demote").role(Role.SECONDARY);
    assertThat(bench.lines())
        .containsExactly("run demote", "+ not-ready", "= STANDBY", "- not-ready");
  }

  @Test
  void aMasterPromotesWaitsForDevicesImportsAndStartsServices() {
    var bench = new Bench(Bench.zfs("db", "web")).standby();

    bench.carp(Carp.MASTER);
    bench.done("promote").role(Role.PRIMARY);
    assertThat(bench.running()).isNull();
    bench.devices().done("import");
    bench.done("start db").done("check db").done("start web").done("check web");

    assertThat(bench.lines())
        .containsExactly(
            "run promote",
            "= TAKING_OVER",
            "run import",
            "run start db",
            "run check db",
            "run start web",
            "run check web",
            "= SERVING");
    assertThat(bench.passages.getLast().steps())
        .extracting(StepRecord::name)
        .containsExactly(
            "promote", "devices", "import", "start db", "check db", "start web", "check web");
  }

  /// With `vip: when-ready` it comes when all pools of the group are served.
  @Test
  void theAddressThatComesLastIsTheLastStep() {
    var bench = new Bench(Bench.zfs()).standby().addresses(false);
    bench.carp(Carp.MASTER).done("promote").role(Role.PRIMARY).devices().done("import");
    assertThat(bench.machine.view().phase()).isEqualTo(Phase.SERVING);
    bench.passages.clear();

    bench.pass(2).addresses(true);
    var takeover = bench.passages.getLast();
    assertThat(takeover.kind()).isEqualTo(PassageKind.TAKEOVER);
    assertThat(takeover.steps())
        .extracting(StepRecord::name)
        .containsExactly("promote", "devices", "import", "address");
    assertThat(takeover.steps().getLast().durationNanos()).isEqualTo(2 * Bench.SECOND);
    assertThat(takeover.steps().getLast().outcome()).isEqualTo(StepRecord.Outcome.DONE);
  }

  @Test
  void anAddressThatDoesNotComeEndsTheTakeoverAllTheSame() {
    var bench = new Bench(Bench.zfs()).standby().addresses(false);
    bench.carp(Carp.MASTER).done("promote").role(Role.PRIMARY).devices().done("import");

    bench.pass(Patience.ADDRESS / Bench.SECOND + 1);
    assertThat(bench.passages.getLast().steps().getLast().outcome())
        .isEqualTo(StepRecord.Outcome.TIMED_OUT);
    assertThat(bench.machine.view().phase()).isEqualTo(Phase.SERVING);

    bench.passages.clear();
    bench.addresses(true).addresses(false).addresses(true);
    assertThat(bench.passages).isEmpty();
  }

  /// What follows is a passage of its own; the address is no longer waited for.
  @Test
  void aNodeThatGivesUpWaitsForNoAddress() {
    var bench = new Bench(Bench.zfs()).standby().addresses(false);
    bench.carp(Carp.MASTER).done("promote").role(Role.PRIMARY).devices().done("import");
    bench.passages.clear();
    bench.carp(Carp.BACKUP).pass(Patience.ADDRESS / Bench.SECOND + 1).addresses(true);

    assertThat(bench.passages).extracting(Passage::kind).containsExactly(PassageKind.TAKEOVER);
    bench.done("export").done("demote").role(Role.SECONDARY);
    assertThat(bench.passages)
        .extracting(Passage::kind)
        .containsExactly(PassageKind.TAKEOVER, PassageKind.GIVE_UP);
  }

  @Test
  void aBackupThatWasMasterStopsServicesInReverseExportsAndDemotes() {
    var bench = new Bench(Bench.zfs("db", "web")).serving();

    bench.carp(Carp.BACKUP);
    bench.done("stop web").done("stop db").done("export").done("demote").role(Role.SECONDARY);

    assertThat(bench.lines())
        .containsExactly(
            "run stop web", "= GIVING_UP", "run stop db", "run export", "run demote", "= STANDBY");
  }

  @Test
  void aTakeoverThatIsSupersededGivesUpWhatWasDone() {
    var bench = new Bench(Bench.zfs("web")).standby();
    bench.carp(Carp.MASTER).done("promote").role(Role.PRIMARY).devices();
    bench.lines();

    // The import is waited for: ZFS may finish it even when the command is killed.
    bench.carp(Carp.BACKUP);
    assertThat(bench.lines()).containsExactly("= GIVING_UP");

    bench.done("import").done("export").done("demote").role(Role.SECONDARY);
    assertThat(bench.lines()).containsExactly("run export", "run demote", "= STANDBY");
  }

  @Test
  void aPromotionThatIsSupersededIsBrokenOff() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.carp(Carp.MASTER).carp(Carp.BACKUP);
    bench.fails("promote", Failure.Kind.ABORTED).done("demote");

    // Breaking a call off does not mean that it had no effect.
    assertThat(bench.lines())
        .containsExactly("run promote", "= TAKING_OVER", "abort", "= STANDBY", "run demote");
  }

  @Test
  void masterAgainDuringGiveUpTakesOverFromWhatIsLeft() {
    var bench = new Bench(Bench.zfs("web")).serving();
    bench.carp(Carp.BACKUP).carp(Carp.MASTER).done("stop web");
    bench.done("start web").done("check web");

    assertThat(bench.lines())
        .containsExactly(
            "run stop web",
            "= GIVING_UP",
            "= TAKING_OVER",
            "run start web",
            "run check web",
            "= SERVING");
  }

  @Test
  void anOldPrimaryThatHasNotGivenUpIsWaitedFor() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.peer(true, true, true).carp(Carp.MASTER).refused(Refusal.PEER_IS_PRIMARY);
    assertThat(bench.running()).isNull();

    bench.peer(true, false, true);
    bench.refused(Refusal.PEER_IS_PRIMARY).pass(0.5);
    bench.done("promote");

    assertThat(bench.lines())
        .containsExactly("run promote", "= TAKING_OVER", "run promote", "run promote");
  }

  @Test
  void aRefusalThatComesWhenTheRoleIsGoneAlreadyLeavesNothingBehind() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.peer(true, true, true).carp(Carp.MASTER).carp(Carp.BACKUP);
    bench.refused(Refusal.PEER_IS_PRIMARY).done("demote");

    assertThat(bench.machine.view().step()).isEmpty();
    assertThat(bench.machine.view().problem()).isEmpty();
    assertThat(bench.running()).isNull();
  }

  @Test
  void aCopyThatIsNotCurrentIsNotServedUntilTheWatchTellsAChange() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.carp(Carp.MASTER).refused(Refusal.COPY_OUTDATED).done("demote");
    assertThat(bench.lines())
        .containsExactly(
            "run promote", "= TAKING_OVER", "run demote", "+ data-not-current", "= BLOCKED");
    assertThat(bench.machine.view().problem()).isEqualTo("COPY_OUTDATED");

    bench.carp(Carp.BACKUP).refusal(Refusal.COPY_INCONSISTENT);
    // The same cause with another text.
    assertThat(bench.lines()).containsExactly("= STANDBY", "+ data-not-current");

    bench.refusal(Refusal.NONE);
    assertThat(bench.lines()).containsExactly("- data-not-current");
  }

  @Test
  void aNodeThatRestartsUnderItsPoolAdoptsItAfterCheckingServices() {
    var bench = new Bench(Bench.zfs("web"));
    bench.replicatorLost().carp(Carp.MASTER).devices().role(Role.PRIMARY).devices();
    bench.inspected(true).done("check web");

    assertThat(bench.lines())
        .containsExactly("+ not-ready", "run inspect", "run check web", "- not-ready", "= SERVING");
    assertThat(bench.passages).extracting(Passage::kind).containsExactly(PassageKind.ADOPTION);
  }

  @Test
  void aNodeThatRestartsUnderAPoolWhoseServiceIsGoneTakesOver() {
    var bench = new Bench(Bench.zfs("web"));
    bench.replicatorLost().carp(Carp.MASTER).devices().role(Role.PRIMARY).devices();
    bench.inspected(true).fails("check web", Failure.Kind.FAILED);
    assertThat(bench.lines())
        .containsExactly(
            "+ not-ready",
            "run inspect",
            "run check web",
            "- not-ready",
            "run start web",
            "= TAKING_OVER");
    bench.done("start web").done("check web");
    assertThat(bench.passages).extracting(Passage::kind).containsExactly(PassageKind.TAKEOVER);
  }

  @Test
  void aNodeThatRestartsUnderAPoolItHasNoRightToGivesItUp() {
    var bench = new Bench(Bench.zfs("web"));
    bench.replicatorLost().carp(Carp.BACKUP).role(Role.PRIMARY).devices();
    bench.inspected(true).done("stop web").done("export").done("demote").role(Role.SECONDARY);

    assertThat(bench.lines())
        .containsExactly(
            "+ not-ready",
            "run inspect",
            "= GIVING_UP",
            "run stop web",
            "- not-ready",
            "run export",
            "run demote",
            "= STANDBY");
  }

  @Test
  void aPoolThatIsNotThereIsLookedForAndAdoptedWhenSomebodyMakesIt() {
    var bench = new Bench(Bench.zfs("web")).standby();
    bench.carp(Carp.MASTER).done("promote").role(Role.PRIMARY).devices();
    bench.fails("import", Failure.Kind.NOT_FOUND).pass(1);
    bench.inspected(false).fails("import", Failure.Kind.NOT_FOUND);
    assertThat(bench.lines())
        .containsExactly(
            "run promote", "= TAKING_OVER", "run import", "run inspect", "run import", "= NO_POOL");

    bench.pass(2).inspected(false).pass(2).inspected(true);
    bench.done("start web").done("check web");
    assertThat(bench.lines())
        .containsExactly(
            "run inspect",
            "run inspect",
            "run start web",
            "= TAKING_OVER",
            "run check web",
            "= SERVING");
  }

  @Test
  void aMasterWithoutAPoolIsNotDemotedForThat() {
    var bench = new Bench(Bench.zfs("web"));
    bench.replicatorLost().carp(Carp.MASTER).role(Role.SECONDARY).inspected(false);
    assertThat(bench.lines())
        .containsExactly(
            "+ not-ready", "run inspect", "run promote", "- not-ready", "= TAKING_OVER");

    bench.done("promote").role(Role.PRIMARY).devices();
    bench.fails("import", Failure.Kind.NOT_FOUND).pass(1);
    bench.inspected(false).fails("import", Failure.Kind.NOT_FOUND);
    assertThat(bench.lines())
        .containsExactly("run import", "run inspect", "run import", "= NO_POOL");
  }

  @Test
  void aPoolMadeWhileTheRoleMovesIsExportedBeforeTheDevicesGo() {
    var bench = withoutPool();

    // `zpool create` is at its work: nothing is imported yet, but the devices are open.
    bench.carp(Carp.BACKUP).inspected(false).fails("demote", Failure.Kind.FAILED).pass(1);
    bench.inspected(true).done("export").done("demote").role(Role.SECONDARY);

    assertThat(bench.lines())
        .containsExactly(
            "run inspect",
            "= GIVING_UP",
            "run demote",
            "run inspect",
            "run export",
            "run demote",
            "= STANDBY");
  }

  @Test
  void devicesThatStayInUseAreCutOffBeforeTheDemotion() {
    var bench = withoutPool();
    bench.carp(Carp.BACKUP).inspected(false);
    for (var second = 0; second < 10; second++) {
      assertThat(bench.runningStep()).isEqualTo(new Step.Demote("BACKUP: test", false));
      bench.fails("demote", Failure.Kind.FAILED).pass(1).inspected(false);
    }
    bench.done("cut off");
    assertThat(bench.runningStep()).isEqualTo(new Step.Demote("BACKUP: test", true));
  }

  @Test
  void aPoolThatTurnsUpOnAStandbyIsGivenUp() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.pass(10).inspected(true, Health.FAULTED);
    bench.fails("export", Failure.Kind.TIMED_OUT).pass(21).inspected(true);
    bench.done("cut off").done("detach").pass(2).inspected(false);

    assertThat(bench.lines())
        .containsExactly(
            "run inspect",
            "run export",
            "+ pool",
            "= GIVING_UP",
            "run inspect",
            "run cut off",
            "run detach",
            "- pool",
            "+ pool-cut-off",
            "= CUT_OFF",
            "run inspect",
            "- pool-cut-off",
            "= STANDBY");
  }

  @Test
  void aStandbyThatCannotLookForThePoolSaysSo() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.pass(10);
    for (var look = 0; look < 3; look++) {
      bench.fails("inspect", Failure.Kind.FAILED).pass(10);
    }
    assertThat(bench.lines()).contains("+ not-ready");
    bench.inspected(false);
    assertThat(bench.lines()).containsExactly("- not-ready");
  }

  private static Bench withoutPool() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.carp(Carp.MASTER).done("promote").role(Role.PRIMARY).devices();
    bench.fails("import", Failure.Kind.NOT_FOUND).pass(1);
    bench.inspected(false).fails("import", Failure.Kind.NOT_FOUND);
    bench.lines();
    return bench;
  }

  @Test
  void importAskedForByAnOperatorLooksAgain() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.carp(Carp.MASTER).done("promote").role(Role.PRIMARY).devices();
    bench.fails("import", Failure.Kind.NOT_FOUND).pass(1);
    bench.inspected(false).fails("import", Failure.Kind.NOT_FOUND);
    bench.lines();

    bench.ask(new Command.Import()).inspected(false).done("import");

    assertThat(bench.lines())
        .containsExactly("run inspect", "= TAKING_OVER", "run import", "= SERVING", "answer done");
  }

  @Test
  void theEndOfAnEarlierStepIsNotThatOfTheOneThatRuns() {
    var bench = new Bench(Bench.zfs()).standby().carp(Carp.MASTER);
    assertThat(bench.running()).isEqualTo("promote");
    var effects = new ArrayList<PoolEffect>();
    long later = 2_000_000_000_000L;
    bench.machine.step(new PoolEvent.StepDone(later, 1, false, Health.ONLINE, ""), effects::add);
    bench.machine.step(
        new PoolEvent.StepFailed(later, 1, Failure.of(Failure.Kind.FAILED, "late")), effects::add);
    bench.machine.step(new PoolEvent.CarpSeen(later, Carp.MASTER, "test"), effects::add);
    assertThat(effects).noneMatch(effect -> effect instanceof PoolEffect.Run);
    assertThat(bench.machine.view().problem()).isEmpty();
    assertThat(bench.machine.view().step()).isEqualTo("promote");
  }
}
