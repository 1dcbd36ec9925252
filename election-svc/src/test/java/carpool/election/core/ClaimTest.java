package carpool.election.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// Claims, late clocks, eligibility and the bounds on flapping: what this machine does beyond the
/// kernels' table.
final class ClaimTest {

  @Test
  void forgedLeaveMarkerMakesNoSecondMasterWhileTheMasterLives() {
    var node = Bench.asBackup(Bench.config(1, 100, false));
    node.hears(255, 255);
    node.pass(0.002);
    node.hears(1, 0); // the living master answers our claim at once
    node.pass(0.5);
    assertThat(node.takeTrace()).containsExactly("send 1/100", "suspect claim-contradicted");
    assertThat(node.role()).isEqualTo(Role.BACKUP);
  }

  @Test
  void lastAdvertisementOfALeavingSlowerMasterIsNoContradictionWhenItComesLate() {
    var node = Bench.asBackup(Bench.config(1, 100, false));
    node.hears(255, 255);
    node.hears(1, 240); // sent before the leave marker, which overtook it
    node.pass(0.2);
    assertThat(node.role()).isEqualTo(Role.MASTER);
    assertThat(node.takeTrace())
        .contains("send 1/100")
        .doesNotContain("suspect claim-contradicted");
  }

  @Test
  void contradictedNodeDoesNotClaimAgainForTenSeconds() {
    var node = Bench.asBackup(Bench.config(1, 100, false));
    node.hears(255, 255);
    node.hears(1, 0);
    node.takeEffects();
    for (int i = 0; i < 9; i++) {
      node.pass(1.0);
      node.hears(255, 255);
      node.hears(1, 0);
    }
    assertThat(node.takeTrace()).containsOnly("suspect held-back");
    node.pass(1.1);
    node.hears(255, 255);
    assertThat(node.takeTrace()).containsExactly("send 1/100");
  }

  @Test
  void heldBackNodeStillTakesOverAfterSilence() {
    var node = Bench.asBackup(Bench.config(1, 100, false));
    node.hears(255, 255);
    node.hears(1, 0);
    node.hears(255, 255);
    node.pass(3.6);
    assertThat(node.role()).isEqualTo(Role.MASTER);
  }

  @Test
  void roleLostWithinADeadTimeCountsAsContradiction() {
    var node = Bench.asBackup(Bench.config(1, 100, false));
    node.hears(255, 255);
    node.pass(0.2);
    assertThat(node.role()).isEqualTo(Role.MASTER);
    node.hears(1, 0);
    node.takeEffects();
    node.pass(1.0);
    node.hears(255, 255);
    assertThat(node.takeTrace()).containsExactly("suspect held-back");
  }

  @Test
  void nodeThatLostTheRoleDoesNotPreemptForTenSecondsButFollowsALeavingMaster() {
    var node = Bench.asMaster(Bench.config(1, 50, true));
    node.pass(10.0);
    node.hears(1, 0);
    node.pass(1.0);
    node.takeEffects();
    node.hears(1, 100);
    assertThat(node.takeTrace()).containsExactly("suspect held-back");
    node.hears(255, 255);
    assertThat(node.takeTrace()).containsExactly("send 1/50");
  }

  @Test
  void twoEqualClaimsBothFallAndJitterDecides() {
    var node = Bench.asBackup(Bench.config(1, 0, true));
    while (node.state().claim() == null) {
      node.pass(0.01);
    }
    node.hears(1, 0);
    assertThat(node.role()).isEqualTo(Role.BACKUP);
    assertThat(node.state().claim()).isNull();
    node.pass(0.5);
    assertThat(node.role()).isEqualTo(Role.BACKUP);
  }

  @Test
  void preemptionWaitsUntilTheNodeHasListenedForADeadTime() {
    var node = Bench.inInit(Bench.config(1, 0, true));
    node.link(true);
    for (int i = 0; i < 2; i++) {
      node.pass(1.4);
      node.hears(1, 100);
    }
    assertThat(node.takeTrace()).containsExactly("INIT->BACKUP (initialization complete)");
    node.pass(1.4);
    node.hears(1, 100);
    node.pass(0.1);
    assertThat(node.role()).isEqualTo(Role.MASTER);
  }

  @Test
  void masterThatWasStoppedForADeadTimeLetsGoBeforeAnythingElse() {
    var node = Bench.asMaster(Bench.config(1, 0, true));
    node.stall(3.1);
    assertThat(node.takeTrace())
        .containsExactly(
            "suspect clock-late",
            "release",
            "MASTER->BACKUP (own clock late, another master assumed)");
    node.pass(2.9);
    assertThat(node.role()).isEqualTo(Role.BACKUP);
  }

  @Test
  void masterThatWasStoppedForAShortTimeGoesOn() {
    var node = Bench.asMaster(Bench.config(1, 0, true));
    node.stall(1.8);
    assertThat(node.role()).isEqualTo(Role.MASTER);
  }

  @Test
  void masterThatWasStoppedForAShortTimeReadsItsMailBeforeItTouchesTheAddress() {
    var node = Bench.asMaster(Bench.config(1, 100, true));
    node.stall(2.5);
    assertThat(node.takeTrace()).containsExactly("send 1/100");
    node.hears(1, 0);
    node.pass(0.1);
    assertThat(node.takeTrace())
        .containsExactly("release", "MASTER->BACKUP (more frequent advertisement received)");
  }

  @Test
  void claimWhoseTimerComesLateWaitsForObjections() {
    var node = Bench.asBackup(Bench.config(1, 50, true));
    node.hears(1, 100);
    node.stall(0.3);
    assertThat(node.role()).isEqualTo(Role.BACKUP);
    node.hears(1, 0);
    node.pass(0.5);
    assertThat(node.role()).isEqualTo(Role.BACKUP);
  }

  @Test
  void backupThatWasStoppedListensAnew() {
    var node = Bench.asBackup(Bench.config(1, 0, true));
    node.stall(60);
    assertThat(node.takeTrace()).containsExactly("suspect clock-late");
    node.hears(1, 100);
    node.pass(2.0);
    assertThat(node.role()).as("no preemption before it has listened").isEqualTo(Role.BACKUP);
    node.pass(1.2);
    assertThat(node.role()).isEqualTo(Role.MASTER);
  }

  @Test
  void ineligibleNodeNeverBecomesMaster() {
    var node = Bench.asBackup(Bench.config(1, 0, true));
    node.event(now -> new CarpEvent.DemotionSet(now, "maintenance", 0, true));
    node.hears(1, 200);
    node.hears(255, 255);
    node.event(CarpEvent.MasterRequested::new);
    node.pass(60);
    assertThat(node.takeTrace()).isEmpty();
    node.event(now -> new CarpEvent.DemotionCleared(now, "maintenance"));
    node.pass(3.2);
    assertThat(node.role()).isEqualTo(Role.MASTER);
  }

  @Test
  void masterThatBecomesIneligibleLeaves() {
    var node = Bench.asMaster(Bench.config(1, 0, true));
    node.event(now -> new CarpEvent.DemotionSet(now, "maintenance", 240, true));
    assertThat(node.takeTrace())
        .containsExactly(
            "demoted by 240 to 240 (maintenance)",
            "send 255/255",
            "release",
            "MASTER->BACKUP (not eligible)");
  }

  @Test
  void demotedNodeStillTakesOverWhenNobodyElseDoes() {
    var node = Bench.asBackup(Bench.config(1, 0, true));
    node.event(now -> new CarpEvent.DemotionSet(now, "not-ready", 240, false));
    node.pass(3.2);
    assertThat(node.role()).isEqualTo(Role.MASTER);
    assertThat(node.state().effectiveSkew()).isEqualTo(240);
  }

  /// 240 on the wire says that the node is demoted, whatever its own skew is.
  @Test
  void skewOfANodeThatIsNotDemotedDoesNotLookLikeADemotion() {
    for (int advskew : new int[] {239, 240, 254}) {
      var node = Bench.asMaster(Bench.config(1, advskew, true));
      assertThat(node.state().effectiveSkew()).isEqualTo(239);
      node.event(now -> new CarpEvent.DemotionSet(now, "not-ready", 240, false));
      assertThat(node.state().effectiveSkew()).isEqualTo(240);
    }
  }

  @Test
  void silentOrchestratorDemotesAndItsVoiceTakesThatBack() {
    var node = Bench.asMaster(Bench.config(1, 100, true));
    node.event(now -> new CarpEvent.ReadinessReported(now, true, 5 * Bench.SECOND));
    node.pass(4.9);
    assertThat(node.state().effectiveSkew()).isEqualTo(100);
    node.pass(0.2);
    assertThat(node.state().effectiveSkew()).isEqualTo(240);
    node.event(now -> new CarpEvent.ReadinessReported(now, true, 5 * Bench.SECOND));
    assertThat(node.state().effectiveSkew()).isEqualTo(100);
  }

  @Test
  void addressWaitsForTheServicesWhenAsked() {
    var plain = Bench.config(1, 0, true);
    var config =
        new CarpConfig(
            plain.vhid(), plain.advbase(), plain.advskew(), Preempt.SLOWER, plain.families(), true);
    var node = Bench.inInit(config);
    node.link(true);
    node.pass(4);
    assertThat(node.role()).isEqualTo(Role.MASTER);
    assertThat(node.state().holding()).isFalse();
    node.takeEffects();
    node.event(now -> new CarpEvent.ReadinessReported(now, true, 60 * Bench.SECOND));
    assertThat(node.takeTrace()).containsExactly("hold 2s", "announce");
    node.event(now -> new CarpEvent.ReadinessReported(now, false, 60 * Bench.SECOND));
    assertThat(node.takeTrace()).containsExactly("release");
  }

  @Test
  void announcementsComeAtOnceAfterOneAndThreeSecondsAndThenSlowly() {
    var node = Bench.asMaster(Bench.config(1, 0, true));
    node.hears(1, 200); // a slower master: announced anew
    assertThat(node.takeTrace()).contains("announce");
    node.pass(0.99);
    assertThat(node.takeTrace()).doesNotContain("announce");
    node.pass(0.02);
    assertThat(node.takeTrace()).contains("announce");
    node.pass(2.0);
    assertThat(node.takeTrace()).contains("announce");
    node.pass(59.0);
    assertThat(node.takeTrace()).doesNotContain("announce");
    node.pass(1.5);
    assertThat(node.takeTrace()).contains("announce");
  }

  @Test
  void addressThatCannotBeAddedDemotes() {
    var node = Bench.asMaster(Bench.config(1, 10, true));
    node.event(CarpEvent.AddressesNotHeld::new);
    assertThat(node.takeTrace()).containsExactly("demoted by 240 to 240 (address)", "send 1/240");
    node.pass(2.0);
    assertThat(node.takeTrace()).contains("hold 3s", "demoted by -240 to 0 (address)", "send 1/10");
  }

  /// In a group that a pool follows the orchestrators agree on a move of what is served; CARP alone
  /// takes the role only from a master that says that it is not well.
  @Test
  void nodeThatPreemptsTheDemotedOnlyLeavesALivingMasterAlone() {
    var node = Bench.asBackup(Bench.config(1, 0, Preempt.DEMOTED));
    for (int i = 0; i < 60; i++) {
      node.pass(1.4);
      node.hears(1, 100);
    }
    assertThat(node.role()).isEqualTo(Role.BACKUP);
    node.pass(1.4);
    node.hears(1, 240);
    node.pass(0.2);
    assertThat(node.role()).isEqualTo(Role.MASTER);
  }

  @Test
  void ofTwoMastersTheBetterOneStaysWhateverItPreempts() {
    for (var preempt : Preempt.values()) {
      var better = Bench.asMaster(Bench.config(1, 0, preempt));
      better.hears(1, 100);
      assertThat(better.role()).as(preempt.name()).isEqualTo(Role.MASTER);
      var worse = Bench.asMaster(Bench.config(1, 100, preempt));
      worse.hears(1, 0);
      assertThat(worse.role()).as(preempt.name()).isEqualTo(Role.BACKUP);
    }
  }

  @Test
  void resignedNodeWaitsADeadTimeBeforeItPreempts() {
    var node = Bench.asMaster(Bench.config(1, 0, true));
    node.event(now -> new CarpEvent.ResignRequested(now, 30 * Bench.SECOND));
    for (int i = 0; i < 20; i++) {
      node.pass(1.4);
      node.hears(1, 100);
    }
    assertThat(node.role()).isEqualTo(Role.BACKUP);
    node.pass(1.4);
    node.pass(1.0);
    node.hears(1, 100);
    node.pass(0.2);
    assertThat(node.role()).isEqualTo(Role.MASTER);
  }

  @Test
  void nodeThatResignedAloneComesBack() {
    var node = Bench.asMaster(Bench.config(1, 0, true));
    node.event(now -> new CarpEvent.ResignRequested(now, 60 * Bench.SECOND));
    node.pass(3.2);
    assertThat(node.role()).isEqualTo(Role.MASTER);
  }
}
