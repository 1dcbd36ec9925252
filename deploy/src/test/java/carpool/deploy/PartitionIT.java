package carpool.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Networks that are cut and healed, under a client that writes.
@Tag("e2e")
@ExtendWith(SharedLab.class)
class PartitionIT {
  private static final Duration TAKEOVER = Duration.ofMinutes(2);
  private static final Duration IDLE = Duration.ofSeconds(11);
  private static final String WRITES =
      "curl -fsS http://127.0.0.1:9460/metrics | grep '^carpool_replicator_client_bytes_total.*written'";

  /// A dead time, ten seconds of silence, two rounds of notes, a planned move; with room for a busy
  /// machine.
  private static final long SILENT_GAP_MILLIS = 60_000;

  @Test
  void serverWhoseCableToTheClientsIsPulledGivesWay(Lab lab) throws Exception {
    var first = lab.serving();
    var second = lab.other(first);
    lab.writer.start();

    first.cut("clients");

    lab.await("take-over", TAKEOVER, () -> lab.serves(second));
    lab.writer.writesAgain();
    first.heal();
    lab.awaitSteady();
    lab.writer.stopAndFindEverything("cable to the clients pulled");
  }

  /// No interface notices this cut: both nodes become MASTER, and the one that the gateway does not
  /// answer gives way.
  @Test
  void serverThatIsSilentlyCutOffFromTheClientsGivesWay(Lab lab) throws Exception {
    var first = lab.serving();
    var second = lab.other(first);
    lab.writer.start();

    first.cut("silent");

    lab.await("take-over", TAKEOVER, () -> lab.serves(second));
    lab.writer.writesAgain();
    assertThat(first.run("carpool", "status").output()).contains("client-network");
    assertThat(first.run("carpool", "why").output()).contains("the client network is cut here");
    first.heal();
    lab.awaitSteady();
    long gap = lab.writer.stopAndFindEverything("clients' network silently cut");
    assertThat(gap).as("longest time without an answer, ms").isLessThan(SILENT_GAP_MILLIS);
  }

  @Test
  void onlyWhatChangedMovesAfterACutOfReplication(Lab lab) throws Exception {
    var first = lab.serving();
    var second = lab.other(first);
    lab.writer.start();

    second.cut("replication");
    lab.await("service on one node", TAKEOVER, () -> !first.status().completeAs("PRIMARY"));
    lab.writer.writesAgain();
    lab.writer.stopAndFindEverything("replication cut");
    assertThat(lab.serves(first)).as("nothing moved").isTrue();
    long before = second.status().receivedBytes();
    long differs = first.status().dirtyBytes();

    second.heal();

    lab.awaitSteady();
    assertThat(lab.serves(first)).as("nothing moved").isTrue();
    long moved = second.status().receivedBytes() - before;
    System.out.println(
        "replication healed: " + differs + " bytes differed, " + moved + " came over");
    // Three disks of 128 MiB; what was written in the time apart are a few thousand short lines.
    assertThat(moved).isBetween(1L, 16L << 20);
  }

  @Test
  void bothCutIsNoSplitBrainWhenOnlyOneSideWrote(Lab lab) throws Exception {
    var first = lab.serving();
    var second = lab.other(first);
    // Nothing is written that nobody asked for: the page is read every few seconds, and ZFS notes
    // that as a write.
    Lab.must(first, "zfs", "set", "atime=off", "zhast");
    awaitIdle(lab, first);

    first.cut("both");
    lab.await("take-over", TAKEOVER, () -> lab.serves(second));
    lab.writer.start();
    first.heal();

    lab.awaitSteady();
    assertThat(lab.serves(second)).as("the side that wrote serves").isTrue();
    lab.writer.writesAgain();
    lab.writer.stopAndFindEverything("both networks cut, one side wrote");
    Lab.must(second, "zfs", "inherit", "atime", "zhast");
  }

  /// Waits until the pool has written nothing for longer than ZFS collects changes.
  private static void awaitIdle(Lab lab, Node node) throws InterruptedException {
    var seen = new AtomicReference<>("");
    var since = new AtomicLong();
    lab.await(
        "idle pool",
        Duration.ofMinutes(1),
        () -> {
          var now = node.run("sh", "-c", WRITES).output();
          if (!now.equals(seen.getAndSet(now)) || now.isEmpty()) {
            since.set(System.nanoTime());
          }
          return System.nanoTime() - since.get() > IDLE.toNanos();
        });
  }

  @Test
  void bothCutAndBothWroteIsASplitBrainThatACommandEnds(Lab lab) throws Exception {
    var first = lab.serving();
    var second = lab.other(first);
    lab.writer.start();
    first.cut("both");
    Lab.must(first, "sh", "-c", "echo here | dd of=/zhast/data/only-here conv=fsync");
    lab.await("take-over", TAKEOVER, () -> lab.serves(second));
    lab.writer.writesAgain();
    // After healing it could reach the side that will be given up.
    var _ = lab.writer.stop();

    first.heal();

    lab.await(
        "split brain on both nodes",
        TAKEOVER,
        () -> first.status().splitBrain() && second.status().splitBrain());
    assertThat(second.run("carpool", "split-brain", "show").output()).contains("disk1", "disk3");
    Lab.must(second, "carpool", "split-brain", "keep-local", "all");
    lab.awaitSteady();
    assertThat(lab.serves(second)).as("the survivor serves").isTrue();
    assertThat(second.run("test", "-e", "/zhast/data/only-here").ok()).isFalse();
    lab.writer.start();
    lab.writer.stopAndFindEverything("split brain, this side kept");
  }
}
