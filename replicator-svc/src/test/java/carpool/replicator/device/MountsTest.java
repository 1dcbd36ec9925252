package carpool.replicator.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class MountsTest {
  private static final List<String> LINES =
      List.of(
          "21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw",
          "36 21 0:40 / /dev/hast/disk1 rw,nosuid - fuse.nbdfuse nbdfuse rw",
          "37 36 0:41 / /dev/hast/disk1 rw,nosuid - fuse.nbdfuse nbdfuse rw",
          "38 21 0:42 / /mnt/with\\040space rw - tmpfs tmpfs rw",
          "garbage");

  @Test
  void countsMountsOnTopOfEachOther() {
    assertThat(Mounts.count(LINES, Path.of("/dev/hast/disk1"))).isEqualTo(2);
    assertThat(Mounts.count(LINES, Path.of("/dev/hast/disk"))).isZero();
    assertThat(Mounts.count(LINES, Path.of("/dev/hast"))).isZero();
  }

  @Test
  void understandsEscapes() {
    assertThat(Mounts.count(LINES, Path.of("/mnt/with space"))).isEqualTo(1);
  }
}
