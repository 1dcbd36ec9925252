package carpool.replicator.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carpool.replicator.store.ProviderException.Reason;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalProviderTest {
  private static final int MIB = 1 << 20;

  @TempDir Path directory;

  @Test
  void readsBackWhatWasWrittenAtAnyOffset() throws Exception {
    try (var provider = LocalProvider.attach(file(4 * MIB))) {
      var bytes = random(70_001);
      provider.write(ByteBuffer.allocateDirect(bytes.length).put(bytes).flip(), 12_345);
      provider.flush();

      assertThat(read(provider, 12_345, bytes.length)).isEqualTo(bytes);
      assertThat(read(provider, 0, 12_345)).containsOnly(0);
      assertThat(provider.sizeBytes()).isEqualTo(4 * MIB);
      assertThat(provider.sectorBytes()).isEqualTo(512);
      assertThat(provider.isBlockDevice()).isFalse();
    }
  }

  @Test
  void zeroesAnyRangeWithAndWithoutPunching() throws Exception {
    try (var provider = LocalProvider.attach(file(4 * MIB))) {
      for (var punch : new boolean[] {true, false}) {
        var bytes = random(4 * MIB);
        for (var i = 0; i < bytes.length; i++) {
          bytes[i] |= 1;
        }
        provider.write(ByteBuffer.allocateDirect(bytes.length).put(bytes).flip(), 0);
        provider.zero(1_000, 2 * MIB + 7, punch);

        assertThat(read(provider, 1_000, 2 * MIB + 7)).containsOnly(0);
        assertThat(read(provider, 0, 1_000)).doesNotContain(0);
        assertThat(read(provider, 2 * MIB + 1_007, 5_000)).doesNotContain(0);
      }
    }
  }

  @Test
  void writesZeroesWhereTheSystemHasNoCallForIt() throws Exception {
    var path = file(3 * MIB);
    try (var file = ChannelFile.open(path, true)) {
      assertThat(file.tryZero(0, MIB, true)).isFalse();
      file.write(ByteBuffer.wrap(random(100)), 5);
      var back = ByteBuffer.allocate(100);
      file.read(back, 5);
      assertThat(back.array()).isEqualTo(random(100));
      assertThat(file.tryLock()).isTrue();
      assertThat(file.sizeBytes()).isEqualTo(3 * MIB);
    }
  }

  @Test
  void writesZeroesOverAllOfALongRange() throws Exception {
    var path = file(3 * MIB);
    var bytes = new byte[3 * MIB];
    Arrays.fill(bytes, (byte) 7);
    Files.write(path, bytes);
    // A channel has no call for zeroes.
    try (var provider = LocalProvider.over(path, ChannelFile.open(path, true))) {
      provider.zero(5, 2 * MIB + 100, false);

      assertThat(read(provider, 5, 2 * MIB + 100)).containsOnly(0);
      assertThat(read(provider, 0, 5)).containsOnly(7);
      assertThat(read(provider, 2 * MIB + 105, 1000)).containsOnly(7);
    }
  }

  /// A range is a hole already only when all of it is.
  @Test
  void punchesARangeThatBeginsWithAHole() throws Exception {
    try (var provider = LocalProvider.attach(file(8 * MIB))) {
      assumeTrue(provider.run(0, 8 * MIB).hole(), "this file system does not report holes");
      provider.write(ByteBuffer.allocateDirect(MIB).put(random(MIB)).flip(), 2 * MIB);
      provider.zero(MIB, 3 * MIB, true);

      assertThat(read(provider, 2 * MIB, MIB)).containsOnly(0);
    }
  }

  @Test
  void rangesBeyondTheEndAreRefused() throws Exception {
    var path = file(MIB);
    try (var provider = LocalProvider.attach(path)) {
      long[][] ranges = {
        {MIB - 511, 512}, {MIB, 1}, {-1, 512}, {0, MIB + 1}, {Long.MAX_VALUE, 512}
      };
      for (var range : ranges) {
        int length = (int) range[1];
        for (ThrowingCallable request :
            new ThrowingCallable[] {
              () -> provider.read(ByteBuffer.allocateDirect(length), range[0]),
              () -> provider.write(ByteBuffer.allocateDirect(length), range[0]),
              () -> provider.zero(range[0], length, true),
              () -> provider.run(range[0], length),
              () -> provider.holeBytes(range[0], length)
            }) {
          assertThatThrownBy(request).isInstanceOf(IndexOutOfBoundsException.class);
        }
      }
      assertThat(read(provider, MIB - 512, 512)).containsOnly(0);
    }
    assertThat(Files.size(path)).isEqualTo(MIB);
  }

  @Test
  void tellsHolesFromData() throws Exception {
    try (var provider = LocalProvider.attach(file(8 * MIB))) {
      assumeTrue(provider.run(0, 8 * MIB).hole(), "this file system does not report holes");
      provider.write(ByteBuffer.wrap(random(MIB)), 2 * MIB);

      assertThat(provider.run(0, 8 * MIB)).isEqualTo(new BlockFile.Run(2 * MIB, true));
      assertThat(provider.run(2 * MIB, 8 * MIB - 2 * MIB)).isEqualTo(new BlockFile.Run(MIB, false));
      assertThat(provider.run(3 * MIB, MIB)).isEqualTo(new BlockFile.Run(MIB, true));
      assertThat(provider.run(2 * MIB + 5, 100)).isEqualTo(new BlockFile.Run(100, false));
    }
  }

  @Test
  void refusesASecondAttachmentAndSaysWho() throws Exception {
    var path = file(MIB);
    try (var first = LocalProvider.attach(path)) {
      assertThatThrownBy(() -> LocalProvider.attach(path))
          .isInstanceOfSatisfying(
              ProviderException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BUSY))
          .hasMessageContaining("is attached already by");
      try (var reader = LocalProvider.inspect(path)) {
        assertThat(reader.sizeBytes()).isEqualTo(first.sizeBytes());
      }
      // Closing another descriptor of the same file must not lose the lock.
      assertThatThrownBy(() -> LocalProvider.attach(path)).isInstanceOf(ProviderException.class);
    }
    LocalProvider.attach(path).close();
  }

  @Test
  void refusesWhatIsNoProvider() throws Exception {
    assertReason(directory.resolve("absent"), Reason.MISSING);
    assertReason(directory, Reason.UNSUITABLE);
    assertReason(file(0), Reason.UNSUITABLE);
    if (LinuxCalls.usable()) {
      assertReason(Path.of("/dev/null"), Reason.UNSUITABLE);
    }
  }

  @Test
  void saysWhenTheFileBecameShorter() throws Exception {
    var path = file(2 * MIB);
    try (var provider = LocalProvider.attach(path);
        var other = new RandomAccessFile(path.toFile(), "rw")) {
      other.setLength(MIB);

      assertThatThrownBy(() -> read(provider, MIB - 10, 100))
          .isInstanceOfSatisfying(
              ProviderException.class, e -> assertThat(e.reason()).isEqualTo(Reason.SHORT));
    }
  }

  @Test
  void reportsTheErrorsOfTheSystem() throws Exception {
    var full = Path.of("/dev/full");
    assumeTrue(LinuxCalls.usable() && Files.exists(full), "no /dev/full here");
    try (var file = LinuxFile.open(full, false, true)) {
      assertThatThrownBy(() -> file.write(ByteBuffer.allocate(10), 0))
          .isInstanceOfSatisfying(
              ProviderException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NO_SPACE))
          .hasMessageContaining("ENOSPC");
    }
  }

  @Test
  void keepsGoingWhenTheCallingThreadIsInterrupted() throws Exception {
    assumeTrue(LinuxCalls.usable(), "only Linux has calls of its own");
    try (var provider = LocalProvider.attach(file(MIB))) {
      Thread.currentThread().interrupt();
      provider.write(ByteBuffer.wrap(random(100)), 0);

      assertThat(Thread.interrupted()).isTrue();
      assertThat(read(provider, 0, 100)).isEqualTo(random(100));
    }
  }

  @Test
  void findsTheHolderInTheTableOfLocks() {
    var locks =
        java.util.List.of(
            "1: POSIX  ADVISORY  WRITE 11 08:01:131 0 EOF",
            "2: FLOCK  ADVISORY  WRITE 4711 08:01:131 0 EOF",
            "3: FLOCK  ADVISORY  WRITE 12 08:01:1310 0 EOF");

    assertThat(LockHolder.pidOf(locks, "131")).contains("4711");
    assertThat(LockHolder.pidOf(locks, "7")).isEmpty();
  }

  static byte[] read(LocalProvider provider, long offset, int length) throws ProviderException {
    var into = ByteBuffer.allocateDirect(length);
    provider.read(into, offset);
    var bytes = new byte[length];
    into.flip().get(bytes);
    return bytes;
  }

  static byte[] random(int length) {
    var bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private void assertReason(Path path, Reason reason) {
    assertThatThrownBy(() -> LocalProvider.attach(path))
        .isInstanceOfSatisfying(
            ProviderException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  private Path file(long bytes) throws IOException {
    var path = Files.createTempFile(directory, "provider", ".img");
    try (var file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(bytes);
    }
    return path;
  }
}
