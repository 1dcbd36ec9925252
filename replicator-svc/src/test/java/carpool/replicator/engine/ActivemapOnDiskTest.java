package carpool.replicator.engine;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.Identity;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.Role;
import carpool.replicator.offline.Provisioning;
import carpool.replicator.store.RecordingFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The activemap of a disk of 40 TiB: each extent's bit at its byte, beyond the first sector too.
class ActivemapOnDiskTest {
  private static final long EXTENT = 2 << 20;
  private static final int SECTOR_EXTENTS = 4096;

  @TempDir Path state;

  private AttachedProvider attach(RecordingFile disk) throws Exception {
    return AttachedProvider.open("r", disk.provider(), new FailedCopies(state));
  }

  @Test
  void bitOfEachExtentLandsAtItsByteAndARestartReadsItBack() throws Exception {
    var disk = new RecordingFile(40L << 40);
    var created =
        Provisioning.create(
            "r",
            disk.provider(),
            new Provisioning.Options(0, 0, 0, 0, Provisioning.Overwrite.NOTHING));
    long last = created.extentCount() - 1;
    var extents =
        new TreeSet<>(
            List.of(
                0L,
                7L,
                SECTOR_EXTENTS - 1L,
                (long) SECTOR_EXTENTS,
                SECTOR_EXTENTS + 9L,
                5L * SECTOR_EXTENTS + 17,
                9L * 1024 * 1024, // beyond the first MiB of the map
                last));
    assertThat(created.mapSizeBytes()).isGreaterThan(2 << 20);
    try (var engine = new LoneEngine(attach(disk))) {
      engine.promote();
      for (long extent : extents) {
        engine.write(Math.min(extent * EXTENT, created.dataSizeBytes() - 4096));
      }
    }
    for (long extent : extents) {
      int bits = disk.bytes(4096 + extent / 8, 1)[0];
      assertThat(bits & 1 << (extent % 8)).as("extent " + extent).isNotZero();
    }
    var again = attach(disk);
    var marked = new ArrayList<Long>();
    again.readMap().forEach(marked::add);
    assertThat(marked).containsExactlyElementsOf(extents);
    assertThat(again.metadata().identity().generation()).isNotEqualTo(Identity.FRESH.generation());
  }

  @Test
  void markOfAnExtentIsDurableBeforeItsDataIsWritten() throws Exception {
    var disk = new RecordingFile(40L << 40);
    Provisioning.create(
        "r", disk.provider(), new Provisioning.Options(0, 0, 0, 0, Provisioning.Overwrite.NOTHING));
    try (var engine = new LoneEngine(attach(disk))) {
      engine.promote();
      disk.forget();
      engine.write(5L * SECTOR_EXTENTS * EXTENT);
      long base = engine.dataOffset();
      assertThat(disk.log())
          .containsSubsequence(
              "write " + (4096 + 5 * 512) + "+512",
              "flush",
              "write " + (base + 5L * SECTOR_EXTENTS * EXTENT) + "+4096");
    }
  }

  /// Both sectors are written at once.
  @Test
  void bitsOfAWriteAcrossTwoSectorsLandInBoth() throws Exception {
    var disk = new RecordingFile(40L << 40);
    Provisioning.create(
        "r", disk.provider(), new Provisioning.Options(0, 0, 0, 0, Provisioning.Overwrite.NOTHING));
    try (var engine = new LoneEngine(attach(disk))) {
      engine.promote();
      engine.write(3L * SECTOR_EXTENTS * EXTENT - 2048);
    }
    var marked = new ArrayList<Long>();
    attach(disk).readMap().forEach(marked::add);
    assertThat(marked).containsExactly(3L * SECTOR_EXTENTS - 1, 3L * SECTOR_EXTENTS);
  }

  @Test
  void promotionThatCannotBeRecordedIsRefused() throws Exception {
    var disk = new RecordingFile(64 << 20);
    Provisioning.create(
        "r", disk.provider(), new Provisioning.Options(0, 0, 0, 0, Provisioning.Overwrite.NOTHING));
    try (var engine = new LoneEngine(attach(disk))) {
      disk.failWrites(1);
      assertThat(engine.role(Role.PRIMARY, false)).isEqualTo(Verdict.DISK_UNUSABLE);
    }
  }

  @Test
  void answersWaitForTheDisk() throws Exception {
    var disk = new RecordingFile(64 << 20);
    Provisioning.create(
        "r", disk.provider(), new Provisioning.Options(0, 0, 0, 0, Provisioning.Overwrite.NOTHING));
    try (var engine = new LoneEngine(attach(disk))) {
      engine.promote();
      engine.write(0);
      var inside = new CountDownLatch(1);
      var go = new CountDownLatch(1);
      disk.onFlush(() -> {
        inside.countDown();
        try {
          assertThat(go.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
          throw new AssertionError(e);
        }
      });
      var flushed = engine.flush();
      assertThat(inside.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(flushed.isDone()).isFalse();
      go.countDown();
      assertThat(flushed.get(10, TimeUnit.SECONDS)).isTrue();
    }
  }
}
