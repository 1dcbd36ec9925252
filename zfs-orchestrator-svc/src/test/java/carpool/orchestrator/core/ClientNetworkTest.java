package carpool.orchestrator.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// What the machine of a pool does when its clients are lost.
final class ClientNetworkTest {
  @Test
  void theServerGivesUpInOrderAndOnlyThenIsRuledOut() {
    var bench = new Bench(Bench.zfs("web")).serving();

    bench.clientsLost("no answer from the gateway");
    bench.done("stop web").done("export").done("demote").role(Role.SECONDARY).carp(Carp.BACKUP);

    assertThat(bench.lines())
        .containsExactly(
            "run stop web",
            "= GIVING_UP",
            "run export",
            "run demote",
            "+ client-network",
            "= STANDBY");
    assertThat(bench.machine.view().problem()).isEqualTo("no answer from the gateway");
    assertThat(bench.passages.getLast().cause()).isEqualTo("no answer from the gateway");
  }

  @Test
  void aMasterThatWaitsForThePoolStopsWaiting() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.carp(Carp.MASTER).refused(Refusal.PEER_IS_PRIMARY).clientsLost("nothing received");

    assertThat(bench.lines())
        .containsExactly(
            "run promote", "= TAKING_OVER", "run demote", "+ client-network", "= STANDBY");
  }

  @Test
  void whenTheNetworkIsBackNothingStandsAgainstTheNode() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.clientsLost("cut").done("export").done("demote").role(Role.SECONDARY);
    bench.carp(Carp.BACKUP).lines();

    bench.clientsLost("");
    assertThat(bench.lines()).containsExactly("- client-network");
    bench.carp(Carp.MASTER);
    assertThat(bench.lines()).containsExactly("run promote", "= TAKING_OVER");
  }

  @Test
  void anOperatorsWordCountsMore() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.clientsLost("cut").done("export").done("demote").role(Role.SECONDARY);
    bench.carp(Carp.BACKUP).lines();

    bench.ask(new Command.TakeOver(true));

    assertThat(bench.lines()).containsExactly("run promote", "- client-network", "= TAKING_OVER");
  }

  @Test
  void itIsTakenBackWhileServicesAreBeingStopped() {
    var bench = new Bench(Bench.zfs("web")).serving();
    bench.clientsLost("cut").clientsLost("");
    bench.done("stop web").done("start web").done("check web");

    assertThat(bench.lines())
        .containsExactly(
            "run stop web",
            "= GIVING_UP",
            "= TAKING_OVER",
            "run start web",
            "run check web",
            "= SERVING");
  }
}
