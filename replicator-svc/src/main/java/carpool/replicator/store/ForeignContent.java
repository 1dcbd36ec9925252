package carpool.replicator.store;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/// Signatures of what people keep on disks (libblkid's superblock probes; FreeBSD's sys/geom and
/// sys/ufs/ffs/fs.h; OpenZFS include/sys/uberblock.h), so that `create` does not overwrite it
/// unasked.
final class ForeignContent {
  /// Bytes from the start that hold everything looked for: the first ZFS label, 256 KiB.
  static final int HEAD_BYTES = 256 << 10;

  /// Bytes from the end.
  static final int TAIL_BYTES = 4096;

  private static final long ZFS_UBERBLOCK_MAGIC = 0x00bab10cL;
  private static final int ZFS_UBERBLOCKS_AT = 128 << 10;
  private static final int ZFS_UBERBLOCK_BYTES = 1024;
  private static final int UFS2_MAGIC_AT = 65536 + 1372;
  private static final int UFS1_MAGIC_AT = 8192 + 1372;
  private static final int UFS1_MAGIC = 0x00011954;
  private static final int UFS2_MAGIC = 0x19540119;
  private static final int MD_MAGIC = 0xa92b4efc;
  private static final int MBR_ENTRIES_AT = 446;

  // Order matters where one thing contains another: a member of an array may show the file system
  // of the array.
  private static final List<Signature> SIGNATURES =
      List.of(
          text("a LUKS container", 0, "LUKS\u00ba\u00be"),
          text("an LVM physical volume", 0, "LABELONE"),
          text("an LVM physical volume", 512, "LABELONE"),
          text("an LVM physical volume", 1024, "LABELONE"),
          text("an LVM physical volume", 1536, "LABELONE"),
          text("a GPT partition table", 512, "EFI PART"),
          text("a GPT partition table", 4096, "EFI PART"),
          text("an XFS file system", 0, "XFSB"),
          text("a btrfs file system", 65536 + 64, "_BHRfS_M"),
          text("an ext2, ext3 or ext4 file system", 0x438, "S\u00ef"),
          text("swap space", 4096 - 10, "SWAPSPACE2"),
          text("swap space", 65536 - 10, "SWAPSPACE2"),
          text("an ISO 9660 file system", 32769, "CD001"),
          text("a bcachefs or bcache device", 4096 + 24, "\u00c6\u0085s\u00f6N\u001a"),
          text("an NTFS file system", 3, "NTFS    "),
          text("an exFAT file system", 3, "EXFAT   "),
          text("a FAT file system", 54, "FAT"),
          text("a FAT file system", 82, "FAT32"));

  private ForeignContent() {}

  private record Signature(String what, int at, ByteBuffer bytes) {
    boolean in(ByteBuffer head) {
      return at + bytes.limit() <= head.limit() && head.slice(at, bytes.limit()).equals(bytes);
    }
  }

  private static Signature text(String what, int at, String bytes) {
    return new Signature(what, at, ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1)));
  }

  /// Names what is there.
  ///
  /// @param head the first bytes, from 0 to limit
  /// @param tail the last bytes, from 0 to limit
  static Optional<String> in(ByteBuffer head, ByteBuffer tail) {
    if (hasUberblock(head)) {
      return Optional.of("a member of a ZFS pool");
    }
    if (intAt(head, 4096, MD_MAGIC) || intAt(head, 0, MD_MAGIC)) {
      return Optional.of("a member of a Linux software RAID");
    }
    for (var signature : SIGNATURES) {
      if (signature.in(head)) {
        return Optional.of(signature.what());
      }
    }
    if (intAt(head, UFS2_MAGIC_AT, UFS2_MAGIC) || intAt(head, UFS1_MAGIC_AT, UFS1_MAGIC)) {
      return Optional.of("a UFS file system");
    }
    if (endsWithGeom(tail)) {
      return Optional.of("a member of a GEOM class (mirror, eli, label or the like)");
    }
    return hasMbr(head) ? Optional.of("an MBR partition table") : Optional.empty();
  }

  private static boolean hasUberblock(ByteBuffer head) {
    var at = ZFS_UBERBLOCKS_AT;
    for (; at + ZFS_UBERBLOCK_BYTES <= head.limit(); at += ZFS_UBERBLOCK_BYTES) {
      var magic = head.order(ByteOrder.BIG_ENDIAN).getLong(at);
      if (magic == ZFS_UBERBLOCK_MAGIC || Long.reverseBytes(magic) == ZFS_UBERBLOCK_MAGIC) {
        return true;
      }
    }
    return false;
  }

  private static boolean intAt(ByteBuffer head, int at, int littleEndian) {
    return at + 4 <= head.limit() && head.order(ByteOrder.LITTLE_ENDIAN).getInt(at) == littleEndian;
  }

  /// GEOM classes keep their metadata in the last sector, beginning with `GEOM::`.
  private static boolean endsWithGeom(ByteBuffer tail) {
    var geom = ByteBuffer.wrap("GEOM::".getBytes(StandardCharsets.US_ASCII));
    return (tail.limit() >= 512 && tail.slice(tail.limit() - 512, 6).equals(geom))
        || (tail.limit() >= 4096 && tail.slice(tail.limit() - 4096, 6).equals(geom));
  }

  private static boolean hasMbr(ByteBuffer head) {
    if (head.limit() < 512 || head.get(510) != 0x55 || (head.get(511) & 0xff) != 0xaa) {
      return false;
    }
    for (var entry = 0; entry < 4; entry++) {
      if (head.get(MBR_ENTRIES_AT + 16 * entry + 4) != 0) {
        return true;
      }
    }
    return false;
  }
}
