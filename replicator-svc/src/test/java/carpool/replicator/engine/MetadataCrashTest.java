package carpool.replicator.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Identity;
import carpool.replicator.core.Role;
import carpool.replicator.core.layout.LayoutException;
import carpool.replicator.core.layout.Metadata;
import carpool.replicator.core.layout.MetadataBlock;
import carpool.replicator.core.layout.Times;
import carpool.replicator.offline.Provisioning;
import carpool.replicator.store.RecordingFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A power cut at every moment of a write of the metadata, with sectors that tear at 512 and at
/// 4096 bytes: the old or the new version is there, and its activemap.
class MetadataCrashTest {
  private static final long MIB = 1 << 20;
  private static final Provisioning.Options DEFAULTS =
      new Provisioning.Options(0, 0, 0, 0, Provisioning.Overwrite.NOTHING);
  private static final Provisioning.Options FORCE =
      new Provisioning.Options(0, 0, 0, 0, Provisioning.Overwrite.ANYTHING);

  /// A map of 4096 bytes ends where a block ends: `create` has to make room for the spare copy.
  private static final Provisioning.Options FULL_MAP =
      new Provisioning.Options(512, 0, 0, 0, Provisioning.Overwrite.ANYTHING);

  @TempDir Path directory;

  private FailedCopies failures() {
    return new FailedCopies(directory);
  }

  private RecordingFile created(long size, Provisioning.Options options) throws Exception {
    var disk = new RecordingFile(size);
    Provisioning.create("r", disk.provider(), options);
    disk.forget();
    return disk;
  }

  private AttachedProvider attach(RecordingFile disk) throws Exception {
    return AttachedProvider.open("r", disk.provider(), failures());
  }

  private static void record(AttachedProvider attachment, long generation) throws Exception {
    attachment.writeMetadata(
        Role.PRIMARY,
        DiskState.UP_TO_DATE,
        new Identity(5, 1, 1, generation, true, List.of()),
        Times.UNKNOWN);
  }

  private static ByteBuffer filled(int length, int value) {
    var bytes = ByteBuffer.allocateDirect(length);
    while (bytes.hasRemaining()) {
      bytes.put((byte) value);
    }
    return bytes.flip();
  }

  @ParameterizedTest
  @CsvSource({"512, false", "512, true", "4096, false", "4096, true"})
  void updateLeavesTheOldOrTheNewVersion(int physical, boolean fullMap) throws Exception {
    var disk = created(16 * MIB, fullMap ? FULL_MAP : DEFAULTS);
    var attachment = attach(disk);
    for (long generation = 10; generation < 14; generation++) {
      record(attachment, generation);
      disk.forget();
      var old = attachment.metadata();
      record(attachment, generation + 1);
      assertThat(disk.flushed()).isTrue();
      for (var crash : disk.crashes(physical)) {
        assertThat(MetadataArea.load(crash.disk().provider()).metadata())
            .as(crash.when())
            .isIn(old, attachment.metadata());
      }
      assertThat(MetadataArea.load(disk.provider()).metadata()).isEqualTo(attachment.metadata());
    }
  }

  /// The block is torn by the first cut; the spare copy alone tells what was there, and must not be
  /// written before the block is whole again.
  @ParameterizedTest
  @CsvSource({"512, false", "512, true", "4096, false", "4096, true"})
  void secondPowerCutAfterATornUpdateLosesNothing(int physical, boolean fullMap) throws Exception {
    var disk = created(16 * MIB, fullMap ? FULL_MAP : DEFAULTS);
    var attachment = attach(disk);
    record(attachment, 10);
    disk.forget();
    record(attachment, 11);
    for (var first : disk.crashes(physical)) {
      var again = first.disk();
      again.forget();
      var second = attach(again);
      var old = second.metadata();
      record(second, 12);
      for (var crash : again.crashes(physical)) {
        assertThat(MetadataArea.load(crash.disk().provider()).metadata())
            .as(first.when() + ", then " + crash.when())
            .isIn(old, second.metadata());
      }
    }
  }

  @Test
  void diskOfHastctlWithoutRoomForASpareCopySurvivesTornSectors() throws Exception {
    var disk = new RecordingFile(16 * MIB);
    Provisioning.create(
        "r",
        disk.provider(),
        new Provisioning.Options(0, 0, 0, 16 * MIB - 4608, Provisioning.Overwrite.ANYTHING));
    disk.forget();
    var attachment = attach(disk);
    assertThat(MetadataBlock.spareOffset(attachment.metadata())).isEmpty();
    var old = attachment.metadata();
    record(attachment, 10);
    for (var crash : disk.crashes(512)) {
      assertThat(MetadataArea.load(crash.disk().provider()).metadata())
          .as(crash.when())
          .isIn(old, attachment.metadata());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void oneUnreadableSectorLosesNothing(boolean fullMap) throws Exception {
    var disk = created(16 * MIB, fullMap ? FULL_MAP : DEFAULTS);
    record(attach(disk), 10);
    var newest = MetadataArea.load(disk.provider()).metadata();
    for (long sector = 0; sector < newest.offsetBytes(); sector += 4096) {
      disk.forget();
      var broken = disk.crashes(512).getFirst().disk();
      broken.makeUnreadable(sector, 4096);
      var loaded = MetadataArea.load(broken.provider());
      assertThat(loaded.metadata()).as("sector " + sector).isEqualTo(newest);

      var attachment = attach(broken);
      attachment.readMap();
      assertThat(attachment.warnings()).isNotEmpty();
      if (sector == 0) { // written as a whole: the next update repairs it
        record(attachment, 11);
        assertThat(MetadataArea.load(broken.provider()).warnings()).isEmpty();
      }
    }
  }

  @Test
  void sectorOfTheMapThatCannotBeReadCountsAsMarked() throws Exception {
    var disk = created(16 * MIB, FULL_MAP);
    disk.makeUnreadable(MetadataBlock.BYTES + 512, 512);
    var attachment = attach(disk);
    var marked = attachment.readMap();

    assertThat(marked.count()).isEqualTo(4096);
    assertThat(marked.next(0)).isEqualTo(4096);
    assertThat(marked.runEnd(4096, marked.size())).isEqualTo(8192);
  }

  @Test
  void whatHastdWroteLastCountsAndNotTheSpareCopy() throws Exception {
    var disk = created(16 * MIB, DEFAULTS);
    var attachment = attach(disk);
    record(attachment, 10);
    var block = MetadataBlock.whole(attachment.metadata());
    var hastd = ByteBuffer.allocateDirect(4096).put(0, block, 0, 1024); // zeroes the rest
    disk.provider().write(hastd, 0);

    var loaded = MetadataArea.load(disk.provider());
    assertThat(loaded.metadata().sequence()).isZero();
    assertThat(loaded.metadata().identity().generation()).isEqualTo(Identity.HAST_GENERATION);
  }

  @Test
  void wipedBlockIsNoMetadata() throws Exception {
    var disk = created(16 * MIB, DEFAULTS);
    record(attach(disk), 10);
    disk.provider().write(filled(4096, 0), 0);

    assertThatThrownBy(() -> MetadataArea.load(disk.provider()))
        .isInstanceOfSatisfying(LayoutException.class, e -> assertThat(e.isMissing()).isTrue())
        .hasMessage("/recording has no metadata of carpool");
  }

  @ParameterizedTest
  @CsvSource({
    "512, false, false",
    "512, true, false",
    "512, false, true",
    "512, true, true",
    "4096, false, false",
    "4096, true, false",
    "4096, false, true",
    "4096, true, true"
  })
  void creationAnewLeavesTheOldCopyWithItsMapOrTheNewOne(
      int physical, boolean fromFullMap, boolean toFullMap) throws Exception {
    var disk = created(16 * MIB, fromFullMap ? FULL_MAP : DEFAULTS);
    var attachment = attach(disk);
    record(attachment, 10);
    record(attachment, 11);
    var old = attachment.metadata();
    disk.provider().write(filled((int) old.usedMapBytes(), 0xff), MetadataBlock.BYTES);
    disk.provider().write(filled(8192, 0x55), old.offsetBytes());
    disk.forget();
    var fresh = Provisioning.create("r", disk.provider(), toFullMap ? FULL_MAP : FORCE);

    assertThat(disk.flushed()).isTrue();
    var seen = new ArrayList<Metadata>();
    for (var crash : disk.crashes(physical)) {
      var provider = crash.disk().provider();
      var found = MetadataArea.load(provider).metadata();
      seen.add(found);
      assertThat(found).as(crash.when()).isIn(old, fresh);
      if (found.equals(old)) {
        assertThat(MetadataArea.readMap(provider, old, new ArrayList<>()).count())
            .as(crash.when())
            .isEqualTo(old.extentCount());
        assertThat(crash.disk().bytes(old.offsetBytes(), 8192)).as(crash.when()).containsOnly(0x55);
      }
    }
    assertThat(seen).contains(old, fresh);
    assertThat(MetadataArea.readMap(disk.provider(), fresh, new ArrayList<>()).isEmpty()).isTrue();
    assertThat(fresh.identity()).isEqualTo(Identity.FRESH);
    // Nothing of the old copy can come back when a sector fails later.
    disk.makeUnreadable(0, 4096);
    assertThat(MetadataArea.load(disk.provider()).metadata()).isEqualTo(fresh);
  }

  @Test
  void dataSizeOfThePeerIsMetWithASpareCopyOrWithout() throws Exception {
    var all = Provisioning.create("r", new RecordingFile(16 * MIB).provider(), DEFAULTS);
    var tight =
        Provisioning.create(
            "r",
            new RecordingFile(16 * MIB).provider(),
            new Provisioning.Options(0, 0, 0, 16 * MIB - 4608, Provisioning.Overwrite.NOTHING));
    var larger =
        Provisioning.create(
            "r",
            new RecordingFile(32 * MIB).provider(),
            new Provisioning.Options(0, 0, 0, all.dataSizeBytes(), Provisioning.Overwrite.NOTHING));

    assertThat(tight.offsetBytes()).isEqualTo(4608);
    assertThat(tight.dataSizeBytes()).isEqualTo(16 * MIB - 4608);
    assertThat(larger.dataSizeBytes()).isEqualTo(all.dataSizeBytes());
    assertThat(MetadataBlock.spareOffset(larger)).isPresent();
    assertThatThrownBy(() ->
            Provisioning.create(
                "r",
                new RecordingFile(16 * MIB).provider(),
                new Provisioning.Options(0, 0, 0, 16 * MIB, Provisioning.Overwrite.NOTHING)))
        .isInstanceOf(LayoutException.class)
        .hasMessageContaining("at most 16772608");
  }
}
