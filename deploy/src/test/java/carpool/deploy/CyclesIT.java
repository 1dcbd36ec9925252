package carpool.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// The serving machine dies and comes back, again and again (`-Dcarpool.cycles=`, 3): never two
/// masters, nothing that was acknowledged is missing, no manual step; then a planned move.
@Tag("e2e")
@ExtendWith(SharedLab.class)
class CyclesIT {
  private static final int RECORDS = 10;
  private static final Duration TAKEOVER = Duration.ofSeconds(60);
  private static final Duration RETURN = Duration.ofMinutes(5);

  private static final String WHO =
      "zpool list -H -o name zhast 2>/dev/null; ip -o addr | grep -o 'LAN.50' || true";

  @Test
  void pairOutlivesCyclesOfPowerCutAndReturnWithoutAManualStep(Lab lab) throws Exception {
    int cycles = Integer.getInteger("carpool.cycles", 3);
    var gaps = new ArrayList<Duration>();
    try (var client = new Client()) {
      for (int cycle = 1; cycle <= cycles; cycle++) {
        cycle(lab, client, cycle, gaps);
      }
      planned(lab, client);
      verify(lab);
      tell(gaps);
    }
  }

  private static void cycle(Lab lab, Client client, int cycle, List<Duration> gaps)
      throws Exception {
    var first = lab.serving();
    var second = lab.other(first);
    var directory = "/zhast/data/records" + cycle % 4;
    first.run("rm", "-rf", directory);
    var acknowledged = LocalWriter.write(first, directory);
    Lab.await(
        "records",
        TAKEOVER,
        () -> acknowledged.numbers.size() >= RECORDS,
        () -> acknowledged.progress() + lab.logs());
    var _ = client.longestGap();

    first.powerCut();

    assertTrue(acknowledged.awaitCompletion(30, TimeUnit.SECONDS), "the writer goes on");
    lab.await("takeover " + cycle, TAKEOVER, () -> client.from().equals(second.nodeName()));
    gaps.add(client.longestGap());
    var found =
        second.run("sh", "-c", "cd " + directory + " && grep -H . *").output().lines().toList();
    var missing = new TreeSet<Integer>();
    for (int number : acknowledged.numbers) {
      if (!found.contains(number + ":record " + number)) {
        missing.add(number);
      }
    }
    assertTrue(missing.isEmpty(), () -> "acknowledged and lost: " + missing + lab.logs());

    first.powerOn();

    lab.await(
        "return " + cycle,
        RETURN,
        () -> {
          oneServer(lab);
          return Lab.complete(second) && Lab.isBackupAndSecondary(first);
        });
    assertEquals(second.nodeName(), client.from());
    System.out.printf(
        "cycle %d: %s died, %s answered after %s, %d records%n",
        cycle,
        first.nodeName(),
        second.nodeName(),
        Client.seconds(gaps.getLast()),
        acknowledged.numbers.size());
  }

  private static void planned(Lab lab, Client client) throws Exception {
    var first = lab.serving();
    var second = lab.other(first);
    var _ = client.longestGap();
    var moved = first.run("carpool", "switchover");
    assertTrue(moved.ok(), () -> moved + lab.logs());
    lab.await("move", TAKEOVER, () -> client.from().equals(second.nodeName()));
    System.out.println("planned: without an answer for " + Client.seconds(client.longestGap()));
    System.out.println(moved.output());
    System.out.println(second.run("carpool", "timeline").output());
    lab.await(
        "both settled",
        TAKEOVER,
        () -> Lab.complete(second) && Lab.isBackupAndSecondary(first) && lab.serves(second));
  }

  /// Both copies are compared block by block.
  private static void verify(Lab lab) throws Exception {
    var serving = lab.serving();
    Lab.must(serving, "carpool", "verify");
    lab.await(
        "end of the comparison",
        TAKEOVER,
        () -> {
          var status = serving.run("carpool", "status", "--json");
          return status.ok() && !status.output().contains("SYNC_STATE_VERIFY");
        });
    var status = serving.run("carpool", "status").output();
    assertFalse(status.contains("that differed"), status);
    assertTrue(Lab.complete(serving), status);
    System.out.println("both copies are equal, block by block");
  }

  /// Neither the pool nor the address is ever on both.
  private static void oneServer(Lab lab) {
    var who = WHO.replace("LAN", Lab.LAN);
    var lines = new ArrayList<String>();
    for (var node : List.of(lab.hast1, lab.hast2)) {
      lines.addAll(node.run("sh", "-c", who).output().lines().toList());
    }
    assertEquals(
        lines.size(), lines.stream().distinct().count(), () -> "on both: " + lines + lab.logs());
  }

  private static void tell(List<Duration> gaps) {
    var sorted = gaps.stream().sorted().toList();
    System.out.printf(
        "%d cycles: without an answer for %s (shortest), %s (median), %s (longest)%n",
        gaps.size(),
        Client.seconds(sorted.getFirst()),
        Client.seconds(sorted.get(sorted.size() / 2)),
        Client.seconds(sorted.getLast()));
  }
}
