package carpool.replicator.pair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carpool.kit.testing.ForeignTools;
import carpool.replicator.v1.DiskState;
import carpool.replicator.v1.Role;
import carpool.replicator.v1.Survivor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A real disk that loses writes after they were taken: a loop device over a file system that is
/// full. The kernel says so once, and the first to flush is the thread that records times.
@Tag("peer")
final class LostWritesPairTest {
  @TempDir Path directory;
  private String loop = "";

  private static String run(String... command) throws Exception {
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor(20, TimeUnit.SECONDS);
    return output.strip();
  }

  private Path full() {
    return directory.resolve("full");
  }

  @AfterEach
  void takeAway() throws Exception {
    if (!loop.isEmpty()) {
      run("losetup", "-d", loop);
    }
    run("umount", "-l", full().toString());
  }

  /// Moves the image to a small file system of its own.
  private void makeFile(Path image) throws Exception {
    moveToSmallFileSystem(image);
    Files.createSymbolicLink(image, full().resolve("disk"));
  }

  /// Puts a loop device over a file on a small file system in the place of the image.
  private void makeDisk(Path image) throws Exception {
    assumeTrue(Files.isWritable(Path.of("/dev/loop-control")), "no writable /dev/loop-control");
    moveToSmallFileSystem(image);
    var made = run("losetup", "--show", "-f", full().resolve("disk").toString());
    assumeTrue(made.startsWith("/dev/loop"), "losetup does not work here: " + made);
    loop = made;
    Files.createSymbolicLink(image, Path.of(loop));
  }

  private void moveToSmallFileSystem(Path image) throws Exception {
    assumeTrue(ForeignTools.find("fio").isPresent(), "fio is not installed");
    Files.createDirectories(full());
    var said = run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", full().toString());
    assumeTrue(said.isEmpty(), "mount does not work here: " + said);
    run("cp", "--sparse=always", image.toString(), full().resolve("disk").toString());
    Files.delete(image);
  }

  private static void write(Pair pair, int offsetKib, String flush) throws Exception {
    Tools.run(
        "timeout",
        "20",
        "fio",
        "--name=w",
        "--ioengine=nbd",
        "--uri=" + pair.uri(1),
        "--rw=write",
        "--bs=64k",
        "--size=64k",
        "--offset=" + offsetKib + "k",
        flush);
  }

  @Test
  void copyThatLostWritesSaysSoAndIsNotPromotedAfterARestart() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      makeDisk(pair.image(1));
      pair.start(1);
      assertEquals(Role.ROLE_PRIMARY, pair.role(1, Role.ROLE_PRIMARY).getNow(), pair.logs());
      write(pair, 0, "--end_fsync=1"); // its extent is marked now, what follows flushes nothing
      run("dd", "if=/dev/zero", "of=" + full().resolve("rest"), "bs=4k");
      write(pair, 256, "--end_fsync=0");
      pair.await(1, "failed", r -> r.getDisk() == DiskState.DISK_STATE_FAILED);
      assertThat(pair.status(1).getFenced()).isTrue();

      pair.kill(1);
      pair.start(1);
      var refused = pair.role(1, Role.ROLE_PRIMARY);
      assertThat(refused.getError().getReason()).isEqualTo("COPY_INCONSISTENT");
      assertThat(pair.status(1).getDisk()).isEqualTo(DiskState.DISK_STATE_INCONSISTENT);

      // Nor is it the survivor of a split brain.
      pair.kill(1);
      pair.start(2);
      assertEquals("", pair.force(2, Role.ROLE_PRIMARY).getError().getReason(), pair.logs());
      Tools.run("qemu-io", "-f", "raw", "-c", "write -P 3 8M 64k", "-c", "flush", pair.uri(2));
      pair.role(2, Role.ROLE_SECONDARY);
      pair.start(1);
      pair.await(1, "split", r -> r.getSplitBrain());
      pair.await(2, "split", r -> r.getSplitBrain());
      assertThat(pair.resolve(1, Survivor.SURVIVOR_LOCAL).getError().getReason())
          .isEqualTo("COPY_INCONSISTENT");
      assertThat(pair.resolve(2, Survivor.SURVIVOR_PEER).getError().getReason())
          .isEqualTo("COPY_INCONSISTENT");
      assertThat(pair.splitBrain(2).getPeer().getDisk())
          .isEqualTo(DiskState.DISK_STATE_INCONSISTENT);
    }
  }

  @Test
  void holesOfAFailedDiskAreNotTakenForHolesOfTheResource() throws Exception {
    assumeTrue(ForeignTools.find("nbdcopy").isPresent(), "nbdcopy is not installed");
    try (var pair = new Pair(directory, "fullsync")) {
      makeFile(pair.image(1));
      pair.up();
      Tools.run(
          "timeout",
          "60",
          "fio",
          "--name=w",
          "--ioengine=nbd",
          "--uri=" + pair.uri(1),
          "--rw=write",
          "--bs=64k",
          "--size=40M",
          "--refill_buffers");
      assertThat(pair.status(1).getDisk()).isEqualTo(DiskState.DISK_STATE_FAILED);
      assertThat(pair.status(1).getFenced()).isFalse();

      var copy = directory.resolve("copy");
      Tools.run("timeout", "60", "nbdcopy", pair.uri(1), copy.toString());
      try (var mine = Files.newInputStream(copy);
          var peers = Files.newInputStream(pair.image(2))) {
        peers.skipNBytes(Pair.DATA_OFFSET);
        assertThat(Arrays.mismatch(mine.readNBytes(40 << 20), peers.readNBytes(40 << 20)))
            .isEqualTo(-1);
      }
    }
  }
}
