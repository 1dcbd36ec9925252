package carpool.replicator.core.layout;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Identity;
import carpool.replicator.core.Role;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// Where the metadata of a provider is, and what it says.
///
/// The first 4096 bytes are the block:
///
/// | bytes | content |
/// |---|---|
/// | 0 – 1023 | HAST's list of name-value pairs, as hastd writes it, then zeroes |
/// | 1024 – 2559 | carpool's copy A (even sequence numbers) |
/// | 2560 – 4095 | carpool's copy B (odd sequence numbers) |
///
/// hastd stops reading at the first zero after its pairs, so it never sees the copies; when it
/// writes the block it zeroes them, and so a valid copy in the block means that carpool wrote last.
///
/// A disk may write 4096 bytes as one sector, and lose them as one. So where there is room between
/// the activemap and the data (`create` leaves some), a spare copy stands in the last
/// [#SPARE_BYTES] before the data. It counts beside a block that carpool wrote last, or in the
/// place of a block that cannot be read.
///
/// A copy is:
///
/// | bytes | content |
/// |---|---|
/// | 8 | `CARPOOL1` |
/// | 4 | CRC-32C of all that follows, little endian |
/// | 4 | length of the list in bytes, little endian |
/// | n | list of pairs (`NvList`): the nine of HAST and carpool's own |
///
/// An update writes the spare copy, makes it durable, then writes the whole block. Where there is
/// no spare copy it writes the copy that is older, makes it durable, then writes HAST's list.
/// Whatever tears, the old or the new version is whole (W7).
public final class MetadataBlock {
  /// Size of the block, and start of the activemap.
  public static final int BYTES = 4096;

  /// Size of the spare copy, which ends where the data begins.
  public static final int SPARE_BYTES = 2048;

  /// Largest activemap: it is held in memory and written at once when every block differs.
  static final long MAP_BYTES_MAX = 32 << 20;

  private static final int HAST_BYTES = 1024;
  private static final int COPY_BYTES = 1536;
  private static final int COPY_HEADER_BYTES = 16;
  private static final long MAGIC = 0x314c4f4f50524143L; // "CARPOOL1" read little endian

  private MetadataBlock() {}

  /// The parts of the block, which may be read one by one.
  public enum Part {
    HAST_LIST(0, HAST_BYTES, "HAST's part of the metadata"),
    COPY_A(HAST_BYTES, COPY_BYTES, "carpool's copy A of the metadata"),
    COPY_B(HAST_BYTES + COPY_BYTES, COPY_BYTES, "carpool's copy B of the metadata");

    private final int offsetBytes;
    private final int bytes;
    private final String title;

    Part(int offsetBytes, int bytes, String title) {
      this.offsetBytes = offsetBytes;
      this.bytes = bytes;
      this.title = title;
    }

    /// Where it starts in the block.
    public int offsetBytes() {
      return offsetBytes;
    }

    /// How long it is.
    public int bytes() {
      return bytes;
    }
  }

  /// A run of bytes to be written at an offset of the provider.
  public record Write(long offsetBytes, ByteBuffer bytes) {}

  /// What was read.
  ///
  /// @param validCopies how many of carpool's copies are whole
  /// @param copies how many there can be: 2, or 3 with a spare copy
  /// @param warnings sentences for an operator: what was damaged
  public record Loaded(Metadata metadata, int validCopies, int copies, List<String> warnings) {}

  /// Where the spare copy of a provider is; empty when there is no room for one.
  public static OptionalLong spareOffset(Metadata metadata) {
    long offset = metadata.offsetBytes() - SPARE_BYTES;
    long mapEnd = BYTES + (metadata.usedMapBytes() + 511) / 512 * 512;
    return offset >= mapEnd && offset % 512 == 0 ? OptionalLong.of(offset) : OptionalLong.empty();
  }

  /// The writes that put `next` in the place of `previous`, in order; each must be durable before
  /// the next starts.
  ///
  /// @throws LayoutException when the names are too long for the block
  public static List<Write> updates(Metadata previous, Metadata next) throws LayoutException {
    var writes = new ArrayList<Write>();
    var spare = spareOffset(next);
    if (spare.isEmpty()) {
      writes.add(new Write(copyOffset(next.sequence()), copy(next)));
      writes.add(new Write(0, hastList(next)));
      return writes;
    }
    writes.add(new Write(spare.getAsLong(), spare(next)));
    var block = whole(next);
    if (previous.sequence() > 0 && (previous.sequence() & 1) != (next.sequence() & 1)) {
      block.put(copyOffset(previous.sequence()), copy(previous), 0, COPY_BYTES);
    }
    writes.add(new Write(0, block));
    return writes;
  }

  /// What `metadata` itself looks like in the block.
  ///
  /// @throws LayoutException when the names are too long for the block
  public static Write inBlock(Metadata metadata) throws LayoutException {
    return new Write(copyOffset(metadata.sequence()), copy(metadata));
  }

  /// What `metadata` itself looks like in the spare copy; empty when there is no room for one.
  ///
  /// @throws LayoutException when the names are too long for the block
  public static Optional<Write> inSpare(Metadata metadata) throws LayoutException {
    var spare = spareOffset(metadata);
    return spare.isPresent()
        ? Optional.of(new Write(spare.getAsLong(), copy(metadata)))
        : Optional.empty();
  }

  /// The block with `metadata` as its only version.
  ///
  /// @throws LayoutException when the names are too long for the block
  public static ByteBuffer whole(Metadata metadata) throws LayoutException {
    return ByteBuffer.allocate(BYTES)
        .put(0, hastList(metadata), 0, HAST_BYTES)
        .put(copyOffset(metadata.sequence()), copy(metadata), 0, COPY_BYTES);
  }

  /// The writes that make `metadata` the only version of a provider which has that of `old`, in
  /// order; each must be durable before the next starts. Until the last of those that write the
  /// block is durable, `old` and its activemap are as they were.
  ///
  /// @param old what is there; null when there is nothing that counts
  /// @throws LayoutException when the names are too long for the block
  public static List<Write> replacement(@Nullable Metadata old, Metadata metadata)
      throws LayoutException {
    var writes = new ArrayList<Write>();
    var spare = spareOffset(metadata);
    if (old != null && spareOffset(old).equals(spare)) {
      writes.addAll(updates(old, metadata));
      writes.add(new Write(0, whole(metadata)));
      return writes;
    }
    if (old == null) {
      spare.ifPresent(at -> writes.add(new Write(at, ByteBuffer.allocate(SPARE_BYTES))));
      writes.add(new Write(0, whole(metadata)));
    } else {
      // Where the new spare copy goes there may be data of the old version.
      writes.add(new Write(copyOffset(metadata.sequence()), copy(metadata)));
      writes.add(new Write(0, hastList(metadata)));
      writes.add(new Write(0, whole(metadata)));
      spareOffset(old).ifPresent(at -> writes.add(new Write(at, ByteBuffer.allocate(SPARE_BYTES))));
    }
    if (spare.isPresent()) {
      writes.add(new Write(spare.getAsLong(), spare(metadata)));
    }
    return writes;
  }

  private static int copyOffset(long sequence) {
    return HAST_BYTES + (int) (sequence & 1) * COPY_BYTES;
  }

  private static ByteBuffer spare(Metadata metadata) throws LayoutException {
    return ByteBuffer.allocate(SPARE_BYTES).put(0, copy(metadata), 0, COPY_BYTES);
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

  /// Reads a block on its own.
  ///
  /// @param block [#BYTES] bytes from its position
  /// @throws LayoutException when it holds no usable metadata at all
  public static Loaded load(ByteBuffer block) throws LayoutException {
    return read(block, Set.of()).alone();
  }

  /// Reads a block, of which some parts may be missing.
  ///
  /// @param block [#BYTES] bytes from its position
  /// @param unreadable parts that the disk refused
  public static Found read(ByteBuffer block, Set<Part> unreadable) {
    var bytes = block.slice().order(ByteOrder.LITTLE_ENDIAN);
    var warnings = new ArrayList<String>();
    unreadable.forEach(part -> warnings.add(part.title + " cannot be read"));
    boolean damaged = !unreadable.isEmpty();
    @Nullable Metadata best = null;
    int valid = 0;
    for (var part : new Part[] {Part.COPY_A, Part.COPY_B}) {
      if (unreadable.contains(part)) {
        continue;
      }
      var slice = bytes.slice(part.offsetBytes, COPY_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      if (slice.getLong(0) != MAGIC) {
        continue;
      }
      try {
        var copy = readCopy(slice);
        valid++;
        if (best == null || copy.sequence() > best.sequence()) {
          best = copy;
        }
      } catch (LayoutException e) {
        damaged = true;
        warnings.add(part.title + " is damaged (" + e.getMessage() + ")");
      }
    }
    @Nullable Metadata hast = null;
    var problem = LayoutException.missing("no metadata of carpool");
    try {
      hast = unreadable.contains(Part.HAST_LIST) ? null : readHast(bytes);
    } catch (LayoutException e) {
      problem = e;
    }
    return new Found(best, hast, problem, valid, damaged, warnings);
  }

  /// What a block says, before the spare copy is looked at.
  public static final class Found {
    private final @Nullable Metadata copy;
    private final @Nullable Metadata hast;
    private final LayoutException problem;
    private final int validCopies;
    private final boolean damaged;
    private final List<String> warnings;

    private Found(
        @Nullable Metadata copy,
        @Nullable Metadata hast,
        LayoutException problem,
        int validCopies,
        boolean damaged,
        List<String> warnings) {
      this.copy = copy;
      this.hast = hast;
      this.problem = problem;
      this.validCopies = validCopies;
      this.damaged = damaged;
      this.warnings = warnings;
    }

    /// Where the spare copy should be; empty when there is none, or nothing tells.
    public OptionalLong spareOffset() {
      var known = copy != null ? copy : hast;
      return known == null ? OptionalLong.empty() : MetadataBlock.spareOffset(known);
    }

    /// True when nothing but a spare copy, wherever it is, can tell what was on the provider.
    public boolean needsSearch() {
      return copy == null && hast == null && damaged;
    }

    /// Takes the spare copy into account.
    ///
    /// @param spare null when there is none, or it is not whole
    /// @throws LayoutException when there is no usable metadata at all
    public Loaded with(@Nullable Metadata spare) throws LayoutException {
      if (spare == null || !counts(spare)) {
        return alone();
      }
      var all = new ArrayList<>(warnings);
      if (copy == null
          || spare.sequence() > copy.sequence()
          || (spare.sequence() == copy.sequence() && spare.disk() == DiskState.FAILED)) {
        if (copy == null) {
          all.add("the spare copy of the metadata is used; the next write repairs the others");
        }
        return new Loaded(spare, validCopies + 1, 3, all);
      }
      var loaded = alone();
      boolean current = copy.sequence() == spare.sequence();
      return new Loaded(loaded.metadata, validCopies + (current ? 1 : 0), 3, loaded.warnings);
    }

    /// A spare copy counts unless somebody else wrote the block after it.
    private boolean counts(Metadata spare) {
      if (copy != null) {
        return copy.resource().equals(spare.resource())
            && copy.offsetBytes() == spare.offsetBytes();
      }
      return damaged && (hast == null || sameForHast(hast, spare));
    }

    private static boolean sameForHast(Metadata hast, Metadata spare) {
      var mine = spare.identity();
      var his = hast.identity();
      return hast.resource().equals(spare.resource())
          && hast.offsetBytes() == spare.offsetBytes()
          && hast.dataSizeBytes() == spare.dataSizeBytes()
          && hast.prevRole() == spare.prevRole()
          && his.resuid() == mine.resuid()
          && (his.resuid() == 0
              || (his.localcnt() == mine.localcnt() && his.remotecnt() == mine.remotecnt()));
    }

    private Loaded alone() throws LayoutException {
      int copies = spareOffset().isPresent() ? 3 : 2;
      if (copy == null) {
        if (hast == null) {
          throw problem;
        }
        return new Loaded(hast, validCopies, copies, warnings);
      }
      var all = new ArrayList<>(warnings);
      if (hast == null) {
        all.add(
            Part.HAST_LIST.title
                + " is damaged ("
                + problem.getMessage()
                + "); carpool's copy is used and repairs it at the next write");
      } else if (!hast.resource().equals(copy.resource())
          || hast.offsetBytes() != copy.offsetBytes()) {
        all.add("HAST's part of the metadata disagrees with carpool's copy, which is used");
      }
      return new Loaded(copy, validCopies, copies, all);
    }
  }

  /// Reads what may be a spare copy.
  ///
  /// @param bytes [#SPARE_BYTES] from its position
  /// @param offsetBytes where they are in the provider
  /// @return null when they are no whole copy, or one that belongs elsewhere
  public static @Nullable Metadata spare(ByteBuffer bytes, long offsetBytes) {
    var slice = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
    if (slice.getLong(0) != MAGIC) {
      return null;
    }
    try {
      var metadata = readCopy(slice.slice(0, COPY_BYTES).order(ByteOrder.LITTLE_ENDIAN));
      var place = spareOffset(metadata);
      return place.isPresent() && place.getAsLong() == offsetBytes ? metadata : null;
    } catch (LayoutException damaged) {
      return null;
    }
  }

  private static Metadata readCopy(ByteBuffer copy) throws LayoutException {
    int length = copy.getInt(12);
    if (copy.getInt(8) != checksum(copy) || length < 0 || length > COPY_BYTES - COPY_HEADER_BYTES) {
      throw new LayoutException("checksum");
    }
    try {
      return fromPairs(NvList.parse(copy.slice(COPY_HEADER_BYTES, length)), true);
    } catch (IllegalArgumentException damaged) {
      throw new LayoutException(String.valueOf(damaged.getMessage()));
    }
  }

  private static Metadata readHast(ByteBuffer block) throws LayoutException {
    return fromPairs(NvList.parse(block.slice(0, BYTES)), false);
  }

  private static Metadata fromPairs(NvList list, boolean ours) throws LayoutException {
    var resource = list.string("resource");
    var prevRole = list.string("prevrole");
    if (resource == null) {
      throw LayoutException.missing("no metadata of carpool");
    }
    if (prevRole == null) {
      throw new LayoutException("the metadata is damaged: the pair `prevrole` is missing");
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
      throw new LayoutException("the metadata is damaged: the pair `" + name + "` is missing");
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
    if (metadata.offsetBytes() < 0
        || metadata.offsetBytes() > Long.MAX_VALUE - metadata.dataSizeBytes()) {
      throw new LayoutException(
          "the data area is said to start at "
              + Long.toUnsignedString(metadata.offsetBytes())
              + " and to have "
              + metadata.dataSizeBytes()
              + " bytes, which no provider has");
    }
    long mapBytes = metadata.usedMapBytes();
    checkMap(mapBytes, metadata.extentSizeBytes());
    if (metadata.offsetBytes() < BYTES + mapBytes || metadata.offsetBytes() % 512 != 0) {
      throw new LayoutException(
          "the data area starts at "
              + metadata.offsetBytes()
              + ", but the activemap needs the bytes up to "
              + (BYTES + mapBytes));
    }
  }

  static void checkMap(long mapBytes, long extentBytes) throws LayoutException {
    if (mapBytes > MAP_BYTES_MAX) {
      throw new LayoutException(
          "with extents of "
              + extentBytes
              + " bytes the activemap takes "
              + mapBytes
              + " bytes, allowed are "
              + MAP_BYTES_MAX
              + ": create it with larger extents");
    }
  }
}
