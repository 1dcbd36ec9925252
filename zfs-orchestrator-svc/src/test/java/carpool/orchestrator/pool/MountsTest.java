package carpool.orchestrator.pool;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class MountsTest {
  @Test
  void theTableIsReadWithBlanksInNames() {
    var mounts =
        Mounts.parse(
            """
            /dev/hast/hast0 /mnt/two\\040words ext4 rw,relatime 0 0
            zhast/data /zhast/data fuse rw,nosuid,allow_other 0 0
            """);

    assertThat(mounts.getFirst().target()).isEqualTo("/mnt/two words");
    assertThat(mounts.getFirst().options()).containsExactly("rw", "relatime");
    assertThat(mounts.getLast().source()).isEqualTo("zhast/data");
  }

  @Test
  void theTableOfThisMachineHasARoot() throws Exception {
    assertThat(Mounts.all()).extracting(Mounts.Mount::target).contains("/");
  }
}
