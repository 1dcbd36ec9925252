package carpool.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// An upgrade restarts the services of the serving node, one after the other, while a client writes
/// (`-Dcarpool.restarts=`, 2 for each): the pool does not move, the address stays, nothing that was
/// acknowledged is missing.
@Tag("e2e")
@ExtendWith(SharedLab.class)
class UpgradeIT {
  private static final List<String> SERVICES =
      List.of("carpool-orchestrator", "carpool-election", "carpool-replicator");

  private static final Duration BACK = Duration.ofSeconds(60);

  /// The writer's connection is refused or reset only when the address is gone.
  private static final String LOST_ADDRESS = "cannot connect";

  @Test
  void servicesOfTheServingNodeAreRestartedUnderAWritingClient(Lab lab) throws Exception {
    int restarts = Integer.getInteger("carpool.restarts", 2);
    lab.awaitSteady();
    var serving = lab.serving();
    var passages = passages(serving);
    var pauses = new ArrayList<String>();
    for (var service : SERVICES) {
      lab.writer.start();
      for (int restart = 1; restart <= restarts; restart++) {
        restart(lab, serving, service);
      }
      long longest =
          lab.writer.stopAndFindEverything(service + " restarted " + restarts + " times");
      pauses.add("%s: longest pause %d ms".formatted(service, longest));
      assertThat(lab.client.run("cat", "/tmp/report").output())
          .as(service)
          .doesNotContain(LOST_ADDRESS);
      assertThat(passages(serving)).as("the pool did not move for %s", service).isEqualTo(passages);
      assertThat(lab.serving()).isSameAs(serving);
    }
    System.out.println(restarts + " restarts of each service: " + String.join("; ", pauses));
  }

  /// In order, as `systemctl restart` does; over when the new process answers and the pair is well.
  private static void restart(Lab lab, Node node, String service) throws InterruptedException {
    var before = pid(node, service);
    Lab.must(node, "s6-svc", "-r", "/run/service/" + service);
    lab.await(
        "a new process of " + service,
        BACK,
        () -> !pid(node, service).equals(before) && node.run("carpool", "status").ok());
    lab.await("the pair is well", BACK, () -> lab.serves(node) && Lab.complete(node));
    lab.writer.writesAgain();
  }

  private static String pid(Node node, String service) {
    return node.run("s6-svstat", "-o", "pid", "/run/service/" + service).output().strip();
  }

  private static String passages(Node node) {
    var timeline = node.run("carpool", "timeline");
    assertThat(timeline.ok()).as(timeline.toString()).isTrue();
    return timeline.output();
  }
}
