package carpool.replicator.offline;

import carpool.kit.config.HastResource;
import carpool.replicator.core.layout.LayoutException;
import carpool.replicator.core.layout.Metadata;
import carpool.replicator.core.layout.MetadataBlock;
import carpool.replicator.core.layout.ProviderLayout;
import carpool.replicator.engine.AttachedProvider;
import carpool.replicator.store.LocalProvider;
import carpool.replicator.store.ProviderException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/// `create` and `dump`: metadata of providers that no core runs on.
public final class Provisioning {
  /// The data area starts at a multiple of this, so that 4 KiB blocks of the device are 4 KiB
  /// blocks of the disk; hastctl would start it at any sector (hast.md 1.6).
  private static final int ALIGNMENT_BYTES = 4096;

  private Provisioning() {}

  /// Options of `create`; 0 means the default.
  public record Options(long extentSizeBytes, int keepdirty, long mediaSizeBytes, boolean force) {}

  /// A refusal to overwrite.
  public static final class OccupiedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean hasMetadata;

    OccupiedException(String message, boolean hasMetadata) {
      super(message);
      this.hasMetadata = hasMetadata;
    }

    /// True when it is metadata of a resource that stands in the way.
    public boolean hasMetadata() {
      return hasMetadata;
    }
  }

  /// What a provider holds.
  ///
  /// @param dirtyExtents extents marked in the activemap
  public record Dump(
      Metadata metadata, int validCopies, long dirtyExtents, List<String> warnings) {}

  /// Writes fresh metadata and an empty activemap, durably.
  ///
  /// @throws OccupiedException when something is there and `force` is not set
  public static Metadata create(HastResource resource, Options options)
      throws ProviderException, LayoutException, OccupiedException {
    try (var provider = LocalProvider.attach(Path.of(resource.local().path()))) {
      if (!options.force()) {
        refuseOccupied(provider);
      }
      var metadata =
          ProviderLayout.create(
              resource.name(),
              provider.sizeBytes(),
              provider.sectorBytes(),
              options.mediaSizeBytes(),
              options.extentSizeBytes(),
              options.keepdirty(),
              ALIGNMENT_BYTES);
      var block = MetadataBlock.whole(metadata);
      provider.zero(MetadataBlock.BYTES, metadata.mapSizeBytes(), false);
      provider.flush();
      provider.write(direct(block), 0);
      provider.flush();
      return metadata;
    }
  }

  private static void refuseOccupied(LocalProvider provider)
      throws ProviderException, OccupiedException {
    try {
      var found = AttachedProvider.load(provider).metadata();
      throw new OccupiedException(
          provider.path()
              + " holds the metadata of resource "
              + found.resource()
              + " ("
              + found.dataSizeBytes()
              + " bytes of data); --force overwrites it",
          true);
    } catch (LayoutException blank) {
      var foreign = provider.foreignContent();
      if (foreign.isPresent()) {
        throw new OccupiedException(
            provider.path() + " holds " + foreign.get() + "; --force overwrites it", false);
      }
    }
  }

  /// Reads the metadata; the provider may be in use.
  public static Dump dump(HastResource resource) throws ProviderException, LayoutException {
    try (var provider = LocalProvider.inspect(Path.of(resource.local().path()))) {
      var loaded = AttachedProvider.load(provider);
      var metadata = loaded.metadata();
      if (!metadata.resource().equals(resource.name())) {
        throw new LayoutException(
            "Provider "
                + resource.local().path()
                + " is not part of resource "
                + resource.name()
                + ".");
      }
      return new Dump(
          metadata,
          loaded.validCopies(),
          AttachedProvider.readMap(provider, metadata).count(),
          loaded.warnings());
    }
  }

  private static ByteBuffer direct(ByteBuffer bytes) {
    return ByteBuffer.allocateDirect(bytes.remaining()).put(bytes.duplicate()).flip();
  }
}
