package carpool.replicator.engine;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.offline.Provisioning;
import carpool.replicator.store.RecordingFile;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// TRIM and WRITE_ZEROES longer than one piece: the range is zero, and nothing else is.
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LongZeroTest {
  private static final long MIB = 1 << 20;
  private static final long FROM = 4096;
  private static final long TO = 40 * MIB;

  @TempDir Path state;

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void rangeIsZeroAndNothingElse(boolean mayPunch) throws Exception {
    var disk = new RecordingFile(64 << 20);
    Provisioning.create(
        "r", disk.provider(), new Provisioning.Options(0, 0, 0, 0, Provisioning.Overwrite.NOTHING));
    try (var engine =
        new LoneEngine(AttachedProvider.open("r", disk.provider(), new FailedCopies(state)))) {
      engine.promote();
      long[] inside = {FROM, 16 * MIB - 4096, 16 * MIB, 20 * MIB, 32 * MIB, TO - 4096};
      long[] outside = {0, TO, 48 * MIB};
      for (long at : inside) {
        engine.fill(at, (byte) 7);
      }
      for (long at : outside) {
        engine.fill(at, (byte) 8);
      }
      var metadata = disk.bytes(0, 4096);
      disk.forget();

      var done = new CompletableFuture<Boolean>();
      engine.device.zero(
          engine.device.acquire(), FROM, TO - FROM, mayPunch, false, LoneEngine.answer(done));
      assertThat(done.get(10, TimeUnit.SECONDS)).isTrue();

      for (long at : inside) {
        assertThat(disk.bytes(engine.dataOffset() + at, 4096)).as("at " + at).containsOnly(0);
      }
      for (long at : outside) {
        assertThat(disk.bytes(engine.dataOffset() + at, 4096)).as("at " + at).containsOnly(8);
      }
      assertThat(disk.bytes(0, 4096)).as("metadata").isEqualTo(metadata);
      assertThat(disk.zeroings()).isNotEmpty().containsOnly(mayPunch);
    }
  }
}
