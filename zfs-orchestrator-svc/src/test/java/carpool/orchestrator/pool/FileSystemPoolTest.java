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
    return pool(Path.of(loop), fsck);
  }

  private FileSystemPool pool(Path device, String... fsck) {
    return new FileSystemPool(
        device, mountpoint, List.of(fsck), Optional.of("ext4"), dir.resolve("run/mounted"));
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
  void oneThatBecameReadOnlyIsFaulted() throws Exception {
    var pool = pool();
    pool.bring(LIMIT, new Commands.Handle());
    assertThat(run("mount", "-o", "remount,ro", mountpoint.toString()).done()).isTrue();

    assertThat(pool.read(LIMIT, new Commands.Handle()).health()).isEqualTo("FAULTED");
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

  @Test
  void aStrangersMountIsNotThePoolAndNeitherUnmountedNorCleared() throws Exception {
    assertThat(run("mount", "-t", "tmpfs", "none", mountpoint.toString()).done()).isTrue();
    var user = new ProcessBuilder("sleep", "600").directory(mountpoint.toFile()).start();
    try {
      var pool = pool();

      assertThat(pool.read(LIMIT, new Commands.Handle())).isEqualTo(PoolReading.ABSENT);
      assertThat(pool.release(true, LIMIT, new Commands.Handle())).isEmpty();
      pool.detach(LIMIT, new Commands.Handle());
      assertThatThrownBy(() -> pool.bring(LIMIT, new Commands.Handle()))
          .isInstanceOf(PoolException.class)
          .hasMessage("none is mounted at " + mountpoint + " and is not " + loop);

      assertThat(user.isAlive()).isTrue();
      assertThat(mounted()).isTrue();
    } finally {
      user.destroyForcibly();
      var _ = user.waitFor();
    }
  }

  private boolean mounted() throws PoolException {
    return Mounts.all().stream().anyMatch(m -> m.target().equals(mountpoint.toString()));
  }

  @Test
  void aStrangersMountOverThePoolIsLeftAlone() throws Exception {
    var pool = pool();
    pool.bring(LIMIT, new Commands.Handle());
    assertThat(run("mount", "-t", "tmpfs", "none", mountpoint.toString()).done()).isTrue();
    try {
      assertThat(pool.read(LIMIT, new Commands.Handle()).here()).isTrue();
      assertThatThrownBy(() -> pool.release(true, LIMIT, new Commands.Handle()))
          .hasMessageContaining("none is mounted at");
    } finally {
      assertThat(run("umount", mountpoint.toString()).done()).isTrue();
    }
    assertThat(pool.release(false, LIMIT, new Commands.Handle())).isEmpty();
  }

  @Test
  void theDeviceIsKnownBehindASymbolicLinkAlsoWhenThatHasGone() throws Exception {
    var link = dir.resolve("hast0");
    Files.createSymbolicLink(link, Path.of(loop));
    var pool = pool(link);
    pool.bring(LIMIT, new Commands.Handle());
    assertThat(pool.read(LIMIT, new Commands.Handle()).here()).isTrue();

    // As after the devices were cut off.
    Files.delete(link);
    assertThat(pool.read(LIMIT, new Commands.Handle()).here()).isTrue();
    pool.detach(LIMIT, new Commands.Handle());
    assertThat(mounted()).isFalse();
  }

  @Test
  void aDeviceThatIsAFileIsKnownByItsLoopDevice() throws Exception {
    assertThat(run("losetup", "-d", loop).done()).isTrue();
    loop = "";
    var pool = pool(dir.resolve("image"));
    pool.bring(LIMIT, new Commands.Handle());
    assertThat(pool.read(LIMIT, new Commands.Handle()).here()).isTrue();
    pool.release(false, LIMIT, new Commands.Handle());
    assertThat(pool.read(LIMIT, new Commands.Handle())).isEqualTo(PoolReading.ABSENT);
  }

  @Test
  void usersAreThoseOfTheDeviceAndNotOfTheSamePathElsewhere() throws Exception {
    pool().bring(LIMIT, new Commands.Handle());
    var device =
        Mounts.all().stream()
            .filter(m -> m.target().equals(mountpoint.toString()))
            .findFirst()
            .orElseThrow()
            .device();
    // A container with another file system at an equal path.
    var stranger =
        new ProcessBuilder(
                "unshare",
                "-m",
                "--propagation",
                "private",
                "sh",
                "-c",
                "mount -t tmpfs none %1$s && cd %1$s && echo in >here && exec 3<here && echo ready && exec sleep 600"
                    .formatted(mountpoint))
            .start();
    assumeTrue(
        "ready".equals(stranger.inputReader().readLine()), "needs namespaces and unshare(1)");
    var opens =
        new ProcessBuilder(
                "sh", "-c", "exec 3>%s/file && echo ready && exec sleep 600".formatted(mountpoint))
            .start();
    assertThat(opens.inputReader().readLine()).isEqualTo("ready");
    var stands = new ProcessBuilder("sleep", "600").directory(mountpoint.toFile()).start();
    try {
      assertThat(MountUsers.of(java.util.Set.of(device)))
          .extracting(ProcessHandle::pid)
          .containsExactlyInAnyOrder(opens.pid(), stands.pid());
    } finally {
      for (var process : List.of(stranger, opens, stands)) {
        process.destroyForcibly();
        var _ = process.waitFor();
      }
    }
  }
}
