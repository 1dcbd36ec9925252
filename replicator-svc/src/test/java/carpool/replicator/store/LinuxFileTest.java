package carpool.replicator.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carpool.replicator.store.ProviderException.Reason;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// System calls that answer short, are interrupted, or fail.
class LinuxFileTest {
  @TempDir Path directory;
  private Path path = Path.of("/none");
  private final FakeCalls calls = new FakeCalls();

  @BeforeEach
  void makeFile() throws Exception {
    assumeTrue(LinuxCalls.usable(), "only Linux has calls of its own");
    path = Files.write(directory.resolve("disk"), new byte[8192]);
  }

  private LinuxFile open() throws ProviderException {
    return LinuxFile.open(calls, path, false, true);
  }

  @Test
  void shortWritesAndReadsAreGoneOnWith() throws Exception {
    var bytes = LocalProviderTest.random(5000);
    try (var file = open()) {
      calls.pwrite = length -> Math.min(length, 700);
      calls.pread = length -> Math.min(length, 900);
      file.write(ByteBuffer.allocateDirect(5000).put(bytes).flip(), 100);
      var back = ByteBuffer.allocate(5000);
      file.read(back, 100);

      assertThat(back.array()).isEqualTo(bytes);
      assertThat(calls.made()).startsWith("pwrite 100+5000", "pwrite 800+4300");
    }
    assertThat(java.util.Arrays.copyOfRange(Files.readAllBytes(path), 100, 5100)).isEqualTo(bytes);
  }

  @Test
  void interruptedCallsAreMadeAgain() throws Exception {
    try (var file = open()) {
      var first = new boolean[] {true};
      calls.pwrite =
          length -> {
            boolean interrupt = first[0];
            first[0] = false;
            return interrupt ? -Errno.EINTR : length;
          };
      calls.fdatasync = call -> call == 1 ? -Errno.EINTR : 0;
      calls.fallocate = call -> call == 1 ? -Errno.EINTR : 0;
      file.write(ByteBuffer.allocateDirect(512), 0);
      file.flush();
      file.tryZero(0, 512, true);

      assertThat(calls.made())
          .containsExactly(
              "pwrite 0+512",
              "pwrite 0+512",
              "fdatasync",
              "fdatasync",
              "fallocate 0+512",
              "fallocate 0+512");
    }
  }

  @Test
  void failedFlushIsReportedAndNotTriedAgain() throws Exception {
    try (var file = open()) {
      calls.fdatasync = call -> call == 1 ? -Errno.EIO : 0;

      assertThatThrownBy(file::flush)
          .isInstanceOfSatisfying(
              ProviderException.class, e -> assertThat(e.reason()).isEqualTo(Reason.IO_ERROR))
          .hasMessageContaining("EIO");
      assertThat(calls.made()).containsExactly("fdatasync");
    }
  }

  @Test
  void diskThatIsFullOrTakesNothingIsReported() throws Exception {
    try (var file = open()) {
      calls.pwrite = length -> length > 600 ? 600 : -Errno.ENOSPC;
      assertThatThrownBy(() -> file.write(ByteBuffer.allocateDirect(1000), 0))
          .isInstanceOfSatisfying(
              ProviderException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NO_SPACE));
      calls.pwrite = length -> 0;
      assertThatThrownBy(() -> file.write(ByteBuffer.allocateDirect(1000), 0))
          .isInstanceOfSatisfying(
              ProviderException.class, e -> assertThat(e.reason()).isEqualTo(Reason.IO_ERROR));
      calls.fallocate = call -> -Errno.EIO;
      assertThatThrownBy(() -> file.tryZero(0, 512, true))
          .isInstanceOfSatisfying(
              ProviderException.class, e -> assertThat(e.reason()).isEqualTo(Reason.IO_ERROR));
    }
  }
}
