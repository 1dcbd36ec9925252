package carpool.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Networks that are cut and healed, under a client that writes.
@Tag("e2e")
@ExtendWith(SharedLab.class)
class PartitionIT {
  private static final Duration TAKEOVER = Duration.ofMinutes(2);

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
    Lab.must(first, "sync");

    first.cut("both");
    lab.await("take-over", TAKEOVER, () -> lab.serves(second));
    lab.writer.start();
    first.heal();

    lab.awaitSteady();
    assertThat(lab.serves(second)).as("the side that wrote serves").isTrue();
    lab.writer.writesAgain();
    lab.writer.stopAndFindEverything("both networks cut, one side wrote");
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
