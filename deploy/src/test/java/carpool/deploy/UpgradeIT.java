package carpool.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// An upgrade restarts the services of the serving node, one after the other, while a client writes
/// (`-Dcarpool.upgrades=`, 3 of each): the pool and its services stay as they are, no role moves,
/// the address stays, no request fails, nothing that was acknowledged is missing.
@Tag("e2e")
@ExtendWith(SharedLab.class)
class UpgradeIT {
  private static final Duration BACK = Duration.ofSeconds(60);
  private static final Duration QUICK_START = Duration.ofSeconds(2);

  /// What the log of a node says of a pool or a role that moves; a role that a restarted election
  /// keeps goes from INIT to MASTER.
  private static final Pattern MOVE =
      Pattern.compile(
          "pool zhast: (takeover|give-up|switchover) took"
              + "|: (BACKUP -> MASTER|MASTER -> (BACKUP|INIT)) "
              + "|orchestrator-silent|step (start|stop) ");

  @ParameterizedTest
  @ValueSource(strings = {"carpool-orchestrator", "carpool-election", "carpool-replicator"})
  void serviceOfTheServingNodeIsRestartedUnderAWritingClient(String service, Lab lab)
      throws Exception {
    if (service.equals("carpool-election")) {
      needsAQuickStart(lab);
    }
    int restarts = Integer.getInteger("carpool.upgrades", 3);
    var serving = lab.serving();
    var pids = pidsOfThePool(serving);
    long moves = moves(lab);
    // Longer than any pause should be: the first failed attempt is an error.
    lab.writer.start(BACK);
    for (int restart = 1; restart <= restarts; restart++) {
      restart(lab, serving, service);
    }
    long longest = lab.writer.stopAndFindEverything(service + " restarted " + restarts + " times");
    System.out.printf("%d restarts of %s: longest pause %d ms%n", restarts, service, longest);
    assertThat(lab.writer.failedAttempts()).as("failed attempts").isZero();
    assertThat(moves(lab)).as("moves%n%s", lab.logs()).isEqualTo(moves);
    assertThat(pidsOfThePool(serving)).as("processes of the pool").isEqualTo(pids);
    assertThat(lab.serving()).isSameAs(serving);
  }

  /// The supervisor has to say which end of a process is none: this one is.
  @Test
  void anOrderlyStopOfTheOrchestratorGivesThePoolUp(Lab lab) throws Exception {
    var serving = lab.serving();
    var other = lab.other(serving);
    Lab.must(serving, "s6-svc", "-wD", "-T", "30000", "-d", "/run/service/carpool-orchestrator");
    assertThat(serving.run("zpool", "list", "-H", "zhast").ok()).isFalse();
    lab.await("the move", BACK, () -> lab.serves(other));
    Lab.must(serving, "s6-svc", "-u", "/run/service/carpool-orchestrator");
    lab.awaitSteady();
  }

  /// In order, as `systemctl restart` does; over when the new process answers and the pair is well.
  private static void restart(Lab lab, Node node, String service) throws InterruptedException {
    var before = pid(node, service);
    Lab.must(node, "s6-svc", "-r", "/run/service/" + service);
    lab.await(
        "a new process of " + service,
        BACK,
        () -> {
          var now = pid(node, service);
          return !now.equals(before) && !now.equals("-1");
        });
    lab.await("the pair is well", BACK, () -> node.status().servesInStep());
    lab.writer.writesAgain();
  }

  /// The role is kept when the next process is there 2.8 s after the last advertisement; a machine
  /// that is busy with other things needs more than that for a start.
  private static void needsAQuickStart(Lab lab) throws InterruptedException {
    var standby = lab.other(lab.serving());
    long before = starts(standby);
    long begun = System.nanoTime();
    Lab.must(standby, "s6-svc", "-r", "/run/service/carpool-election");
    lab.await("a start of the election", BACK, () -> starts(standby) > before);
    var took = Duration.ofNanos(System.nanoTime() - begun);
    assumeTrue(
        took.compareTo(QUICK_START) < 0,
        "a restart of carpool-election takes " + took.toMillis() + " ms here");
    lab.awaitSteady();
  }

  private static long starts(Node node) {
    return node.getLogs().lines().filter(line -> line.contains("ready: carpool-election")).count();
  }

  private static String pid(Node node, String service) {
    return node.run("s6-svstat", "-o", "pid", "/run/service/" + service).output().strip();
  }

  private static List<String> pidsOfThePool(Node node) {
    return List.of(pid(node, "nginx"), pid(node, "records"), pid(node, "zfs-fuse"));
  }

  private static long moves(Lab lab) {
    return lab.nodes().stream()
        .flatMap(node -> node.getLogs().lines())
        .filter(line -> MOVE.matcher(line).find())
        .count();
  }
}
