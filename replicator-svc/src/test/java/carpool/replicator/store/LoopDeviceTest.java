package carpool.replicator.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carpool.replicator.store.ProviderException.Reason;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("peer")
class LoopDeviceTest {
  private static final int MIB = 1 << 20;

  @TempDir Path directory;
  private Path loop = Path.of("/none");

  @BeforeEach
  void makeLoop() throws Exception {
    assumeTrue(Files.isWritable(Path.of("/dev/loop-control")), "no writable /dev/loop-control");
    var image = directory.resolve("loop.img");
    try (var file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(16 * MIB);
    }
    var made = run("losetup", "--sector-size", "4096", "--show", "-f", image.toString());
    assumeTrue(made.startsWith("/dev/loop"), "losetup does not work here: " + made);
    loop = Path.of(made);
  }

  @AfterEach
  void removeLoop() throws Exception {
    if (Files.exists(loop)) {
      run("losetup", "-d", loop.toString());
    }
  }

  @Test
  void aBlockDeviceHasItsSizeAndSector() throws Exception {
    try (var provider = LocalProvider.attach(loop)) {
      assertThat(provider.isBlockDevice()).isTrue();
      assertThat(provider.sizeBytes()).isEqualTo(16 * MIB);
      assertThat(provider.sectorBytes()).isEqualTo(4096);
    }
  }

  @Test
  void zeroesRangesThatAreNoWholeSectors() throws Exception {
    try (var provider = LocalProvider.attach(loop)) {
      var bytes = new byte[4 * MIB];
      java.util.Arrays.fill(bytes, (byte) 7);
      for (var punch : new boolean[] {true, false}) {
        provider.write(ByteBuffer.wrap(bytes), 0);
        provider.zero(MIB, MIB, punch);
        provider.zero(3 * MIB + 100, 5_000, punch);
        provider.flush();

        assertThat(LocalProviderTest.read(provider, MIB, MIB)).containsOnly(0);
        assertThat(LocalProviderTest.read(provider, 3 * MIB + 100, 5_000)).containsOnly(0);
        assertThat(LocalProviderTest.read(provider, 3 * MIB, 100)).containsOnly(7);
        assertThat(LocalProviderTest.read(provider, 3 * MIB + 5_100, 100)).containsOnly(7);
      }
      assertThat(provider.run(0, 16 * MIB)).isEqualTo(new BlockFile.Run(16 * MIB, false));
    }
  }

  @Test
  void aMountedDeviceIsBusyAndItsFileSystemIsSeen() throws Exception {
    run("mkfs.ext4", "-q", loop.toString());
    try (var provider = LocalProvider.inspect(loop)) {
      assertThat(provider.foreignContent()).contains("an ext2, ext3 or ext4 file system");
    }
    var mount = Files.createDirectory(directory.resolve("mnt"));
    var said = run("mount", loop.toString(), mount.toString());
    assumeTrue(said.isEmpty(), "mount does not work here: " + said);
    try {
      assertThatThrownBy(() -> LocalProvider.attach(loop))
          .isInstanceOfSatisfying(
              ProviderException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BUSY))
          .hasMessageContaining("in use by the kernel");
    } finally {
      run("umount", mount.toString());
    }
  }

  private static String run(String... command) throws Exception {
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    return output.strip();
  }
}
