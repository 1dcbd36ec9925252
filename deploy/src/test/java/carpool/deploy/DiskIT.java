package carpool.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Disks that fail, fill up and are replaced, under a client that writes.
@Tag("e2e")
@ExtendWith(SharedLab.class)
class DiskIT {

  @Test
  void serverGoesOnWithItsPeersCopyWhenADiskFails(Lab lab) throws Exception {
    var first = lab.serving();
    lab.writer.start();

    first.breakDisk();

    lab.await(
        "a failed disk in the status",
        Duration.ofMinutes(2),
        () -> first.status().resources().stream().anyMatch(each -> each.disk().equals("FAILED")));
    lab.writer.writesAgain();
    var health = lab.serving().run("zpool", "list", "-H", "-o", "health", "zhast").output();
    assertThat(health.strip()).as("the pool does not notice").isEqualTo("ONLINE");
    // A disk that failed is not trusted again without a restart: the operator moves the pool away,
    // puts the disk right and starts the machine anew.
    if (lab.serves(first)) {
      lab.writer.writesAgain();
    }
    first.mendDisk();
    first.powerCut();
    lab.await("take-over", Duration.ofMinutes(2), () -> lab.serves(lab.other(first)));
    first.powerOn();
    lab.awaitSteady();
    lab.writer.stopAndFindEverything("disk error");
  }

  @Test
  @Disabled(
      "not yet seen to end: near its quota zfs-fuse takes minutes for the last megabytes, while the"
          + " service goes on")
  void fullPoolRefusesWritesAndNothingElse(Lab lab) throws Exception {
    var first = lab.serving();
    lab.writer.start();

    var filling =
        first.run("sh", "-c", "dd if=/dev/urandom of=/zhast/data/filling bs=64k conv=fsync 2>&1");

    assertThat(filling.output()).containsAnyOf("No space left", "quota exceeded");
    assertThat(lab.serves(first)).as("nothing moved").isTrue();
    Lab.must(first, "rm", "/zhast/data/filling");
    lab.writer.writesAgain();
    lab.awaitSteady();
    assertThat(lab.serves(first)).as("nothing moved").isTrue();
    lab.writer.stopAndFindEverything("full pool");
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
