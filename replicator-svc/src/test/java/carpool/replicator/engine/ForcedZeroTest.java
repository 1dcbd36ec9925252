package carpool.replicator.engine;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.offline.Provisioning;
import carpool.replicator.store.RecordingFile;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// TRIM and WRITE_ZEROES with FUA: durable before the answer, also when carried out in pieces.
class ForcedZeroTest {
  @TempDir Path state;

  @ParameterizedTest
  @CsvSource({"true, 4096", "false, 4096", "true, 41943040", "false, 41943040"})
  void allOfItIsFlushedBeforeTheAnswer(boolean punch, long length) throws Exception {
    var disk = new RecordingFile(64 << 20);
    Provisioning.create(
        "r", disk.provider(), new Provisioning.Options(0, 0, 0, 0, Provisioning.Overwrite.NOTHING));
    var attachment = AttachedProvider.open("r", disk.provider(), new FailedCopies(state));
    try (var engine = new LoneEngine(attachment)) {
      engine.promote();
      for (boolean forced : new boolean[] {true, false}) {
        for (long at = 0; at < length; at += 2 << 20) {
          engine.write(at); // every extent is marked: the map needs no flush
        }
        disk.forget();
        var flushedAtAnswer = new CompletableFuture<Boolean>();
        engine.device.zero(
            engine.device.acquire(),
            0,
            length,
            punch,
            forced,
            (slot, ok) -> flushedAtAnswer.complete(ok && disk.flushed()));
        assertThat(flushedAtAnswer.get(10, TimeUnit.SECONDS)).isEqualTo(forced);
      }
    }
  }
}
