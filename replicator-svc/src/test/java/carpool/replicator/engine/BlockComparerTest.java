package carpool.replicator.engine;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.engine.BlockComparer.Compared;
import carpool.replicator.store.LocalProvider;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlockComparerTest {
  private static final int BLOCK = 64 << 10;
  private static final int CHUNK = 2 * BLOCK;
  private static final int SIZE = 64 * BLOCK;
  private static final ByteBuffer NO_DIGESTS = ByteBuffer.allocate(0);

  @TempDir Path directory;
  private LocalProvider provider;
  private BlockComparer comparer;
  private final RequestSlot slot = new RequestSlot(1);

  @BeforeEach
  void open() throws Exception {
    var path = directory.resolve("disk");
    try (var file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(SIZE);
    }
    provider = LocalProvider.attach(path);
    comparer = new BlockComparer(provider);
  }

  @AfterEach
  void close() throws Exception {
    provider.close();
  }

  private void write(long offset, byte value) throws Exception {
    provider.write(ByteBuffer.allocateDirect(1).put(value).flip(), offset);
  }

  @Test
  void holeIsZeroToItsEnd() throws Exception {
    assertThat(comparer.scan(slot, 0, SIZE, true)).isEqualTo(SIZE);
  }

  @Test
  void zeroesThatWereWrittenAreFoundToo() throws Exception {
    provider.write(ByteBuffer.allocateDirect(SIZE), 0);

    assertThat(comparer.scan(slot, 0, SIZE, true)).isEqualTo(SIZE);
  }

  @Test
  void zeroesEndAtAWholeBlockBeforeTheData() throws Exception {
    write(5 * BLOCK + 100, (byte) 1);

    assertThat(comparer.scan(slot, 0, SIZE, true))
        .isBetween(BLOCK, 5 * BLOCK)
        .matches(n -> n % BLOCK == 0);
  }

  @Test
  void rangeThatIsNoWholeBlockIsZeroAsAWhole() throws Exception {
    assertThat(comparer.scan(slot, 0, 5000, true)).isEqualTo(5000);
  }

  @Test
  void copyThatLostWritesIsEqualInHolesOnly() throws Exception {
    write(5 * BLOCK, (byte) 1);
    comparer.scan(slot, 5 * BLOCK, CHUNK, true);
    assertThat(comparer.compare(slot, 5 * BLOCK, CHUNK)).isEqualTo(new Compared(CHUNK, 0));

    assertThat(comparer.compareHoles(slot, 5 * BLOCK, CHUNK).differentMask() & 3).isEqualTo(3);
    slot.digests(NO_DIGESTS);
    assertThat(comparer.compareHoles(slot, 0, SIZE))
        .matches(found -> found.differentMask() == 0 && found.coveredBytes() <= 5 * BLOCK);
    assertThat(comparer.compareHoles(slot, 5 * BLOCK, CHUNK)).isEqualTo(new Compared(BLOCK, 1));
  }

  @Test
  void chunkWithDataIsReadAndDigestedBlockByBlock() throws Exception {
    write(BLOCK, (byte) 7);
    write(10, (byte) 3);

    assertThat(comparer.scan(slot, 0, SIZE, true)).isZero();

    assertThat(slot.buffer().get(10)).isEqualTo((byte) 3);
    assertThat(slot.buffer().get(BLOCK)).isEqualTo((byte) 7);
    assertThat(slot.digests().remaining()).isEqualTo(64);
  }

  @Test
  void comparisonTellsTheBlockThatDiffersCountedFromTheEnd() throws Exception {
    write(10, (byte) 3);
    write(BLOCK, (byte) 7);
    comparer.scan(slot, 0, CHUNK, true);

    assertThat(comparer.compare(slot, 0, CHUNK)).isEqualTo(new Compared(CHUNK, 0));
    write(BLOCK + 9, (byte) 1);
    assertThat(comparer.compare(slot, 0, CHUNK)).isEqualTo(new Compared(CHUNK, 0b01));
    write(11, (byte) 1);
    assertThat(comparer.compare(slot, 0, CHUNK)).isEqualTo(new Compared(CHUNK, 0b11));
  }

  @Test
  void comparisonWithZeroesEndsAfterTheFirstBlockThatIsNot() throws Exception {
    slot.digests(NO_DIGESTS);
    assertThat(comparer.compare(slot, 0, SIZE)).isEqualTo(new Compared(SIZE, 0));

    write(BLOCK + 3, (byte) 1);
    int covered = comparer.compare(slot, 0, SIZE).coveredBytes();
    assertThat(covered).isIn(BLOCK, CHUNK);
    assertThat(comparer.compare(slot, BLOCK, SIZE - BLOCK)).isEqualTo(new Compared(BLOCK, 1));
  }

  @Test
  void whatCannotBeReadCountsAsDifferent() {
    slot.digests(ByteBuffer.allocate(64));
    assertThat(BlockComparer.allDifferent(slot, CHUNK)).isEqualTo(new Compared(CHUNK, -1));
    slot.digests(NO_DIGESTS);
    assertThat(BlockComparer.allDifferent(slot, SIZE)).isEqualTo(new Compared(BLOCK, 1));
  }
}
