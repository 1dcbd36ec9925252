package carpool.orchestrator.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.orchestrator.exec.Commands;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What follows on the exit status of fsck(8). Nothing can be mounted here: there is no device.
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class FileSystemCheckTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  @TempDir Path dir;

  private String problem(int status) {
    var pool =
        new FileSystemPool(
            dir.resolve("no-device"),
            dir.resolve("mnt"),
            List.of("sh", "-c", "exit " + status),
            Optional.of("ext4"),
            dir.resolve("mounted"));
    var said = new String[1];
    assertThatThrownBy(() -> pool.bring(LIMIT, new Commands.Handle()))
        .isInstanceOfSatisfying(PoolException.class, e -> said[0] = e.getMessage() + e.hint());
    return said[0];
  }

  /// 4: errors left uncorrected; 8: operational error; 16: wrong usage; 32: interrupted; 128:
  /// library error.
  @ParameterizedTest
  @ValueSource(ints = {4, 8, 12, 16, 32, 128})
  void whatCouldNotBeRepairedIsNotMounted(int status) {
    assertThat(problem(status)).contains("fsck " + dir.resolve("no-device"));
    assertThat(Files.exists(dir.resolve("mnt"))).isFalse();
  }

  /// 1: errors corrected; 2: the system should be rebooted, which holds for a mounted root.
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void whatIsWellOrWasRepairedIs(int status) {
    assertThat(problem(status)).contains("mount").doesNotContain("fsck");
    assertThat(Files.exists(dir.resolve("mnt"))).isTrue();
  }
}
