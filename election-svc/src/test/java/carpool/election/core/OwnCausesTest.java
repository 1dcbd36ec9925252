package carpool.election.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// The causes that the machine sets by itself end by themselves, also on a node that does nothing
/// which could disprove them: a BACKUP neither holds addresses nor sends.
final class OwnCausesTest {
  private static Bench demotedAsMaster(CarpConfig config) {
    var node = Bench.asMaster(config);
    node.addressTaken(true);
    node.pass(1.5);
    assertThat(node.state().demotions().causes()).containsKey(CarpMachine.CAUSE_ADDRESS);
    node.hears(1, 0);
    assertThat(node.role()).isEqualTo(Role.BACKUP);
    node.takeEffects();
    return node;
  }

  /// A better master goes on advertising.
  private static void listen(Bench node, int seconds) {
    for (int second = 0; second < seconds; second++) {
      node.hears(1, 0);
      node.pass(1);
    }
  }

  @Test
  void aBackupLooksWhetherItCouldHoldTheAddressesAgain() {
    var node = demotedAsMaster(Bench.config(1, 100, false));
    listen(node, 12);
    assertThat(node.takeTrace()).as("looked at, and still taken").containsExactly("check");
    assertThat(node.state().demotions().total()).isEqualTo(CarpMachine.OWN_DEMOTION);

    node.addressTaken(false);
    listen(node, 12);

    assertThat(node.takeTrace()).containsExactly("check", "demoted by -240 to 0 (address)");
    listen(node, 60);
    assertThat(node.takeTrace()).as("nothing is left to look at").isEmpty();
  }

  @Test
  void aNodeThatStillCannotHoldThemDoesNotTakeTheRoleBack() {
    var node = demotedAsMaster(Bench.config(1, 0, true));
    for (int second = 0; second < 300; second++) {
      node.hears(1, 100);
      node.pass(1);
    }
    assertThat(node.changes()).last().extracting(Bench.Change::to).isEqualTo(Role.BACKUP);
    assertThat(node.takeTrace()).containsOnly("check");
  }

  @Test
  void refusedSendsOfAFormerMasterAreForgottenAfterAMinute() {
    var node = Bench.asMaster(Bench.config(1, 100, false));
    node.sendsFail(true);
    node.pass(6);
    assertThat(node.state().demotions().causes()).containsKey(CarpMachine.CAUSE_SEND_ERROR);
    node.hears(1, 0);
    node.sendsFail(false);
    node.takeEffects();
    listen(node, 50);
    assertThat(node.takeTrace()).isEmpty();
    listen(node, 15);
    assertThat(node.takeTrace()).containsExactly("demoted by -240 to 0 (send-error)");
  }

  /// Whoever is not heard cannot be contradicted: it would hold the address beside a master that
  /// lives.
  @Test
  void aNodeWhoseSendsAreRefusedDoesNotTakeOverFromALivingMaster() {
    var node = Bench.asBackup(Bench.config(1, 0, true));
    node.sendsFail(true);
    for (int second = 0; second < 300; second++) {
      node.hears(1, 100);
      node.pass(1);
      assertThat(node.role()).isEqualTo(Role.BACKUP);
    }
    assertThat(node.takeTrace()).contains("send 1/0").doesNotContain("hold 3s", "hold 2s");
  }

  @Test
  void aLinkThatComesBackIsMeasuredAnew() {
    var node = Bench.asMaster(Bench.config(1, 0, false));
    node.sendsFail(true);
    node.pass(4);
    node.link(false);
    assertThat(node.state().demotions().causes()).isEmpty();
    node.sendsFail(false);
    node.link(true);
    node.pass(5);
    assertThat(node.role()).isEqualTo(Role.MASTER);
    assertThat(node.state().demotions().total()).isZero();
  }
}
