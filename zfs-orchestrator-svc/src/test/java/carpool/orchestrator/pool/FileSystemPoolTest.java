package carpool.orchestrator.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carpool.orchestrator.exec.CommandResult;
import carpool.orchestrator.exec.Commands;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Real ext4 on a loop device that the test makes.
@Tag("peer")
final class FileSystemPoolTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  @TempDir Path dir;
  private String loop = "";
  private Path mountpoint = Path.of("/nonexistent");

  @BeforeEach
  void makeFileSystem() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "mounting needs root");
    var image = dir.resolve("image");
    try (var file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(16 << 20);
    }
    assumeTrue(run("mkfs.ext4", "-q", image.toString()).done(), "needs mkfs.ext4");
    var setup = run("losetup", "-f", "--show", image.toString());
    assumeTrue(setup.done(), "needs a loop device: " + setup.problem());
    loop = setup.out().strip();
    mountpoint = dir.resolve("mnt");
    Files.createDirectories(mountpoint);
    var trial = run("mount", loop, mountpoint.toString());
    assumeTrue(trial.done(), "mounting is not allowed here: " + trial.problem());
    assertThat(run("umount", mountpoint.toString()).done()).isTrue();
  }

  @AfterEach
  void takeDown() throws Exception {
    if (!loop.isEmpty()) {
      var _ = run("umount", "-l", mountpoint.toString());
      var _ = run("losetup", "-d", loop);
    }
  }

  private static CommandResult run(String... argv) throws InterruptedException {
    return Commands.run(List.of(argv), Map.of(), LIMIT, new Commands.Handle());
  }

  private FileSystemPool pool(String... fsck) {
    return new FileSystemPool(Path.of(loop), mountpoint, List.of(fsck), Optional.of("ext4"));
  }

  @Test
  void isCheckedMountedReadAndUnmounted() throws Exception {
    var pool = pool("fsck.ext4", "-p");
    assertThat(pool.read(LIMIT, new Commands.Handle())).isEqualTo(PoolReading.ABSENT);

    assertThat(pool.bring(LIMIT, new Commands.Handle())).startsWith("fsck ");
    Files.writeString(mountpoint.resolve("page"), "hast1");
    var reading = pool.read(LIMIT, new Commands.Handle());
    assertThat(reading.here()).isTrue();
    assertThat(reading.health()).isEqualTo("ONLINE");
    assertThat(reading.sizeBytes()).isBetween(8L << 20, 16L << 20);

    // A step whose end was not seen is done again.
    assertThat(pool.bring(LIMIT, new Commands.Handle())).isEqualTo("mounted already");
    pool.release(false, LIMIT, new Commands.Handle());
    pool.release(false, LIMIT, new Commands.Handle());
    assertThat(pool.read(LIMIT, new Commands.Handle())).isEqualTo(PoolReading.ABSENT);

    pool.bring(LIMIT, new Commands.Handle());
    assertThat(Files.readString(mountpoint.resolve("page"))).isEqualTo("hast1");
  }

  @Test
  void whoStillUsesItIsNamedAndByForceKilled() throws Exception {
    var pool = pool();
    pool.bring(LIMIT, new Commands.Handle());
    var user = new ProcessBuilder("sleep", "600").directory(mountpoint.toFile()).start();
    try {
      assertThatThrownBy(() -> pool.release(false, LIMIT, new Commands.Handle()))
          .isInstanceOf(PoolException.class)
          .hasMessageContaining("umount");

      // Killing takes the kernel a moment: the workflow tries again, and so does this.
      var released = false;
      for (var attempt = 0; attempt < 50 && !released; attempt++) {
        released = forced(pool);
      }
      assertThat(released).isTrue();
      assertThat(user.waitFor()).isEqualTo(128 + 9);
    } finally {
      user.destroyForcibly();
    }
  }

  private static boolean forced(FileSystemPool pool) throws InterruptedException {
    try {
      pool.release(true, LIMIT, new Commands.Handle());
      return true;
    } catch (PoolException e) {
      return false;
    }
  }

  @Test
  void afterTheCutABusyOneIsTakenAwayLazily() throws Exception {
    var pool = pool();
    pool.bring(LIMIT, new Commands.Handle());
    var user = new ProcessBuilder("sleep", "600").directory(mountpoint.toFile()).start();
    try {
      pool.detach(LIMIT, new Commands.Handle());
      assertThat(pool.read(LIMIT, new Commands.Handle())).isEqualTo(PoolReading.ABSENT);
    } finally {
      user.destroyForcibly();
      var _ = user.waitFor();
    }
  }

  @Test
  void aDeviceWithoutAFileSystemSaysWhatMountSaid() throws Exception {
    assertThat(run("wipefs", "-a", loop).done()).isTrue();
    assertThatThrownBy(() -> pool().bring(LIMIT, new Commands.Handle()))
        .isInstanceOf(PoolException.class)
        .hasMessageContaining("mount -t ext4");
  }
}
