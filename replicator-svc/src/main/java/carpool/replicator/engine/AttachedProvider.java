package carpool.replicator.engine;

import carpool.replicator.core.BlockSet;
import carpool.replicator.core.DiskState;
import carpool.replicator.core.Effects.MapPart;
import carpool.replicator.core.Identity;
import carpool.replicator.core.Role;
import carpool.replicator.core.layout.LayoutException;
import carpool.replicator.core.layout.Metadata;
import carpool.replicator.core.layout.MetadataBlock;
import carpool.replicator.core.layout.Times;
import carpool.replicator.store.LocalProvider;
import carpool.replicator.store.ProviderException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/// An attached provider: its metadata, its activemap, its data area. Metadata and map are written
/// by one thread at a time (the journal).
public final class AttachedProvider implements AutoCloseable {
  private final LocalProvider provider;
  private final int validCopies;
  private final List<String> warnings;
  private volatile Metadata metadata;
  private volatile boolean mapFlushed = true;

  private AttachedProvider(LocalProvider provider, MetadataBlock.Loaded loaded) {
    this.provider = provider;
    this.metadata = loaded.metadata();
    this.validCopies = loaded.validCopies();
    this.warnings = loaded.warnings();
  }

  /// Attaches with the exclusive lock and reads the metadata.
  ///
  /// @throws LayoutException when there is none, or that of another resource
  public static AttachedProvider open(String resource, Path path)
      throws ProviderException, LayoutException {
    var provider = LocalProvider.attach(path);
    boolean complete = false;
    try {
      var loaded = load(provider);
      var metadata = loaded.metadata();
      if (!metadata.resource().equals(resource)) {
        throw new LayoutException(
            "Provider " + path + " is not part of resource " + resource + ".");
      }
      if (metadata.offsetBytes() + metadata.dataSizeBytes() > provider.sizeBytes()) {
        throw new LayoutException(
            path
                + " has "
                + provider.sizeBytes()
                + " bytes, but its metadata says that the data ends at "
                + (metadata.offsetBytes() + metadata.dataSizeBytes()));
      }
      complete = true;
      return new AttachedProvider(provider, loaded);
    } finally {
      if (!complete) {
        provider.close();
      }
    }
  }

  /// Reads the metadata of a provider.
  public static MetadataBlock.Loaded load(LocalProvider provider)
      throws ProviderException, LayoutException {
    if (provider.sizeBytes() < MetadataBlock.BYTES) {
      throw new LayoutException(provider.path() + " is too small to hold metadata");
    }
    var block = ByteBuffer.allocateDirect(MetadataBlock.BYTES);
    provider.read(block, 0);
    return MetadataBlock.load(block.flip());
  }

  public Metadata metadata() {
    return metadata;
  }

  int validCopies() {
    return validCopies;
  }

  public List<String> warnings() {
    return warnings;
  }

  LocalProvider provider() {
    return provider;
  }

  /// The marked extents.
  public BlockSet readMap() throws ProviderException {
    return readMap(provider, metadata);
  }

  public static BlockSet readMap(LocalProvider provider, Metadata metadata)
      throws ProviderException {
    var marked = new BlockSet(metadata.extentCount());
    var bytes = ByteBuffer.allocateDirect(Math.toIntExact((metadata.extentCount() + 7) / 8));
    provider.read(bytes, MetadataBlock.BYTES);
    for (long extent = 0; extent < metadata.extentCount(); extent++) {
      if ((bytes.get((int) (extent >>> 3)) & 1 << (extent & 7)) != 0) {
        marked.add(extent);
      }
    }
    return marked;
  }

  /// Writes the next version of the metadata durably.
  void writeMetadata(Role role, DiskState disk, Identity identity, Times times)
      throws ProviderException, LayoutException {
    write(metadata.next(role, disk, identity, times));
  }

  /// Writes the metadata again, with other times.
  void writeTimes(Times times) throws ProviderException, LayoutException {
    write(metadata.next(metadata.prevRole(), metadata.disk(), metadata.identity(), times));
  }

  private void write(Metadata next) throws ProviderException, LayoutException {
    for (var part : MetadataBlock.updates(next)) {
      var direct = ByteBuffer.allocateDirect(part.bytes().remaining());
      direct.put(part.bytes()).flip();
      provider.write(direct, part.offsetBytes());
      provider.flush();
    }
    metadata = next;
  }

  /// `metaflush off` of hast.conf: the map is not flushed after each update. A power cut may then
  /// lose marks of blocks that differ; the metadata themselves are flushed always.
  public void flushMap(boolean flush) {
    mapFlushed = flush;
  }

  /// Writes parts of the map durably.
  void writeMap(List<MapPart> parts) throws ProviderException {
    for (var part : parts) {
      long room = metadata.mapSizeBytes() - part.offsetBytes();
      var image = part.image();
      var direct = ByteBuffer.allocateDirect((int) Math.min(image.remaining(), room));
      direct.put(image.slice(image.position(), direct.capacity())).flip();
      provider.write(direct, MetadataBlock.BYTES + part.offsetBytes());
    }
    if (mapFlushed) {
      provider.flush();
    }
  }

  @Override
  public void close() throws ProviderException {
    provider.close();
  }
}
