package carpool.replicator.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ForeignContentTest {
  private final ByteBuffer head = ByteBuffer.allocate(ForeignContent.HEAD_BYTES);
  private final ByteBuffer tail = ByteBuffer.allocate(ForeignContent.TAIL_BYTES);

  @ParameterizedTest
  @CsvSource({
    "0, XFSB, an XFS file system",
    "65600, _BHRfS_M, a btrfs file system",
    "512, LABELONE, an LVM physical volume",
    "512, EFI PART, a GPT partition table",
    "4086, SWAPSPACE2, swap space",
    "3, 'NTFS    ', an NTFS file system",
    "82, FAT32, a FAT file system",
    "32769, CD001, an ISO 9660 file system",
  })
  void knowsTextSignatures(int at, String bytes, String what) {
    head.put(at, bytes.getBytes(StandardCharsets.ISO_8859_1));

    assertThat(ForeignContent.in(head, tail)).contains(what);
  }

  @Test
  void knowsExt() {
    head.put(0x438, new byte[] {0x53, (byte) 0xef});

    assertThat(ForeignContent.in(head, tail)).contains("an ext2, ext3 or ext4 file system");
  }

  @Test
  void knowsLuks() {
    head.put(0, new byte[] {'L', 'U', 'K', 'S', (byte) 0xba, (byte) 0xbe});

    assertThat(ForeignContent.in(head, tail)).contains("a LUKS container");
  }

  @Test
  void knowsZfsInBothByteOrders() {
    head.order(ByteOrder.LITTLE_ENDIAN).putLong((128 << 10) + 7 * 1024, 0x00bab10cL);
    assertThat(ForeignContent.in(head, tail)).contains("a member of a ZFS pool");

    head.order(ByteOrder.BIG_ENDIAN).putLong((128 << 10) + 7 * 1024, 0x00bab10cL);
    assertThat(ForeignContent.in(head, tail)).contains("a member of a ZFS pool");
  }

  @Test
  void knowsUfsAndGeomAndMbr() {
    head.order(ByteOrder.LITTLE_ENDIAN).putInt(65536 + 1372, 0x19540119);
    assertThat(ForeignContent.in(head, tail)).contains("a UFS file system");

    head.putInt(65536 + 1372, 0);
    tail.put(4096 - 512, "GEOM::MIRROR".getBytes(StandardCharsets.US_ASCII));
    assertThat(ForeignContent.in(head, tail).orElseThrow()).contains("GEOM");

    tail.put(4096 - 512, new byte[12]);
    head.put(510, (byte) 0x55).put(511, (byte) 0xaa);
    assertThat(ForeignContent.in(head, tail)).isEmpty();
    head.put(446 + 4, (byte) 0x83);
    assertThat(ForeignContent.in(head, tail)).contains("an MBR partition table");
  }

  @Test
  void blankAndTinyProvidersAreFree() {
    assertThat(ForeignContent.in(head, tail)).isEmpty();
    assertThat(ForeignContent.in(ByteBuffer.allocate(100), ByteBuffer.allocate(100))).isEmpty();
  }
}
