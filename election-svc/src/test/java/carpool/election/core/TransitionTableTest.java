package carpool.election.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/// The transition table of the kernels (carp.md 2.2), row by row, with this machine's deviations.
final class TransitionTableTest {

  @Nested
  final class Init {
    @Test
    void linkUpMakesBackup() {
      var node = Bench.inInit(Bench.config(1, 0, true));
      node.link(true);
      assertThat(node.takeTrace()).containsExactly("INIT->BACKUP (initialization complete)");
      assertThat(node.state().timers().armed()).containsOnlyKeys(TimerKind.MASTER_DOWN);
    }

    @Test
    void advertisementChangesNothing() {
      var node = Bench.inInit(Bench.config(1, 0, true));
      node.hears(1, 200);
      assertThat(node.takeTrace()).isEmpty();
      assertThat(node.role()).isEqualTo(Role.INIT);
    }

    @Test
    void requestToBeMasterIsIgnored() {
      var node = Bench.inInit(Bench.config(1, 0, true));
      node.event(CarpEvent.MasterRequested::new);
      assertThat(node.takeTrace()).isEmpty();
    }

    @Test
    void aNodeAloneIsMasterAfterOneDeadTimeAndNeverBefore() {
      var node = Bench.inInit(Bench.config(1, 100, true));
      node.link(true);
      node.pass(3.39);
      assertThat(node.role()).isEqualTo(Role.BACKUP);
      node.pass(0.13);
      assertThat(node.role()).isEqualTo(Role.MASTER);
    }
  }

  @Nested
  final class Backup {
    @Test
    void silenceForTheDeadTimeMakesMaster() {
      var node = Bench.asBackup(Bench.config(1, 20, false));
      node.pass(3.07);
      assertThat(node.takeTrace()).isEmpty();
      node.pass(0.13);
      assertThat(node.takeTrace())
          .containsExactly("send 1/20", "hold 2s", "announce", "BACKUP->MASTER (master timed out)");
    }

    @Test
    void slowerMasterIsPreempted() {
      var node = Bench.asBackup(Bench.config(1, 50, true));
      node.hears(1, 100);
      assertThat(node.takeTrace()).containsExactly("send 1/50");
      node.pass(0.1);
      assertThat(node.takeTrace())
          .containsExactly("hold 2s", "announce", "BACKUP->MASTER (preempting a slower master)");
    }

    @Test
    void slowerMasterIsLeftAloneWithoutPreemption() {
      var node = Bench.asBackup(Bench.config(1, 50, false));
      for (int i = 0; i < 10; i++) {
        node.pass(1.4);
        node.hears(1, 100);
      }
      assertThat(node.takeTrace()).isEmpty();
    }

    @Test
    void masterThatWouldTimeOutAnywayIsReplaced() {
      var node = Bench.asBackup(Bench.config(1, 50, false));
      node.hears(4, 0);
      node.pass(0.1);
      assertThat(node.takeTrace())
          .containsExactly(
              "send 1/50", "hold 2s", "announce", "BACKUP->MASTER (master will time out)");
    }

    @Test
    void leavingMasterIsReplacedAtOnce() {
      var node = Bench.asBackup(Bench.config(1, 50, false));
      node.hears(255, 255);
      assertThat(node.takeTrace()).containsExactly("send 1/50");
      node.pass(0.1);
      assertThat(node.role()).isEqualTo(Role.MASTER);
    }

    @Test
    void anyOtherAdvertisementRestartsTheTimer() {
      var node = Bench.asBackup(Bench.config(1, 50, false));
      for (int skew : new int[] {0, 50, 51, 200}) {
        node.pass(3.0);
        node.hears(1, skew);
      }
      node.pass(3.19);
      assertThat(node.takeTrace()).isEmpty();
      node.pass(0.13);
      assertThat(node.role()).isEqualTo(Role.MASTER);
    }

    @Test
    void demotionOfThePeerInByteFourIsNotActedOn() {
      var node = Bench.asBackup(Bench.config(1, 50, false));
      node.event(now ->
          new CarpEvent.AdvertisementHeard(
              now, Bench.PEER, new carpool.election.core.wire.Advertisement(1, 1, 20, 200, 99)));
      assertThat(node.takeTrace()).isEmpty();
    }

    @Test
    void administratorCanMakeItMaster() {
      var node = Bench.asBackup(Bench.config(1, 50, false));
      node.event(CarpEvent.MasterRequested::new);
      node.pass(0.1);
      assertThat(node.takeTrace())
          .contains("send 1/50", "BACKUP->MASTER (user requested via carpool)");
    }

    @Test
    void linkDownMakesInit() {
      var node = Bench.asBackup(Bench.config(1, 50, false));
      node.link(false);
      assertThat(node.takeTrace()).containsExactly("BACKUP->INIT (hardware interface down)");
    }

    @Test
    void oldTimersMeanNothing() {
      var node = Bench.asBackup(Bench.config(1, 50, false));
      node.event(now -> new CarpEvent.TimerFired(now, 1));
      node.event(now -> new CarpEvent.TimerFired(now, 1_000));
      assertThat(node.takeTrace()).isEmpty();
    }
  }

  @Nested
  final class Master {
    @Test
    void advertisesEveryInterval() {
      var node = Bench.asMaster(Bench.config(1, 128, true));
      node.pass(15.0);
      assertThat(node.takeTrace().stream().filter("send 1/128"::equals)).hasSize(10);
    }

    @Test
    void renewsTheAddressWithEachAdvertisement() {
      var node = Bench.asMaster(Bench.config(2, 0, true));
      node.pass(20.0);
      assertThat(node.takeTrace().stream().filter("hold 4s"::equals)).hasSize(10);
    }

    @Test
    void fasterPeerTakesTheRole() {
      var node = Bench.asMaster(Bench.config(1, 100, true));
      node.hears(1, 99);
      assertThat(node.takeTrace())
          .containsExactly("release", "MASTER->BACKUP (more frequent advertisement received)");
    }

    @Test
    void equalPeerTakesTheRole() {
      var node = Bench.asMaster(Bench.config(1, 100, true));
      node.hears(1, 100);
      assertThat(node.role()).isEqualTo(Role.BACKUP);
    }

    @Test
    void slowerPeerIsToldAtOnceWhoIsMaster() {
      var node = Bench.asMaster(Bench.config(1, 100, true));
      node.hears(1, 101);
      assertThat(node.takeTrace())
          .containsExactly("suspect another-master", "send 1/100", "hold 2s", "announce");
      node.hears(1, 101);
      assertThat(node.takeTrace()).as("not more often than stated").isEmpty();
    }

    @Test
    void leavingPeerIsNoConcern() {
      var node = Bench.asMaster(Bench.config(1, 100, true));
      node.hears(255, 255);
      assertThat(node.takeTrace()).isEmpty();
    }

    @Test
    void linkDownMakesInitAndTakesTheAddressOff() {
      var node = Bench.asMaster(Bench.config(1, 0, true));
      node.link(false);
      assertThat(node.takeTrace())
          .containsExactly("release", "MASTER->INIT (hardware interface down)");
      node.link(true);
      assertThat(node.takeTrace()).containsExactly("INIT->BACKUP (initialization complete)");
    }

    @Test
    void changedDemotionIsAdvertisedAtOnce() {
      var node = Bench.asMaster(Bench.config(1, 100, true));
      node.event(now -> new CarpEvent.DemotionSet(now, "pool", 50, false));
      assertThat(node.takeTrace())
          .containsExactly("demoted by 50 to 50 (pool)", "send 1/150", "hold 2s");
      node.event(now -> new CarpEvent.DemotionSet(now, "service", 240, false));
      assertThat(node.takeTrace())
          .containsExactly("demoted by 240 to 290 (service)", "send 1/240", "hold 3s");
      node.event(now -> new CarpEvent.DemotionCleared(now, "service"));
      node.event(now -> new CarpEvent.DemotionCleared(now, "pool"));
      assertThat(node.takeTrace())
          .containsExactly(
              "demoted by -240 to 50 (service)",
              "send 1/150",
              "hold 2s",
              "demoted by -50 to 0 (pool)",
              "send 1/100",
              "hold 2s");
    }

    @Test
    void thirdRefusedSendDemotesAndThirdGoodOneTakesItBack() {
      var node = Bench.asMaster(Bench.config(1, 0, true));
      for (int i = 0; i < 3; i++) {
        assertThat(node.state().effectiveSkew()).isZero();
        node.event(now ->
            new CarpEvent.AdvertisementNotSent(now, carpool.election.core.wire.IpFamily.IPV4));
      }
      assertThat(node.state().effectiveSkew()).isEqualTo(240);
      // The extra advertisement for the change of demotion was the first good one.
      node.pass(4.0);
      assertThat(node.state().effectiveSkew()).isZero();
    }

    @Test
    void resignsWithTheLeaveMarkerWhileTheAddressIsStillThereToSendItFrom() {
      var node = Bench.asMaster(Bench.config(1, 0, true));
      node.event(now -> new CarpEvent.ResignRequested(now, 0));
      assertThat(node.takeTrace())
          .containsExactly("send 255/255", "release", "MASTER->BACKUP (resigned)");
    }

    @Test
    void stopsInOrder() {
      var node = Bench.asMaster(Bench.config(1, 0, true));
      node.event(CarpEvent.StopRequested::new);
      assertThat(node.takeTrace())
          .containsExactly("send 255/255", "release", "MASTER->INIT (stopped)");
      node.link(false);
      node.link(true);
      assertThat(node.takeTrace()).as("nothing happens any more").isEmpty();
    }
  }
}
