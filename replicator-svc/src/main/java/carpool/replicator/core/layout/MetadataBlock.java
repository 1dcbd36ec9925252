package carpool.replicator.core.layout;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Identity;
import carpool.replicator.core.Role;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// The first 4096 bytes of a provider.
///
/// | bytes | content |
/// |---|---|
/// | 0 – 1023 | HAST's list of name-value pairs, as hastd writes it, then zeroes |
/// | 1024 – 2559 | carpool's copy A (even sequence numbers) |
/// | 2560 – 4095 | carpool's copy B (odd sequence numbers) |
///
/// hastd stops reading at the first zero after its pairs, so it never sees the copies; when it
/// writes the block it zeroes them, and so a valid copy means that carpool wrote last. A copy is:
///
/// | bytes | content |
/// |---|---|
/// | 8 | `CARPOOL1` |
/// | 4 | CRC-32C of all that follows, little endian |
/// | 4 | length of the list in bytes, little endian |
/// | n | list of pairs (`NvList`): the nine of HAST and carpool's own |
///
/// An update writes the copy that is older, makes it durable, then writes HAST's list: whatever
/// tears, one whole copy is left (W7).
public final class MetadataBlock {
  /// Size of the block, and start of the activemap.
  public static final int BYTES = 4096;

  private static final int HAST_BYTES = 1024;
  private static final int COPY_BYTES = 1536;
  private static final int COPY_HEADER_BYTES = 16;
  private static final long MAGIC = 0x314c4f4f50524143L; // "CARPOOL1" read little endian

  private MetadataBlock() {}

  /// A run of bytes to be written at an offset of the block.
  public record Part(int offsetBytes, ByteBuffer bytes) {}

  /// What was read.
  ///
  /// @param validCopies how many of carpool's copies are whole, 0 to 2
  /// @param warnings sentences for an operator: what was damaged
  public record Loaded(Metadata metadata, int validCopies, List<String> warnings) {}

  /// The writes that record `metadata`, in order; each must be durable before the next starts.
  ///
  /// @throws LayoutException when the names are too long for the block
  public static List<Part> updates(Metadata metadata) throws LayoutException {
    var parts = new ArrayList<Part>();
    parts.add(new Part(copyOffset(metadata.sequence()), copy(metadata)));
    parts.add(new Part(0, hastList(metadata)));
    return parts;
  }

  /// The whole block of a provider that is created.
  ///
  /// @throws LayoutException when the names are too long for the block
  public static ByteBuffer whole(Metadata metadata) throws LayoutException {
    var block = ByteBuffer.allocate(BYTES);
    for (var part : updates(metadata)) {
      block.put(part.offsetBytes, part.bytes, 0, part.bytes.remaining());
    }
    return block;
  }

  private static int copyOffset(long sequence) {
    return HAST_BYTES + (int) (sequence & 1) * COPY_BYTES;
  }

  private static ByteBuffer hastList(Metadata metadata) throws LayoutException {
    return padded(hastPairs(metadata).toBytes(), HAST_BYTES, 0);
  }

  private static NvList hastPairs(Metadata metadata) {
    var identity = metadata.identity();
    return new NvList()
        .putString("resource", metadata.resource())
        .putUint64("datasize", metadata.dataSizeBytes())
        .putUint32("extentsize", metadata.extentSizeBytes())
        .putUint32("keepdirty", metadata.keepdirty())
        .putUint64("offset", metadata.offsetBytes())
        .putUint64("resuid", identity.resuid())
        .putUint64("localcnt", identity.localcnt())
        .putUint64("remotecnt", identity.remotecnt())
        .putString("prevrole", metadata.prevRole().word());
  }

  private static ByteBuffer copy(Metadata metadata) throws LayoutException {
    var list = hastPairs(metadata);
    var identity = metadata.identity();
    list.putUint64("sequence", metadata.sequence());
    list.putUint64("disk", metadata.disk().code());
    list.putUint64("generation", identity.generation());
    list.putUint64("alone", identity.alone() ? 1 : 0);
    var times = metadata.times();
    if (!times.equals(Times.UNKNOWN)) {
      list.putUint64("alonesince", times.aloneSinceUnixMillis());
      list.putUint64("lastwrite", times.lastWriteUnixMillis());
    }
    for (int i = 0; i < identity.history().size(); i++) {
      list.putUint64("history" + i, identity.history().get(i));
    }
    var bytes = list.toBytes();
    var copy = padded(bytes, COPY_BYTES, COPY_HEADER_BYTES);
    copy.putLong(0, MAGIC);
    copy.putInt(12, bytes.length);
    copy.putInt(8, checksum(copy));
    return copy;
  }

  private static int checksum(ByteBuffer copy) {
    var crc = new CRC32C();
    crc.update(copy.duplicate().position(12).limit(COPY_BYTES));
    return (int) crc.getValue();
  }

  private static ByteBuffer padded(byte[] bytes, int size, int at) throws LayoutException {
    if (bytes.length > size - at) {
      throw new LayoutException(
          "the metadata takes " + bytes.length + " bytes, at most " + (size - at) + " fit");
    }
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN).put(at, bytes);
  }

  /// Reads a block.
  ///
  /// @param block [#BYTES] bytes from its position
  /// @throws LayoutException when it holds no usable metadata at all
  public static Loaded load(ByteBuffer block) throws LayoutException {
    var bytes = block.slice().order(ByteOrder.LITTLE_ENDIAN);
    var warnings = new ArrayList<String>();
    @Nullable Metadata best = null;
    int valid = 0;
    for (int i = 0; i < 2; i++) {
      var copy = readCopy(bytes, i, warnings);
      if (copy != null) {
        valid++;
        if (best == null || copy.sequence() > best.sequence()) {
          best = copy;
        }
      }
    }
    if (best == null) {
      return new Loaded(readHast(bytes), valid, warnings);
    }
    try {
      var hast = readHast(bytes);
      if (!hast.resource().equals(best.resource()) || hast.offsetBytes() != best.offsetBytes()) {
        warnings.add("HAST's part of the metadata disagrees with carpool's copy, which is used");
      }
    } catch (LayoutException damaged) {
      warnings.add(
          "HAST's part of the metadata is damaged ("
              + damaged.getMessage()
              + "); carpool's copy is used and repairs it at the next write");
    }
    return new Loaded(best, valid, warnings);
  }

  private static @Nullable Metadata readCopy(ByteBuffer block, int index, List<String> warnings) {
    var copy =
        block.slice(HAST_BYTES + index * COPY_BYTES, COPY_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    if (copy.getLong(0) != MAGIC) {
      return null;
    }
    String name = "carpool's copy " + (index == 0 ? "A" : "B") + " of the metadata";
    int length = copy.getInt(12);
    if (copy.getInt(8) != checksum(copy) || length < 0 || length > COPY_BYTES - COPY_HEADER_BYTES) {
      warnings.add(name + " is damaged (checksum); the other one is used");
      return null;
    }
    try {
      var list = NvList.parse(copy.slice(COPY_HEADER_BYTES, length));
      return fromPairs(list, true);
    } catch (LayoutException | IllegalArgumentException damaged) {
      warnings.add(name + " is damaged (" + damaged.getMessage() + ")");
      return null;
    }
  }

  private static Metadata readHast(ByteBuffer block) throws LayoutException {
    return fromPairs(NvList.parse(block.slice(0, BYTES)), false);
  }

  private static Metadata fromPairs(NvList list, boolean ours) throws LayoutException {
    var resource = list.string("resource");
    var prevRole = list.string("prevrole");
    if (resource == null || prevRole == null) {
      throw new LayoutException(
          "no metadata: the pair `"
              + (resource == null ? "resource" : "prevrole")
              + "` is missing");
    }
    long resuid = uint64(list, "resuid");
    long localcnt = uint64(list, "localcnt");
    long remotecnt = uint64(list, "remotecnt");
    var metadata =
        new Metadata(
            resource,
            uint64(list, "datasize"),
            uint32(list, "extentsize"),
            (int) uint32(list, "keepdirty"),
            uint64(list, "offset"),
            ours
                ? new Identity(
                    resuid,
                    localcnt,
                    remotecnt,
                    uint64(list, "generation"),
                    uint64(list, "alone") != 0,
                    history(list))
                : hastIdentity(resuid, localcnt, remotecnt),
            Role.ofWord(prevRole),
            ours ? DiskState.ofCode(uint64(list, "disk")) : DiskState.CONSISTENT,
            ours ? uint64(list, "sequence") : 0,
            ours ? times(list) : Times.UNKNOWN);
    checkSizes(metadata);
    return metadata;
  }

  /// A disk that hastd wrote holds data of a generation that only its counters tell.
  private static Identity hastIdentity(long resuid, long localcnt, long remotecnt) {
    return resuid == 0
        ? Identity.FRESH
        : new Identity(resuid, localcnt, remotecnt, Identity.HAST_GENERATION, false, List.of());
  }

  private static List<Long> history(NvList list) {
    var history = new ArrayList<Long>();
    for (int i = 0; i < Identity.HISTORY_MAX; i++) {
      var generation = list.number("history" + i, NvList.TYPE_UINT64);
      if (generation.isPresent()) {
        history.add(generation.getAsLong());
      }
    }
    return history;
  }

  private static Times times(NvList list) {
    return new Times(
        list.number("alonesince", NvList.TYPE_UINT64).orElse(0),
        list.number("lastwrite", NvList.TYPE_UINT64).orElse(0));
  }

  private static long uint64(NvList list, String name) throws LayoutException {
    return required(list.number(name, NvList.TYPE_UINT64), name);
  }

  private static long uint32(NvList list, String name) throws LayoutException {
    return required(list.number(name, NvList.TYPE_UINT32), name);
  }

  private static long required(OptionalLong value, String name) throws LayoutException {
    if (value.isEmpty()) {
      throw new LayoutException("no metadata: the pair `" + name + "` is missing");
    }
    return value.getAsLong();
  }

  /// What the original never checks (W8, W16, W18).
  private static void checkSizes(Metadata metadata) throws LayoutException {
    long extent = metadata.extentSizeBytes();
    if (extent < 512 || extent > 1 << 30 || Long.bitCount(extent) != 1) {
      throw new LayoutException(
          "the extent size is " + extent + ", allowed is a power of two from 512 to 1073741824");
    }
    if (metadata.dataSizeBytes() <= 0) {
      throw new LayoutException(
          "the data size is " + Long.toUnsignedString(metadata.dataSizeBytes()));
    }
    long mapBytes = (metadata.extentCount() + 7) / 8;
    if (metadata.offsetBytes() < BYTES + mapBytes || metadata.offsetBytes() % 512 != 0) {
      throw new LayoutException(
          "the data area starts at "
              + Long.toUnsignedString(metadata.offsetBytes())
              + ", but the activemap needs the bytes up to "
              + (BYTES + mapBytes));
    }
  }
}
