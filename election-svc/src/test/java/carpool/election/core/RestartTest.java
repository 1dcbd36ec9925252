package carpool.election.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A restart of the service under a pool that is served: the role is not given away.
final class RestartTest {
  private static final CarpConfig CONFIG = Bench.config(1, 0, true);

  private static Bench serving() {
    var node = Bench.asMaster(CONFIG);
    node.event(now -> new CarpEvent.ReadinessReported(now, true, 60 * Bench.SECOND));
    node.takeEffects();
    return node;
  }

  @Test
  void aMasterWhoseServicesAreUpLeavesTheAddressToItsLease() {
    var node = serving();
    node.event(CarpEvent.StopRequested::new);
    assertThat(node.takeTrace()).containsExactly("send 1/0", "hold 2s");
    node.pass(10);
    assertThat(node.takeTrace()).as("nothing happens any more").isEmpty();
  }

  @Test
  void theNextProcessGoesOnAsMasterAtOnce() {
    var node = Bench.resuming(CONFIG, 1.5);
    node.link(true);
    assertThat(node.takeTrace())
        .containsExactly(
            "INIT->MASTER (resumed after a restart)", "send 1/0", "hold 2s", "announce");
    assertThat(node.state().demotions().total()).isZero();
  }

  @ParameterizedTest
  @ValueSource(doubles = {2.8, 2.9, 3.0, 600})
  void aProcessThatComesTooLateListensLikeAnyOther(double secondsAgo) {
    var node = Bench.resuming(CONFIG, secondsAgo);
    node.link(true);
    assertThat(node.takeTrace())
        .containsExactly("release", "INIT->BACKUP (initialization complete)");
    node.pass(2.9);
    assertThat(node.role()).isEqualTo(Role.BACKUP);
  }

  @Test
  void aLinkThatComesTooLateEndsTheResumption() {
    var node = Bench.resuming(CONFIG, 0.5);
    node.pass(2.4);
    node.link(true);
    assertThat(node.role()).isEqualTo(Role.BACKUP);
  }

  @Test
  void aResumedMasterYieldsToABetterOneThatTookOver() {
    var node = Bench.resuming(Bench.config(1, 100, true), 1.5);
    node.link(true);
    node.takeEffects();
    node.hears(1, 0);
    assertThat(node.takeTrace())
        .containsExactly("release", "MASTER->BACKUP (more frequent advertisement received)");
  }

  @Test
  void anOrchestratorThatStaysAwayAfterTheRestartDemotes() {
    var node = Bench.resuming(CONFIG, 0.5);
    node.link(true);
    node.pass(10.1);
    assertThat(node.state().effectiveSkew()).isEqualTo(CarpMachine.OWN_DEMOTION);
  }
}
