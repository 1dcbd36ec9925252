package carpool.replicator.engine;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.offline.Provisioning;
import carpool.replicator.store.RecordingFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeptVersionsTest {
  private static final int BLOCK = 64 << 10;

  @TempDir Path state;

  private Stream<String> names() throws Exception {
    try (var files = Files.list(state.resolve("verify/r"))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList().stream();
    }
  }

  @Test
  void eachVersionOfABlockThatDiffersIsKeptOnce() throws Exception {
    var disk = new RecordingFile(16 << 20);
    var provider = disk.provider();
    var none = Provisioning.Overwrite.NOTHING;
    var metadata = Provisioning.create("r", provider, new Provisioning.Options(0, 0, 0, 0, none));
    var kept = new KeptVersions(state, "r");
    long last = metadata.dataSizeBytes() / BLOCK * BLOCK;
    provider.write(ByteBuffer.wrap(new byte[] {7}), metadata.offsetBytes() + 3 * BLOCK);

    // Of the four blocks from 1 on, those that end 0 and 1 blocks before the end: 4 and 3.
    kept.keep(provider, metadata, BLOCK, 4 * BLOCK, 0b11);
    kept.keep(provider, metadata, BLOCK, 4 * BLOCK, 0b11);
    provider.write(ByteBuffer.wrap(new byte[] {8}), metadata.offsetBytes() + 3 * BLOCK);
    kept.keep(provider, metadata, 3 * BLOCK, BLOCK, 0b1);
    kept.keep(provider, metadata, last, (int) (metadata.dataSizeBytes() - last), 0b1);

    assertThat(names())
        .containsExactlyInAnyOrder("" + 3 * BLOCK, 3 * BLOCK + ".1", "" + 4 * BLOCK, "" + last);
    assertThat(Files.readAllBytes(state.resolve("verify/r/" + 3 * BLOCK)))
        .hasSize(BLOCK)
        .startsWith(7);
    assertThat(Files.readAllBytes(state.resolve("verify/r/" + 3 * BLOCK + ".1"))).startsWith(8);
    assertThat(Files.size(state.resolve("verify/r/" + last)))
        .isEqualTo(metadata.dataSizeBytes() - last);
  }
}
