package carpool.replicator.pair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carpool.kit.testing.ForeignTools;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Two replicators whose providers are block devices (loop devices over the images): holes cannot
/// be asked for there, zeroes are found by reading.
@Tag("peer")
final class BlockDevicePairTest {
  @TempDir Path directory;
  private final List<String> loops = new ArrayList<>();

  @AfterEach
  void detach() throws Exception {
    for (var loop : loops) {
      Tools.run("losetup", "--detach", loop);
    }
  }

  private Pair pair(long sizeBytes) throws Exception {
    assumeTrue(Files.isWritable(Path.of("/dev/loop-control")), "no loop devices");
    assumeTrue(ForeignTools.find("losetup").isPresent(), "losetup is not installed");
    var pair = new Pair(directory, "fullsync", sizeBytes, "");
    for (int node = 1; node <= 2; node++) {
      var image = pair.image(node).toString();
      var loop = Tools.run("losetup", "--find", "--show", image).strip();
      loops.add(loop);
      for (int file = 1; file <= 2; file++) {
        pair.replaceInHast(file, image, loop);
      }
    }
    return pair;
  }

  @Test
  void blankDevicesAreInStepWithLessThanAMebibyteOnTheWire() throws Exception {
    try (var pair = pair(2L << 30)) {
      pair.up();

      var statistics = pair.status(1).getStatistics();
      long wire = statistics.getSentBytes() + statistics.getReceivedBytes();
      System.out.println("blank block devices of 2 GiB: " + wire + " bytes on the wire");
      assertThat(wire).isBetween(1L, 1L << 20);
    }
  }

  @Test
  void bothDevicesAreEqualAfterKillsUnderAVerifyingWriter() throws Exception {
    try (var pair = pair(Pair.SIZE_BYTES)) {
      pair.up();
      for (int round = 0; round < 2; round++) {
        var fio =
            Tools.start(
                "fio",
                "--name=w",
                "--ioengine=nbd",
                "--uri=" + pair.uri(1),
                "--rw=randwrite",
                "--bsrange=4k-256k",
                "--iodepth=8",
                "--size=48M",
                "--verify=crc32c",
                "--verify_fatal=1",
                "--verify_state_save=0",
                "--randseed=" + round);
        pair.kill(2);
        pair.start(2);
        var output = new String(fio.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, fio.waitFor(), output + pair.logs());
      }
      Tools.run(
          "qemu-io",
          "-f",
          "raw",
          "-c",
          "write -z -u 4M 8M",
          "-c",
          "discard 20M 4M",
          "-c",
          "flush",
          pair.uri(1));
      pair.awaitComplete(1);
      pair.terminate(1);
      pair.terminate(2);
      for (var loop : loops) {
        Tools.run("blockdev", "--flushbufs", loop);
      }
      assertEquals(-1, pair.firstDifference());
    }
  }
}
