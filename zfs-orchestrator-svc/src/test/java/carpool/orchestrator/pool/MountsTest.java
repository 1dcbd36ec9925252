package carpool.orchestrator.pool;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class MountsTest {
  @Test
  void theTableIsReadWithBlanksInNames() {
    var mounts =
        Mounts.parse(
            """
            36 35 43:0 / /mnt/two\\040words rw,relatime shared:1 - ext4 /dev/hast/hast0 rw,errors=remount-ro
            37 35 0:61 / /zhast/data rw,nosuid - fuse zhast/data ro,allow_other
            """);

    assertThat(mounts.getFirst().target()).isEqualTo("/mnt/two words");
    assertThat(mounts.getFirst().options())
        .containsExactly("rw", "relatime", "rw", "errors=remount-ro");
    assertThat(mounts.getFirst().device()).isEqualTo("43:0");
    assertThat(mounts.getFirst().id()).isEqualTo("36");
    assertThat(mounts.getLast().source()).isEqualTo("zhast/data");
    assertThat(mounts.getLast().type()).isEqualTo("fuse");
  }

  /// The kernel changes the options of the file system alone, those of the mount stay.
  @Test
  void fileSystemThatTheKernelMadeReadOnlyIsToldFromOneThatMayBecomeSo() {
    var mounts =
        Mounts.parse(
            """
            36 35 43:0 / /mnt/well rw,relatime - ext4 /dev/hast/well rw,errors=remount-ro
            37 35 43:1 / /mnt/failed rw,relatime - ext4 /dev/hast/failed ro,errors=remount-ro
            38 35 43:2 / /mnt/asked ro,relatime - ext4 /dev/hast/asked rw
            """);

    assertThat(mounts).extracting(Mounts.Mount::readOnly).containsExactly(false, true, true);
  }

  @Test
  void theTableOfThisMachineHasARoot() throws Exception {
    assertThat(Mounts.all()).extracting(Mounts.Mount::target).contains("/");
  }
}
