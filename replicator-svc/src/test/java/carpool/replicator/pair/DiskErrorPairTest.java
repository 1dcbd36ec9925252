package carpool.replicator.pair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;

import carpool.replicator.v1.DiskState;
import carpool.replicator.v1.Role;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Two real replicators, and a disk under the primary that fails while it serves.
@Tag("peer")
final class DiskErrorPairTest {
  @TempDir Path directory;

  private static void up(Pair pair) throws Exception {
    pair.start(1);
    pair.start(2);
    assertEquals(Role.ROLE_PRIMARY, pair.role(1, Role.ROLE_PRIMARY).getNow(), pair.logs());
    pair.awaitComplete(1);
  }

  private static String fio(Pair pair, int node, String rw, String offset) throws Exception {
    return Tools.run(
        "fio",
        "--name=w",
        "--ioengine=nbd",
        "--uri=" + pair.uri(node),
        "--rw=" + rw,
        "--bs=16k",
        "--iodepth=8",
        "--size=16M",
        "--offset=" + offset,
        "--fsync=32",
        "--verify=crc32c",
        "--verify_fatal=1",
        "--verify_state_save=0",
        "--randseed=7");
  }

  @Test
  void primaryWhoseDiskRefusesWritesServesFromItsPeerWithoutAnError() throws Exception {
    try (var pair = new Pair(directory, "fullsync");
        var disk = new FaultyDisk(directory, pair.image(1), "pwrite")) {
      up(pair);
      fio(pair, 1, "randwrite", "0");
      disk.fail();
      fio(pair, 1, "randwrite", "32M");
      fio(pair, 1, "randread", "0");

      var status = pair.status(1);
      assertThat(status.getRole()).isEqualTo(Role.ROLE_PRIMARY);
      assertThat(status.getDisk()).isEqualTo(DiskState.DISK_STATE_FAILED);
      assertThat(status.getComplete()).isFalse();
      assertThat(status.getFenced()).isFalse();
      assertThat(pair.status(2).getComplete()).isFalse();
      assertThat(pair.status(2).getPeerDisk()).isEqualTo(DiskState.DISK_STATE_FAILED);

      assertEquals(Role.ROLE_SECONDARY, pair.role(1, Role.ROLE_SECONDARY).getNow(), pair.logs());
      assertEquals(Role.ROLE_PRIMARY, pair.role(2, Role.ROLE_PRIMARY).getNow(), pair.logs());
      fio(pair, 2, "randread", "0");
      fio(pair, 2, "randread", "32M");
    }
  }

  @Test
  void blocksThatCannotBeReadAreReadFromThePeer() throws Exception {
    try (var pair = new Pair(directory, "fullsync");
        var disk = new FaultyDisk(directory, pair.image(1), "pread")) {
      up(pair);
      fio(pair, 1, "randwrite", "0");
      disk.fail();
      Tools.run("dd", "if=" + pair.image(1), "iflag=nocache", "count=0"); // out of the page cache
      fio(pair, 1, "randread", "0");

      var status = pair.status(1);
      assertThat(status.getStatistics().getReadErrors()).isPositive();
      assertThat(status.getDisk()).isEqualTo(DiskState.DISK_STATE_UP_TO_DATE);
      assertThat(status.getComplete()).isTrue();
    }
  }
}
