package carpool.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Disks that fail, fill up and are replaced, under a client that writes.
@Tag("e2e")
@ExtendWith(SharedLab.class)
class DiskIT {
  /// Moves a provider of a node that stands by to a file system with 4 MiB to spare.
  private static final String NO_ROOM =
      """
      s6-svc -wD -d /run/service/carpool-replicator
      used=$(du -k /data/disk2.img | cut -f1)
      mkdir /run/small
      mount -t tmpfs -o size=$((used + 4096))k small /run/small
      cp --sparse=always /data/disk2.img /run/small/disk2.img
      ln -sf /run/small/disk2.img /data/disk2.img
      s6-svc -wu -u /run/service/carpool-replicator
      """;

  private static final String ROOM =
      """
      cp --sparse=always /run/small/disk2.img /data/disk2.new-place
      mv -f /data/disk2.new-place /data/disk2.img
      """;

  /// Left alone, the server goes on with its peer's copy; with its automation back, the pool moves
  /// to the node with the good disk.
  @Test
  void serverGoesOnWithItsPeersCopyWhenADiskFailsAndThePoolMovesThere(Lab lab) throws Exception {
    var first = lab.serving();
    var second = lab.other(first);
    // A pool is moved for a failed disk once in a while only, and a test before this one may have
    // had that already.
    Lab.must(first, "carpool", "pool", "clear", "zhast");
    Lab.must(first, "carpool", "unmanaged", "on");
    lab.writer.start();

    first.breakDisk();

    lab.await(
        "a failed disk in the status",
        Duration.ofMinutes(2),
        () -> first.status().resources().stream().anyMatch(each -> each.disk().equals("FAILED")));
    lab.writer.writesAgain();
    assertThat(lab.serves(first)).as("the pool is where it was").isTrue();
    assertThat(health(first)).as("the pool does not notice").isEqualTo("ONLINE");

    Lab.must(first, "carpool", "unmanaged", "off");
    lab.await("the move to the good disk", Duration.ofMinutes(2), () -> lab.serves(second));
    lab.writer.writesAgain();
    assertThat(health(second)).as("the pool does not notice").isEqualTo("ONLINE");

    // A disk that failed is not trusted again without a restart: the operator puts it right and
    // starts the machine anew.
    first.mendDisk();
    first.powerCut();
    first.powerOn();
    lab.awaitSteady();
    lab.writer.stopAndFindEverything("disk error");
  }

  private static String health(Node node) throws Exception {
    return node.run("zpool", "list", "-H", "-o", "health", "zhast").output().strip();
  }

  /// A data set has reached its quota: ZFS refuses, and nothing is wrong with node or disks.
  @Test
  void fullDatasetRefusesWritesAndNothingElse(Lab lab) throws Exception {
    var first = lab.serving();
    Lab.must(first, "zfs", "create", "-o", "quota=1M", "zhast/full");
    lab.writer.start();

    var filling =
        first.run("dd", "if=/dev/urandom", "of=/zhast/full/f", "bs=64k", "count=40", "conv=fsync");

    assertThat(filling.ok()).isFalse();
    assertThat(filling.errors()).containsAnyOf("No space left", "quota exceeded");
    lab.writer.writesAgain();
    assertThat(lab.serves(first)).as("nothing moved").isTrue();
    assertThat(first.status().servesInStep()).as("both copies are in step").isTrue();
    Lab.must(first, "rm", "/zhast/full/f");
    Lab.must(first, "sh", "-c", "echo again | dd of=/zhast/full/g conv=fsync");
    // Busy for a moment after the last close.
    lab.await(
        "end of the data set",
        Duration.ofSeconds(30),
        () -> first.run("zfs", "destroy", "zhast/full").ok());
    lab.writer.stopAndFindEverything("full data set");
  }

  /// A provider is a sparse file on a file system that has no room left: for the server that is a
  /// disk that fails. It goes on with its peer's copy, and the pool moves there by agreement.
  @Test
  void poolMovesToTheGoodDiskWhenAProviderHasNoRoomLeft(Lab lab) throws Exception {
    var first = lab.other(lab.serving());
    Lab.must(first, "sh", "-ec", NO_ROOM);
    lab.awaitSteady();
    // A pool is moved for a failed disk once in a while only, and the test before this one may have
    // had that already.
    Lab.must(first, "carpool", "pool", "clear", "zhast");
    Lab.must(lab.other(first), "carpool", "switchover");
    lab.awaitSteady();
    assertThat(lab.serves(first)).isTrue();
    lab.writer.start();

    Lab.must(first, "dd", "if=/dev/urandom", "of=/zhast/data/f", "bs=1M", "count=16", "conv=fsync");

    lab.await(
        "a failed disk in the status",
        Duration.ofMinutes(1),
        () ->
            first.status().resources().stream()
                .anyMatch(each -> each.name().equals("disk2") && each.disk().equals("FAILED")));
    var second = lab.other(first);
    lab.await(
        "the move to the node with the good disk", Duration.ofMinutes(2), () -> lab.serves(second));
    lab.writer.writesAgain();
    assertThat(health(second)).as("the pool does not notice").isEqualTo("ONLINE");
    assertThat(first.run("df", "--output=avail", "/run/small").output()).contains("\n    0");

    // Room is made, and the machine started anew.
    Lab.must(second, "rm", "/zhast/data/f");
    Lab.must(first, "sh", "-ec", ROOM);
    first.powerCut();
    lab.await("take-over", Duration.ofMinutes(2), () -> lab.serves(lab.other(first)));
    first.powerOn();
    lab.awaitSteady();
    lab.writer.stopAndFindEverything("no room for a provider");
  }

  @Test
  void emptyMachineTakesThePlaceOfALostOne(Lab lab) throws Exception {
    if (lab.serves(lab.hast2)) {
      Lab.must(lab.hast2, "carpool", "switchover");
      lab.awaitSteady();
    }
    lab.writer.start();
    lab.hast2.powerCut();
    lab.writer.writesAgain();

    lab.replaceHast2();

    lab.awaitSteady();
    Lab.must(lab.hast1, "carpool", "switchover");
    lab.awaitSteady();
    assertThat(lab.serves(lab.hast2)).as("the new machine serves").isTrue();
    lab.writer.writesAgain();
    lab.writer.stopAndFindEverything("peer replaced by an empty machine");
  }
}
