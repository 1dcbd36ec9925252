package carpool.replicator.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Effects.MapPart;
import carpool.replicator.core.Identity;
import carpool.replicator.core.Role;
import carpool.replicator.core.layout.LayoutException;
import carpool.replicator.core.layout.MetadataBlock;
import carpool.replicator.core.layout.Times;
import carpool.replicator.offline.Provisioning;
import carpool.replicator.store.ProviderException;
import carpool.replicator.store.RecordingFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is durable when, and what becomes of a copy whose disk failed.
class AttachedProviderTest {
  private static final long MIB = 1 << 20;
  private static final Identity ALONE = new Identity(5, 2, 1, 77, true, List.of(76L));

  @TempDir Path state;

  private RecordingFile disk(Identity identity) throws Exception {
    return disk(identity, 16 * MIB);
  }

  private RecordingFile disk(Identity identity, long size) throws Exception {
    var disk = new RecordingFile(size);
    Provisioning.create(
        "r", disk.provider(), new Provisioning.Options(0, 0, 0, 0, Provisioning.Overwrite.NOTHING));
    if (!identity.virgin()) {
      var attachment = attach(disk);
      attachment.writeMetadata(Role.PRIMARY, DiskState.UP_TO_DATE, identity, Times.UNKNOWN);
    }
    disk.forget();
    return disk;
  }

  private AttachedProvider attach(RecordingFile disk) throws Exception {
    return AttachedProvider.open("r", disk.provider(), new FailedCopies(state));
  }

  private Path note() {
    return state.resolve("failed/r");
  }

  private static void good(AttachedProvider attachment) throws Exception {
    attachment.writeMetadata(Role.PRIMARY, DiskState.UP_TO_DATE, ALONE, Times.UNKNOWN);
  }

  // ----- durability

  @Test
  void eachStepOfAMetadataWriteIsDurableBeforeTheNextStarts() throws Exception {
    var disk = disk(ALONE);
    good(attach(disk));

    assertThat(disk.log()).containsExactly("write 6144+2048", "flush", "write 0+4096", "flush");
  }

  @Test
  void withoutASpareCopyTheCopyIsDurableBeforeTheListOfHastIsWritten() throws Exception {
    var disk = new RecordingFile(16 * MIB);
    var tight = new Provisioning.Options(0, 0, 0, 16 * MIB - 4608, Provisioning.Overwrite.NOTHING);
    Provisioning.create("r", disk.provider(), tight);
    disk.forget();
    good(attach(disk));

    assertThat(disk.log()).containsExactly("write 1024+1536", "flush", "write 0+1024", "flush");
  }

  @Test
  void failureOfAnyStepIsAFailureOfTheWhole() throws Exception {
    for (int step = 0; step < 2; step++) {
      for (boolean flush : new boolean[] {true, false}) {
        var disk = disk(ALONE);
        var attachment = attach(disk);
        int failing = step;
        var flushes = new int[1];
        if (flush) {
          disk.onFlush(() -> {
            if (flushes[0]++ == failing) {
              disk.failFlushes(1);
            }
          });
        } else if (step == 0) {
          disk.failWrites(1);
        } else {
          disk.onFlush(() -> {
            if (flushes[0]++ == 0) {
              disk.failWrites(1);
            }
          });
        }
        var before = attachment.metadata();
        assertThatThrownBy(() -> good(attachment))
            .as("step " + step + " flush " + flush)
            .isInstanceOf(ProviderException.class);
        assertThat(attachment.metadata().disk()).isEqualTo(DiskState.FAILED);
        assertThat(attachment.metadata().identity()).isEqualTo(before.identity());
      }
    }
  }

  @Test
  void mapIsDurableWhenItsWriteIsDone() throws Exception {
    var disk = disk(ALONE);
    var attachment = attach(disk);
    attachment.writeMap(List.of(new MapPart(0, ByteBuffer.allocate(512))));
    assertThat(disk.log()).containsExactly("write 4096+512", "flush");

    disk.failFlushes(1);
    assertThatThrownBy(() -> attachment.writeMap(List.of(new MapPart(0, ByteBuffer.allocate(512)))))
        .isInstanceOf(ProviderException.class);
  }

  // ----- a disk that fails

  @Test
  void failedFlushOfTheTimeOfTheLastWriteMarksTheCopyForGood() throws Exception {
    var disk = disk(ALONE);
    var attachment = attach(disk);
    disk.failFlushes(1);
    assertThatThrownBy(() -> attachment.writeTimes(new Times(1, 2)))
        .isInstanceOf(ProviderException.class);
    assertThatThrownBy(() -> attachment.provider().flush()).isInstanceOf(ProviderException.class);

    assertThat(note()).exists();
    disk.recover();
    var again = attach(disk);
    assertThat(again.metadata().disk()).isEqualTo(DiskState.FAILED);
    assertThat(again.foundDisk()).isEqualTo(DiskState.INCONSISTENT);
    assertThat(again.readMap().count()).isEqualTo(again.metadata().extentCount());
    assertThat(again.metadata().identity()).isEqualTo(ALONE);
    assertThat(note()).doesNotExist();
  }

  @Test
  void diskThatTakesNothingAnyMoreIsRememberedInTheStateDirectory() throws Exception {
    var disk = disk(ALONE);
    var attachment = attach(disk);
    disk.failFlushes(Integer.MAX_VALUE);
    assertThatThrownBy(() -> attachment.provider().flush()).isInstanceOf(ProviderException.class);
    assertThat(Files.readString(note(), StandardCharsets.UTF_8)).contains("resuid 5\n");

    var cable = disk.crashes(512).getFirst().disk(); // as it was before
    assertThat(MetadataArea.load(cable.provider()).metadata().disk())
        .isEqualTo(DiskState.UP_TO_DATE);
    assertThat(attach(cable).foundDisk()).isEqualTo(DiskState.INCONSISTENT);
    assertThat(note()).doesNotExist(); // the disk has it
    assertThat(attach(cable).foundDisk()).isEqualTo(DiskState.INCONSISTENT);
  }

  @Test
  void copyThatCannotTakeItsMarkIsNotAttached() throws Exception {
    var disk = disk(ALONE);
    var attachment = attach(disk);
    disk.failFlushes(Integer.MAX_VALUE);
    assertThatThrownBy(() -> attachment.provider().flush()).isInstanceOf(ProviderException.class);
    var cable = disk.crashes(512).getFirst().disk();
    cable.failWrites(Integer.MAX_VALUE);

    assertThatThrownBy(() -> attach(cable)).isInstanceOf(ProviderException.class);
    assertThat(note()).exists();
    Files.writeString(note(), "nonsense");
    cable.recover();
    assertThatThrownBy(() -> attach(cable))
        .isInstanceOf(ProviderException.class)
        .hasMessageContaining("lost writes cannot be found out");
  }

  @Test
  void diskCreatedAnewHasNoPast() throws Exception {
    var disk = disk(ALONE);
    var attachment = attach(disk);
    disk.failFlushes(Integer.MAX_VALUE);
    assertThatThrownBy(() -> attachment.provider().flush()).isInstanceOf(ProviderException.class);

    assertThat(attach(disk(Identity.FRESH)).foundDisk()).isEqualTo(DiskState.CONSISTENT);
    assertThat(note()).doesNotExist();
  }

  @Test
  void markStaysUntilTheCopyIsGoodAgain() throws Exception {
    var disk = disk(ALONE);
    var first = attach(disk);
    disk.failFlushes(1);
    assertThatThrownBy(() -> first.provider().flush()).isInstanceOf(ProviderException.class);
    disk.recover();
    var second = attach(disk);
    second.writeMetadata(Role.SECONDARY, DiskState.INCONSISTENT, ALONE, Times.UNKNOWN);
    var third = attach(disk);
    assertThat(third.readMap().count()).isEqualTo(third.metadata().extentCount());
    good(third);

    assertThat(attach(disk).foundDisk()).isEqualTo(DiskState.UP_TO_DATE);
    // Marked on the disk, until they are cleared as those of any other copy.
    assertThat(attach(disk).readMap().count()).isEqualTo(third.metadata().extentCount());
    third.writeMap(List.of(new MapPart(0, ByteBuffer.allocate(512))));
    assertThat(attach(disk).readMap().isEmpty()).isTrue();
    // What happens to it next is no matter of the failure.
    third.writeMetadata(Role.SECONDARY, DiskState.INCONSISTENT, ALONE, Times.UNKNOWN);
    assertThat(attach(disk).metadata().disk()).isEqualTo(DiskState.INCONSISTENT);
    assertThat(attach(disk).readMap().isEmpty()).isTrue();
  }

  @Test
  void lastExtentOfACopyThatLostWritesCountsAsChanged() throws Exception {
    var disk = disk(ALONE);
    var first = attach(disk);
    disk.failFlushes(1);
    assertThatThrownBy(() -> first.provider().flush()).isInstanceOf(ProviderException.class);
    disk.recover();

    var again = attach(disk);
    assertThat(again.readMap().contains(again.metadata().extentCount() - 1)).isTrue();
    assertThat(again.readMap().contains(0)).isTrue();
  }

  @Test
  void diskOfAnotherPairHasNoPast() throws Exception {
    var other = disk(new Identity(6, 2, 1, 77, true, List.of(76L)));
    new FailedCopies(state).note("r", attach(disk(ALONE)).metadata(), "test");

    assertThat(attach(other).foundDisk()).isEqualTo(DiskState.UP_TO_DATE);
    assertThat(note()).doesNotExist();
  }

  @Test
  void noteIsAboutTheDiskThatFailed() throws Exception {
    var same = disk(ALONE);
    new FailedCopies(state).note("r", attach(disk(ALONE)).metadata(), "test");

    assertThat(attach(same).foundDisk()).isEqualTo(DiskState.INCONSISTENT);
  }

  @Test
  void metadataComeBackAsTheyWere() throws Exception {
    var disk = disk(Identity.FRESH);
    var identity =
        new Identity(1L << 63, 2, 3, 0x0123_4567_89ab_cdefL, true, List.of(9L, 8L, 7L, 6L, 5L, 4L));
    attach(disk)
        .writeMetadata(Role.PRIMARY, DiskState.INCONSISTENT, identity, new Times(1234, 5678));

    var found = attach(disk).metadata();
    assertThat(found.identity()).isEqualTo(identity);
    assertThat(found.prevRole()).isEqualTo(Role.PRIMARY);
    assertThat(found.disk()).isEqualTo(DiskState.INCONSISTENT);
    assertThat(found.times()).isEqualTo(new Times(1234, 5678));
  }

  // ----- what is not this resource's provider

  @Test
  void providerOfAnotherResourceIsRefused() throws Exception {
    var disk = disk(ALONE);
    assertThatThrownBy(
            () -> AttachedProvider.open("other", disk.provider(), new FailedCopies(state)))
        .isInstanceOf(LayoutException.class)
        .hasMessageContaining("is not part of resource other");
  }

  @Test
  void providerThatIsShorterThanItsDataIsRefused() throws Exception {
    var disk = disk(ALONE);
    var shorter = new RecordingFile(16 * MIB - 512);
    var head = ByteBuffer.allocateDirect(1 << 20).put(disk.bytes(0, 1 << 20)).flip();
    shorter.provider().write(head, 0);

    assertThatThrownBy(() -> attach(shorter))
        .isInstanceOf(LayoutException.class)
        .hasMessageContaining("but its metadata says that the data ends at");
  }

  // ----- what the original never checks

  @Test
  void metadataThatPointBeyondEverythingIsRefused() throws Exception {
    var disk = disk(Identity.FRESH);
    var block = ByteBuffer.allocateDirect(4096);
    block.put(0, MetadataBlock.whole(attach(disk).metadata()), 0, 1024); // hastd's list alone
    var bytes = new byte[4096];
    block.get(0, bytes);
    int name = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("offset\0");
    block.order(java.nio.ByteOrder.LITTLE_ENDIAN).putLong(name + 8, 0x7ffffffffffffe00L);
    disk.provider().write(block, 0);

    assertThatThrownBy(() -> attach(disk))
        .isInstanceOf(LayoutException.class)
        .hasMessageContaining("which no provider has");
  }

  @Test
  void mapThatDoesNotFitInMemoryIsRefused() {
    var small = new Provisioning.Options(512, 0, 0, 0, Provisioning.Overwrite.NOTHING);
    assertThatThrownBy(
            () -> Provisioning.create("r", new RecordingFile(9L << 40).provider(), small))
        .isInstanceOf(LayoutException.class)
        .hasMessageContaining("with extents of 512 bytes the activemap takes 2415919103 bytes");
  }

  @Test
  void mapMayTakeSoMuchMemoryAndNoMore() throws Exception {
    long most = 4096 + (32L << 20) * 8 * 512; // bytes of the map, extents, bytes of an extent
    var small = new Provisioning.Options(512, 0, 0, 0, Provisioning.Overwrite.NOTHING);
    var created = Provisioning.create("r", new RecordingFile(most).provider(), small);
    assertThat(created.usedMapBytes()).isLessThanOrEqualTo(32L << 20);

    assertThatThrownBy(
            () -> Provisioning.create("r", new RecordingFile(most + 8 * 512).provider(), small))
        .isInstanceOf(LayoutException.class)
        .hasMessageContaining("allowed are " + (32 << 20));
  }
}
