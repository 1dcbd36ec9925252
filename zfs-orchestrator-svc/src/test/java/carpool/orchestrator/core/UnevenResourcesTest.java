package carpool.orchestrator.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/// The resources of one pool do not change together: what holds for one of them holds for the pool
/// only when it holds for all.
final class UnevenResourcesTest {
  private static UnaryOperator<ResourceFacts> disk2(Role role, boolean ready, boolean resuming) {
    return r ->
        r.name().equals("disk2")
            ? new ResourceFacts(
                r.name(),
                role,
                ready,
                resuming,
                r.fenced(),
                r.refusal(),
                r.linkUp(),
                r.peerPrimary(),
                r.peerCurrent())
            : new ResourceFacts(
                r.name(),
                Role.PRIMARY,
                true,
                false,
                r.fenced(),
                r.refusal(),
                r.linkUp(),
                r.peerPrimary(),
                r.peerCurrent());
  }

  @Test
  void noPoolIsImportedBeforeAllResourcesArePrimaryWithTheirDevices() {
    var bench = new Bench(Bench.zfs()).standby().carp(Carp.MASTER).done("promote");
    bench.resources(disk2(Role.SECONDARY, false, false));
    assertThat(bench.lines()).doesNotContain("run import");

    // As while its role goes and its device node is still there.
    bench.resources(disk2(Role.SECONDARY, true, false));
    assertThat(bench.lines()).doesNotContain("run import");

    bench.resources(disk2(Role.PRIMARY, false, false));
    assertThat(bench.lines()).doesNotContain("run import");

    bench.resources(disk2(Role.PRIMARY, true, false));
    assertThat(bench.lines()).contains("run import");
  }

  @Test
  void promotionThatOneResourceMissedIsAskedForAgain() {
    var bench = new Bench(Bench.zfs()).standby().carp(Carp.MASTER);
    bench.resources(disk2(Role.SECONDARY, false, false));
    bench.fails("promote", Failure.Kind.FAILED).pass(1);
    assertThat(bench.running()).isEqualTo("promote");
  }

  @Test
  void poolIsHeldWhileOneResourceResumes() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.resources(disk2(Role.SECONDARY, false, true));
    assertThat(bench.machine.view().problem()).contains("I/O is held").contains("disk2");

    bench.resources(disk2(Role.PRIMARY, true, false));
    assertThat(bench.machine.view().problem()).isEmpty();
  }

  @Test
  void poolIsGivenUpWhenOneDeviceIsGone() {
    var bench = new Bench(Bench.zfs()).serving();
    bench.resources(disk2(Role.SECONDARY, false, false));
    assertThat(bench.lines()).contains("run export");
  }

  @Test
  void whatIsNotMountedIsMountedBeforeAServiceStarts() {
    var bench = new Bench(Bench.zfs("web"));
    bench.replicatorLost().carp(Carp.MASTER).role(Role.PRIMARY).devices();
    bench.inspected(true, Health.UNMOUNTED);
    assertThat(bench.running()).isEqualTo("import");
  }

  @Test
  void cutThatFailsIsTriedAgain() {
    var bench = new Bench(Bench.zfs()).serving().fenced();
    assertThat(bench.running()).isEqualTo("cut off");
    bench.fails("cut off", Failure.Kind.FAILED).pass(2);
    assertThat(bench.running()).isEqualTo("cut off");
  }

  @Test
  void takeoverIsRefusedWhileThePeerWritesOneResource() {
    var bench = new Bench(Bench.zfs()).standby();
    bench.resources(r ->
        new ResourceFacts(
            r.name(),
            r.role(),
            r.deviceReady(),
            r.resuming(),
            r.fenced(),
            r.refusal(),
            true,
            r.name().equals("disk2"),
            true));
    bench.lines();
    bench.ask(new Command.TakeOver(false));
    assertThat(bench.lines()).containsExactly("answer PEER_IS_PRIMARY");
  }
}
