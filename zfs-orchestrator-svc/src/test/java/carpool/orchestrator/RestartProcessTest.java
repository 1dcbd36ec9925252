package carpool.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.election.v1.State;
import carpool.orchestrator.v1.PoolState;
import carpool.orchestrator.v1.WatchRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// SIGTERM to an orchestrator under a served pool, as the supervisor's jobs say what it means.
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
final class RestartProcessTest {
  private static final String UNIT = "carpool-orchestrator.service";

  @TempDir Path dir;

  private Bed serving() throws Exception {
    var bed =
        new Bed(dir, Bed.POOLS.replace("start: [touch, %1$s/web]", "start: [%1$s/start-web]"));
    Files.writeString(
        dir.resolve("start-web"), "#!/bin/sh\ncd " + dir + "; touch web; echo started >>starts\n");
    assertThat(dir.resolve("start-web").toFile().setExecutable(true)).isTrue();
    bed.poolOnDisks();
    bed.start();
    bed.election.become(State.STATE_MASTER);
    bed.awaitPool(PoolState.POOL_STATE_SERVING);
    bed.await("readiness is told", () -> bed.election.readyGroups().contains("storage"));
    return bed;
  }

  /// What `systemctl list-jobs` prints.
  private void job(String line) throws IOException {
    Files.writeString(dir.resolve("job"), line + "\n");
  }

  private static long stopMillis(Bed bed) throws Exception {
    var begun = System.nanoTime();
    bed.process().signal("TERM");
    assertThat(bed.process().exitCode(Duration.ofSeconds(30))).isZero();
    return (System.nanoTime() - begun) / 1_000_000;
  }

  @Test
  void aRestartLeavesThePoolAsItIsToTheNextProcess() throws Exception {
    try (var bed = serving()) {
      job("4711 " + UNIT + " restart running");
      var watcher = bed.orchestrator().watch(WatchRequest.getDefaultInstance());
      assertThat(watcher.next().getEvent()).isEqualTo("snapshot");
      var callsBefore = bed.replicator.calls();

      System.out.println("stopped for a restart in " + stopMillis(bed) + " ms");
      assertThat(bed.process().output()).contains("left as it is to the next process");
      assertThat(bed.election.readyGroups()).containsExactly("storage");
      assertThat(bed.election.reportedWithinMillis()).isEqualTo(30_000);
      var reports = bed.election.reports();
      bed.election.forgetUnready();

      bed.start();
      bed.awaitPool(PoolState.POOL_STATE_SERVING);
      bed.await("reports", () -> bed.election.reports() > reports + 1);

      assertThat(bed.read("calls")).doesNotContain("export").containsOnlyOnce("zpool import -f");
      assertThat(bed.replicator.calls()).isEqualTo(callsBefore);
      assertThat(bed.read("starts")).isEqualTo("started\n");
      assertThat(bed.status().getLastFailovers(0).getKind()).isEqualTo("adoption");
      assertThat(bed.election.resignations()).isZero();
      assertThat(bed.election.demoted()).as("of the new process").doesNotContain("not-ready");
      assertThat(bed.election.unready()).as("reports without the served group").isZero();
    }
  }

  /// A restart is no move: the record of the last moves is not filled by it.
  @Test
  void restartsDoNotPushMovesOutOfTheHistory() throws Exception {
    try (var bed = serving()) {
      job("4711 " + UNIT + " restart running");
      assertThat(stopMillis(bed)).isPositive();
      bed.start();
      bed.awaitPool(PoolState.POOL_STATE_SERVING);
      assertThat(stopMillis(bed)).isPositive();
      bed.start();
      bed.awaitPool(PoolState.POOL_STATE_SERVING);

      var timeline =
          bed.orchestrator()
              .getTimeline(carpool.orchestrator.v1.GetTimelineRequest.getDefaultInstance());
      assertThat(timeline.getMovesList()).hasSize(1);
      assertThat(timeline.getMoves(0).getParts(0).getKind()).isEqualTo("takeover");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "4711 carpool-orchestrator.service stop running",
        "4711 carpool-replicator.service restart running",
        "4711 carpool-orchestrator.service restart waiting",
        "No jobs running."
      })
  void everythingElseGivesThePoolUpInOrder(String jobs) throws Exception {
    try (var bed = serving()) {
      job(jobs);
      assertThat(stopMillis(bed)).isPositive();
      assertThat(bed.has("imported")).isFalse();
      assertThat(bed.has("web")).isFalse();
      assertThat(bed.replicator.calls()).last().isEqualTo("ROLE_SECONDARY");
      assertThat(bed.election.resignations()).isEqualTo(1);
      assertThat(bed.election.causes()).contains("not-ready");
    }
  }

  /// A shutdown takes the place of a restart that has begun.
  @Test
  void aRestartThatBecomesAStopGivesThePoolUp() throws Exception {
    try (var bed = serving()) {
      job("4711 " + UNIT + " restart running");
      bed.make("one-restart-job");
      assertThat(stopMillis(bed)).isPositive();
      assertThat(bed.has("imported")).isFalse();
      assertThat(bed.election.resignations()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "name: web | name: other | service web of pool tank would not be stopped by it",
        "name: tank | name: other | pool tank is no longer in the configuration",
        "[disk1, disk2] | [disk2, disk1] | pool tank is another one",
        "resources: | resource: | the configuration is wrong: ",
        "state-dir: | device-dir: | the configuration is wrong: "
      })
  void aPoolThatTheNextProcessWouldNotLookAfterIsGivenUp(String now, String next, String why)
      throws Exception {
    try (var bed = serving()) {
      job("4711 " + UNIT + " restart running");
      var file = dir.resolve("carpool.yaml");
      Files.writeString(file, Files.readString(file).replace(now, next));
      assertThat(stopMillis(bed)).isPositive();
      assertThat(bed.has("imported")).isFalse();
      assertThat(bed.election.resignations()).isEqualTo(1);
      assertThat(bed.process().output()).contains("would not look after the pools: " + why);
    }
  }

  @Test
  void aRestartTakesOverOtherTimeouts() throws Exception {
    try (var bed = serving()) {
      job("4711 " + UNIT + " restart running");
      var file = dir.resolve("carpool.yaml");
      Files.writeString(file, Files.readString(file).replace("promote: 2s", "promote: 3s"));
      assertThat(stopMillis(bed)).isPositive();
      assertThat(bed.has("imported")).isTrue();
    }
  }
}
