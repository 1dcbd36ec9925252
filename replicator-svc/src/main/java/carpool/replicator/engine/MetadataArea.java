package carpool.replicator.engine;

import carpool.replicator.core.BlockSet;
import carpool.replicator.core.layout.LayoutException;
import carpool.replicator.core.layout.Metadata;
import carpool.replicator.core.layout.MetadataBlock;
import carpool.replicator.store.LocalProvider;
import carpool.replicator.store.ProviderException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads and writes metadata and activemap of a provider, part by part: a sector that cannot be
/// read costs that part only.
public final class MetadataArea {
  private static final int STEP_BYTES = 1 << 20;

  /// A spare copy is not looked for beyond this: the largest activemap ends before.
  private static final long SEARCH_BYTES = 33L << 20;

  private MetadataArea() {}

  /// Reads the metadata.
  ///
  /// @throws LayoutException when there is none, or none that can be used
  public static MetadataBlock.Loaded load(LocalProvider provider)
      throws ProviderException, LayoutException {
    if (provider.sizeBytes() < MetadataBlock.BYTES) {
      throw LayoutException.missing("no metadata of carpool, it is too small").on(provider.path());
    }
    var block = ByteBuffer.allocateDirect(MetadataBlock.BYTES);
    var unreadable = EnumSet.noneOf(MetadataBlock.Part.class);
    @Nullable ProviderException refusal = null;
    for (var part : MetadataBlock.Part.values()) {
      try {
        provider.read(block.slice(part.offsetBytes(), part.bytes()), part.offsetBytes());
      } catch (ProviderException e) {
        refusal = e;
        unreadable.add(part);
      }
    }
    var found = MetadataBlock.read(block, unreadable);
    var problems = new ArrayList<String>();
    try {
      var loaded = found.with(spare(provider, found, problems));
      problems.addAll(0, loaded.warnings());
      return new MetadataBlock.Loaded(
          loaded.metadata(), loaded.validCopies(), loaded.copies(), problems);
    } catch (LayoutException e) {
      if (refusal != null) {
        throw refusal;
      }
      throw e.on(provider.path());
    }
  }

  private static @Nullable Metadata spare(
      LocalProvider provider, MetadataBlock.Found found, List<String> problems) {
    if (found.needsSearch()) {
      return search(provider);
    }
    var offset = found.spareOffset();
    return offset.isPresent()
        ? spareAt(provider, offset.getAsLong(), spareBuffer(), problems)
        : null;
  }

  private static ByteBuffer spareBuffer() {
    return ByteBuffer.allocateDirect(MetadataBlock.SPARE_BYTES);
  }

  private static @Nullable Metadata spareAt(
      LocalProvider provider, long offset, ByteBuffer bytes, List<String> problems) {
    if (offset + MetadataBlock.SPARE_BYTES > provider.sizeBytes()) {
      return null;
    }
    try {
      provider.read(bytes.clear(), offset);
    } catch (ProviderException e) {
      problems.add("the spare copy of the metadata cannot be read: " + e.getMessage());
      return null;
    }
    return MetadataBlock.spare(bytes.flip(), offset);
  }

  /// The newest spare copy that stands where it says that it stands.
  private static @Nullable Metadata search(LocalProvider provider) {
    @Nullable Metadata best = null;
    var unreadable = new ArrayList<String>(); // may be anything
    var bytes = spareBuffer(); // tens of thousands of them would have to be freed
    long end = Math.min(SEARCH_BYTES, provider.sizeBytes());
    for (long at = MetadataBlock.BYTES; at + MetadataBlock.SPARE_BYTES <= end; at += 512) {
      var spare = spareAt(provider, at, bytes, unreadable);
      if (spare != null && (best == null || spare.sequence() > best.sequence())) {
        best = spare;
      }
    }
    return best;
  }

  /// Writes one after the other, each durably.
  public static void write(LocalProvider provider, List<MetadataBlock.Write> writes)
      throws ProviderException {
    for (var write : writes) {
      provider.write(direct(write.bytes()), write.offsetBytes());
      provider.flush();
    }
  }

  /// Puts what only the spare copy tells into the block. A power cut tore the block, or came before
  /// it was written; the next update begins with the spare copy, and another power cut at that
  /// moment would leave an older version, or none.
  static void completeUpdate(LocalProvider provider, Metadata metadata)
      throws ProviderException, LayoutException {
    var spare = MetadataBlock.inSpare(metadata);
    if (spare.isPresent()
        && isThere(provider, spare.get())
        && !isThere(provider, MetadataBlock.inBlock(metadata))) {
      write(provider, List.of(new MetadataBlock.Write(0, MetadataBlock.whole(metadata))));
    }
  }

  private static boolean isThere(LocalProvider provider, MetadataBlock.Write write) {
    var bytes = ByteBuffer.allocateDirect(write.bytes().remaining());
    try {
      provider.read(bytes, write.offsetBytes());
    } catch (ProviderException _) {
      return false; // unreadable: torn
    }
    return bytes.flip().equals(write.bytes());
  }

  static ByteBuffer direct(ByteBuffer bytes) {
    return ByteBuffer.allocateDirect(bytes.remaining()).put(bytes.duplicate()).flip();
  }

  /// The marked extents. Where the map cannot be read every extent counts as marked: what is copied
  /// without need costs time, what is not copied costs data.
  ///
  /// @param warnings gets a sentence for each part that cannot be read
  public static BlockSet readMap(LocalProvider provider, Metadata metadata, List<String> warnings) {
    var marked = new BlockSet(metadata.extentCount());
    long bytes = metadata.usedMapBytes();
    for (long at = 0; at < bytes; at += STEP_BYTES) {
      int length = (int) Math.min(STEP_BYTES, bytes - at);
      var part = ByteBuffer.allocateDirect(length);
      try {
        provider.read(part, MetadataBlock.BYTES + at);
        mark(marked, part.flip(), at);
      } catch (ProviderException e) {
        readSectors(provider, marked, at, length, warnings);
      }
    }
    return marked;
  }

  /// Marks every extent, durably.
  static void markAll(LocalProvider provider, Metadata metadata) throws ProviderException {
    long extents = metadata.extentCount();
    long bytes = metadata.usedMapBytes();
    for (long at = 0; at < bytes; at += STEP_BYTES) {
      int length = (int) Math.min(STEP_BYTES, bytes - at);
      var part = ByteBuffer.allocateDirect(length);
      for (long first = at * 8; part.hasRemaining(); first += 8) {
        long left = Math.clamp(extents - first, 0, 8);
        part.put((byte) ((1 << left) - 1));
      }
      provider.write(part.flip(), MetadataBlock.BYTES + at);
    }
    provider.flush();
  }

  private static void readSectors(
      LocalProvider provider, BlockSet marked, long from, int bytes, List<String> warnings) {
    for (long at = from; at < from + bytes; at += 512) {
      int length = (int) Math.min(512, from + bytes - at);
      var sector = ByteBuffer.allocateDirect(length);
      try {
        provider.read(sector, MetadataBlock.BYTES + at);
        sector.flip();
      } catch (ProviderException e) {
        warnings.add(
            "the activemap cannot be read at "
                + (MetadataBlock.BYTES + at)
                + " ("
                + e.getMessage()
                + "); its extents count as changed");
        sector.clear();
        while (sector.hasRemaining()) {
          sector.put((byte) 0xff);
        }
        sector.flip();
      }
      mark(marked, sector, at);
    }
  }

  private static void mark(BlockSet marked, ByteBuffer map, long mapOffset) {
    for (int i = 0; i < map.remaining(); i++) {
      int bits = map.get(i);
      for (int bit = 0; bits != 0 && bit < 8; bit++) {
        long extent = (mapOffset + i) * 8 + bit;
        if ((bits & 1 << bit) != 0 && extent < marked.size()) {
          marked.add(extent);
        }
      }
    }
  }
}
