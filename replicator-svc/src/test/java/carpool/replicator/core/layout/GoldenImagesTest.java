package carpool.replicator.core.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import carpool.replicator.core.Identity;
import carpool.replicator.core.Role;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Images written by the real hastctl and hastd (golden/hast/README.md).
class GoldenImagesTest {
  private static final ProviderLayout.Request DEFAULTS = new ProviderLayout.Request(0, 0, 0, 0);
  private static final long USED_RESUID = Long.parseUnsignedLong("11933853365719685631");

  private static byte[] image(String name) throws IOException {
    try (var in = GoldenImagesTest.class.getResourceAsStream("/golden/hast/" + name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    }
  }

  private static Metadata load(String name) throws IOException, LayoutException {
    return MetadataBlock.load(ByteBuffer.wrap(image(name + ".meta.bin"), 0, 4096)).metadata();
  }

  private static List<Integer> marked(String name, Metadata metadata) throws IOException {
    var bytes = image(name + ".meta.bin");
    var marked = new ArrayList<Integer>();
    for (int extent = 0; extent < metadata.extentCount(); extent++) {
      if ((bytes[4096 + extent / 8] & 1 << extent % 8) != 0) {
        marked.add(extent);
      }
    }
    return marked;
  }

  @ParameterizedTest
  @CsvSource({
    "create-64m-ext2m,shared,67104256,2097152,64,4608",
    "create-64m-ext2m-dirtypad,shared,67104256,2097152,64,4608",
    "create-odd-ext64k,tank,10482688,65536,16,4608",
    "create-2g-ext128k,big,2147477504,131072,128,6144",
    "create-64m-media48m,part,50327040,1048576,64,4608",
    "create-blockdev-4k-sector,native,67100672,2097152,64,8192"
  })
  void freshImageOfHastctlIsRead(
      String name, String resource, long data, long extent, int keepdirty, long offset)
      throws IOException, LayoutException {
    var metadata = load(name);

    assertEquals(resource, metadata.resource());
    assertEquals(data, metadata.dataSizeBytes());
    assertEquals(extent, metadata.extentSizeBytes());
    assertEquals(keepdirty, metadata.keepdirty());
    assertEquals(offset, metadata.offsetBytes());
    assertEquals(Identity.FRESH, metadata.identity());
    assertEquals(Role.INIT, metadata.prevRole());
    assertEquals(List.of(), marked(name, metadata));
  }

  @ParameterizedTest
  @CsvSource({
    "create-64m-ext2m,shared,67108864,512,0,0,0",
    "create-odd-ext64k,tank,10487296,512,0,65536,16",
    "create-2g-ext128k,big,2147483648,512,0,131072,128",
    "create-64m-media48m,part,67108864,512,50331648,1048576,0",
    "create-blockdev-4k-sector,native,67108864,4096,0,0,0"
  })
  void whatWeCreateIsWhatHastctlCreatesByteForByte(
      String name, String resource, long size, int sector, long media, long extent, int keepdirty)
      throws IOException, LayoutException {
    var request = new ProviderLayout.Request(media, 0, extent, keepdirty);
    var metadata = ProviderLayout.createAsHastctl(resource, size, sector, request);

    var ours = MetadataBlock.whole(metadata).array();
    var golden = image(name + ".meta.bin");

    assertEquals(golden.length, metadata.offsetBytes());
    // Beyond HAST's own list stand carpool's copies, which the original never reads.
    for (int i = 0; i < 1024; i++) {
      assertEquals(golden[i], ours[i], name + " byte " + i);
    }
  }

  @Test
  void usedPrimaryKeepsItsCountersAndMarks() throws IOException, LayoutException {
    var metadata = load("used-primary-degraded");

    assertEquals(
        new Identity(USED_RESUID, 1, 0, Identity.HAST_GENERATION, false, List.of()),
        metadata.identity());
    assertEquals(Role.PRIMARY, metadata.prevRole());
    assertEquals(List.of(0, 3, 10, 20), marked("used-primary-degraded", metadata));
  }

  @Test
  void usedSecondaryHasNoMarks() throws IOException, LayoutException {
    var metadata = load("used-secondary-killed");

    assertEquals(Role.SECONDARY, metadata.prevRole());
    assertEquals(List.of(), marked("used-secondary-killed", metadata));
  }

  @Test
  void hastReadsWhatCarpoolWroteLater() throws IOException, LayoutException {
    var used = load("used-primary-degraded");
    var next =
        used.next(
            Role.SECONDARY,
            carpool.replicator.core.DiskState.UP_TO_DATE,
            used.identity().goOnAlone(0x1234567890abcdefL),
            new Times(1_700_000_000_000L, 1_700_000_001_000L));

    var block = MetadataBlock.whole(next);
    var asHast = NvList.parse(block.slice(0, 4096));

    assertEquals("shared", asHast.string("resource"));
    assertEquals(2, asHast.number("localcnt", NvList.TYPE_UINT64).orElseThrow());
    assertEquals(USED_RESUID, asHast.number("resuid", NvList.TYPE_UINT64).orElseThrow());
    assertEquals("secondary", asHast.string("prevrole"));
    assertEquals(next, MetadataBlock.load(block).metadata());
  }

  @Test
  void olderCopyServesWhenTheNewerOneIsTorn() throws LayoutException {
    var first = ProviderLayout.create("r", 64 << 20, 512, DEFAULTS);
    var second =
        first.next(
            Role.PRIMARY,
            carpool.replicator.core.DiskState.UP_TO_DATE,
            first.identity().goOnAlone(77),
            Times.UNKNOWN);
    var block = MetadataBlock.whole(first);
    for (var write : MetadataBlock.updates(first, second)) {
      if (write.offsetBytes() < MetadataBlock.BYTES) {
        block.put((int) write.offsetBytes(), write.bytes(), 0, write.bytes().remaining());
      }
    }
    assertEquals(second, MetadataBlock.load(block).metadata());
    assertEquals(2, MetadataBlock.load(block).validCopies());

    block.put(1024 + 40, (byte) 0x55); // sequence 2 stands in copy A
    var loaded = MetadataBlock.load(block);

    assertEquals(first, loaded.metadata());
    assertEquals(1, loaded.validCopies());
    assertTrue(loaded.warnings().getFirst().contains("copy A"), loaded.warnings().toString());
  }

  @Test
  void damagedListOfHastIsRepairedFromTheCopy() throws LayoutException {
    var metadata = ProviderLayout.create("r", 64 << 20, 512, DEFAULTS);
    var block = MetadataBlock.whole(metadata);
    block.put(0, (byte) 99);

    var loaded = MetadataBlock.load(block);

    assertEquals(metadata, loaded.metadata());
    assertTrue(loaded.warnings().getFirst().contains("HAST's part"), loaded.warnings().toString());
  }

  @Test
  void blockOfZeroesIsNoMetadata() {
    var refusal =
        assertThrows(LayoutException.class, () -> MetadataBlock.load(ByteBuffer.allocate(4096)));

    assertEquals("no metadata of carpool", refusal.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "67108864,512,0,3000000,0,'the extent size is 3000000; allowed is a power of two from the sector size (512) to 1073741824'",
    "67108864,4096,0,512,0,'the extent size is 512; allowed is a power of two from the sector size (4096) to 1073741824'",
    "67108864,512,0,4294967296,0,'the extent size is 4294967296; allowed is a power of two from the sector size (512) to 1073741824'",
    "67108864,512,134217728,0,0,'the media size 134217728 is larger than the provider (67108864 bytes)'",
    "67108864,512,1000001,0,0,'the media size 1000001 is not a multiple of the sector size 512'",
    "67108864,512,0,0,1,keepdirty is 1; allowed is 2 or more",
    "8192,512,0,0,0,'the provider offers 8192 bytes; metadata, activemap and one sector take 8704'"
  })
  void createRefusesWhatTheOriginalDoesNotCheck(
      long size, int sector, long media, long extent, int keepdirty, String text) {
    var refusal =
        assertThrows(
            LayoutException.class,
            () ->
                ProviderLayout.create(
                    "r", size, sector, new ProviderLayout.Request(media, 0, extent, keepdirty)));

    assertEquals(text, refusal.getMessage());
  }
}
