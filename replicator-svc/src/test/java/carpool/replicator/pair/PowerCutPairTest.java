package carpool.replicator.pair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;

import carpool.replicator.v1.DiskState;
import carpool.replicator.v1.Role;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Two real replicators on disks that lose what was not flushed when their power is cut. `kill -9`
/// alone keeps the page cache, and proves nothing about flushes.
@Tag("peer")
final class PowerCutPairTest {
  @TempDir Path directory;

  private static void fio(Pair pair, int node, String rw, String offset, String sync)
      throws Exception {
    Tools.run(
        "fio",
        "--name=w",
        "--ioengine=nbd",
        "--uri=" + pair.uri(node),
        "--rw=" + rw,
        "--bs=16k",
        "--iodepth=8",
        "--size=8M",
        "--offset=" + offset,
        sync,
        "--verify=crc32c",
        "--verify_fatal=1",
        "--do_verify=" + (rw.equals("randread") ? 1 : 0),
        "--verify_state_save=0",
        "--randseed=7");
  }

  /// The means of the other tests: without a flush nothing reaches the image.
  @Test
  void theDiskOfTheseTestsLosesWhatWasNotFlushed() throws Exception {
    try (var pair = new Pair(directory, "fullsync");
        var disk = new VolatileDisk(directory.resolve("one"), pair.image(1))) {
      try (var file = new RandomAccessFile(pair.image(1).toFile(), "rw")) {
        file.seek(1 << 20);
        file.write("flushed ".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        file.getFD().sync();
        file.write("lost".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
      }
      disk.powerOff();
      try (var file = new RandomAccessFile(disk.real().toFile(), "r")) {
        file.seek(1 << 20);
        var found = new byte[12];
        file.readFully(found);
        assertThat(found).asString().isEqualTo("flushed \0\0\0\0");
      }
    }
  }

  /// R2: after a FLUSH the data is on both disks.
  @ParameterizedTest
  @ValueSource(strings = {"fullsync", "memsync"})
  void whatWasFlushedSurvivesThePowerCutOfBothNodes(String mode) throws Exception {
    try (var pair = new Pair(directory, mode);
        var first = new VolatileDisk(directory.resolve("one"), pair.image(1));
        var second = new VolatileDisk(directory.resolve("two"), pair.image(2))) {
      pair.up();
      fio(pair, 1, "randwrite", "0", "--end_fsync=1");
      fio(pair, 1, "randwrite", "32M", "--end_fsync=0"); // may be lost, on either

      pair.kill(1);
      pair.kill(2);
      first.powerOff();
      second.powerOff();
      first.powerOn();
      second.powerOn();
      pair.start(1);
      pair.start(2);

      assertEquals(Role.ROLE_PRIMARY, pair.role(1, Role.ROLE_PRIMARY).getNow(), pair.logs());
      fio(pair, 1, "randread", "0", "--end_fsync=0");
      pair.awaitComplete(1);
      assertEquals(-1, pair.firstDifference(), pair.logs());
      assertEquals(Role.ROLE_SECONDARY, pair.role(1, Role.ROLE_SECONDARY).getNow(), pair.logs());
      assertEquals(Role.ROLE_PRIMARY, pair.role(2, Role.ROLE_PRIMARY).getNow(), pair.logs());
      fio(pair, 2, "randread", "0", "--end_fsync=0");
    }
  }

  /// R1: what the primary acknowledged without a flush is on the other node when its power is cut;
  /// and what its own disk lost is known to differ when it comes back.
  @Test
  void whatWasAcknowledgedSurvivesThePowerCutOfThePrimary() throws Exception {
    try (var pair = new Pair(directory, "fullsync");
        var first = new VolatileDisk(directory.resolve("one"), pair.image(1));
        var second = new VolatileDisk(directory.resolve("two"), pair.image(2))) {
      pair.up();
      fio(pair, 1, "randwrite", "0", "--end_fsync=0");

      pair.kill(1);
      first.powerOff();
      pair.await(
          2, "the loss of its peer", r -> r.getPeerDisk() != DiskState.DISK_STATE_UP_TO_DATE);
      assertEquals(Role.ROLE_PRIMARY, pair.role(2, Role.ROLE_PRIMARY).getNow(), pair.logs());
      fio(pair, 2, "randread", "0", "--end_fsync=0");
      fio(pair, 2, "randwrite", "32M", "--end_fsync=0");
      first.powerOn();
      pair.start(1);
      pair.awaitComplete(2);
      assertEquals(-1, pair.firstDifference(), pair.logs());

      // Both acknowledged, neither flushed: the second power cut is survived by the first node.
      pair.kill(2);
      second.powerOff();
      pair.await(
          1, "the loss of its peer", r -> r.getPeerDisk() != DiskState.DISK_STATE_UP_TO_DATE);
      assertEquals(Role.ROLE_PRIMARY, pair.role(1, Role.ROLE_PRIMARY).getNow(), pair.logs());
      fio(pair, 1, "randread", "0", "--end_fsync=0");
      fio(pair, 1, "randread", "32M", "--end_fsync=0");
    }
  }
}
