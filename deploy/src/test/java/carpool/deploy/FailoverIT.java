package carpool.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Machines that die, hang and come back, under a client that writes.
@Tag("e2e")
@ExtendWith(SharedLab.class)
class FailoverIT {
  private static final Duration TAKEOVER = Duration.ofMinutes(2);
  private static final long LIMIT_KIB = 512 * 1024;

  /// Resident memory of the three services, shared pages counted once for all who have them.
  private static final String SUM =
      """
      for service in replicator election orchestrator; do
        pid=$(s6-svstat -o pid /run/service/carpool-$service)
        sed -n 's/^Pss: *\\([0-9]*\\) kB/\\1/p' /proc/$pid/smaps_rollup
      done
      """;

  @Test
  void killedServerIsReplacedWithoutLossAndComesBackAsSecondary(Lab lab) throws Exception {
    var first = lab.serving();
    var second = lab.other(first);
    lab.writer.start();

    first.powerCut();

    lab.await("take-over", TAKEOVER, () -> lab.serves(second));
    lab.writer.writesAgain();
    first.powerOn();
    lab.awaitSteady();
    assertThat(lab.serves(second)).as("the second node went on serving").isTrue();
    assertThat(first.run("pgrep", "-x", "nginx").ok()).as("the first answers").isFalse();
    lab.writer.stopAndFindEverything("crash and return");
  }

  @Test
  void plannedMoveUnderLoadLosesNothing(Lab lab) throws Exception {
    var first = lab.serving();
    lab.writer.start();

    Lab.must(first, "carpool", "switchover");

    lab.await("move", TAKEOVER, () -> lab.serves(lab.other(first)));
    lab.writer.writesAgain();
    lab.awaitSteady();
    lab.writer.stopAndFindEverything("switchover");
  }

  /// And ZFS in user space, which takes the pool along: it is imported again where it was.
  @Test
  void everyServiceMayBeKilledOnEitherNode(Lab lab) throws Exception {
    lab.writer.start();
    for (var service :
        List.of("carpool-replicator", "carpool-election", "carpool-orchestrator", "zfs-fuse")) {
      for (var node : List.of(lab.serving(), lab.other(lab.serving()))) {
        node.kill(service);
        lab.writer.writesAgain();
        lab.awaitSteady();
      }
    }
    lab.writer.stopAndFindEverything("every service killed");
  }

  @Test
  void serverThatHangsForTenSecondsIsReplacedAndGivesWayWhenItGoesOn(Lab lab) throws Exception {
    var first = lab.serving();
    var second = lab.other(first);
    lab.writer.start();

    first.standStill();
    TimeUnit.SECONDS.sleep(10);
    first.goOn();

    lab.writer.writesAgain();
    lab.awaitSteady();
    assertThat(lab.serves(second)).as("the second node serves").isTrue();
    lab.writer.stopAndFindEverything("hang of 10 s");
  }

  @Test
  void lastToServeServesFirstWhenBothComeBack(Lab lab) throws Exception {
    var first = lab.serving();
    var second = lab.other(first);
    lab.writer.start();
    first.powerCut();
    lab.await("take-over", TAKEOVER, () -> lab.serves(second));
    lab.writer.writesAgain();
    second.powerCut();

    // The one with the older copy comes first, and must not serve it.
    first.powerOn();
    lab.await("MASTER without the data", TAKEOVER, () -> first.status().known());
    TimeUnit.SECONDS.sleep(8);
    assertThat(lab.serves(first)).as("an old copy is served").isFalse();
    second.powerOn();

    lab.awaitSteady();
    // The second one, or the first: it may have been brought up to date before either was MASTER.
    // That what is served is the newer copy, the writer sees.
    assertThat(lab.serves(second) || lab.serves(first)).as("one of them serves").isTrue();
    lab.writer.writesAgain();
    lab.writer.stopAndFindEverything("reboot of both, older copy first");
  }

  @Test
  void bothRebootInTheOtherOrder(Lab lab) throws Exception {
    var first = lab.serving();
    var second = lab.other(first);
    lab.writer.start();
    second.powerCut();
    lab.writer.writesAgain();
    first.powerCut();

    first.powerOn();
    lab.await("service by the newer copy alone", Duration.ofMinutes(2), () -> lab.serves(first));
    lab.writer.writesAgain();
    second.powerOn();

    lab.awaitSteady();
    lab.writer.stopAndFindEverything("reboot of both, newer copy first");
  }

  @Test
  void threeServicesStayWithin512MiBUnderLoad(Lab lab) throws Exception {
    var first = lab.serving();
    lab.writer.start();
    Lab.must(first, "sh", "-c", "dd if=/dev/urandom of=/zhast/data/load bs=1M count=30 conv=fsync");
    lab.writer.writesAgain();
    for (var node : lab.nodes()) {
      var sizes = node.run("sh", "-c", SUM).output().lines().map(Long::parseLong).toList();
      System.out.println(node.nodeName() + ": replicator, election, orchestrator KiB " + sizes);
      assertThat(sizes).hasSize(3);
      assertThat(sizes.stream().mapToLong(Long::longValue).sum()).isLessThan(LIMIT_KIB);
    }
    Lab.must(first, "rm", "/zhast/data/load");
    lab.awaitSteady();
    lab.writer.stopAndFindEverything("30 MiB of load");
  }

  /// And finds every metric that dashboard and alerts ask for, and understands every query.
  @Test
  void prometheusScrapesBothNodes(Lab lab) throws Exception {
    assumeTrue(Prometheus.imageIsThere(), "no image of Prometheus: deploy/test makes it");
    try (var prometheus = lab.prometheus()) {
      prometheus.start();
      lab.await(
          "six services that are up",
          Duration.ofMinutes(1),
          () -> prometheus.number("sum(up{job=\"carpool\"})") == 6);

      assertThat(prometheus.run("promtool", "check", "rules", "/etc/carpool-metrics/alerts.yml"))
          .contains("SUCCESS")
          .doesNotContain("FAILED");
      assertThat(Dashboards.metrics()).hasSizeGreaterThan(10);
      assertThat(prometheus.names()).containsAll(Dashboards.metricsWithoutWitness());
      for (var expression : Dashboards.expressions()) {
        assertThat(prometheus.query(expression).get("status").getAsString())
            .as(expression)
            .isEqualTo("success");
      }
      assertThat(prometheus.number("count(carpool_election_role == 2)")).as("masters").isEqualTo(1);
      Lab.await(
          "rules that were evaluated",
          Duration.ofSeconds(30),
          () -> prometheus.sickRules().isEmpty(),
          () -> prometheus.sickRules().toString());
    }
  }
}
