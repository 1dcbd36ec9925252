package carpool.replicator.offline;

import carpool.kit.config.HastResource;
import carpool.replicator.core.layout.LayoutException;
import carpool.replicator.core.layout.Metadata;
import carpool.replicator.core.layout.MetadataBlock;
import carpool.replicator.core.layout.ProviderLayout;
import carpool.replicator.engine.MetadataArea;
import carpool.replicator.store.LocalProvider;
import carpool.replicator.store.ProviderException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `create` and `dump`: metadata of providers that no core runs on.
public final class Provisioning {
  private Provisioning() {}

  /// Options of `create`; 0 means the default.
  ///
  /// @param dataSizeBytes usable bytes, to fit a peer that exists already
  public record Options(
      long extentSizeBytes,
      int keepdirty,
      long mediaSizeBytes,
      long dataSizeBytes,
      Overwrite overwrite) {}

  /// What `create` may overwrite.
  public enum Overwrite {
    /// A blank provider only.
    NOTHING,
    /// Metadata of the same resource too, as hastctl does: its copy is given up and is filled by
    /// the peer.
    OWN_METADATA,
    /// Whatever is there.
    ANYTHING
  }

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
  /// @param validCopies how many of carpool's copies are whole
  /// @param copies how many there can be
  /// @param dirtyExtents extents marked in the activemap
  public record Dump(
      Metadata metadata, int validCopies, int copies, long dirtyExtents, List<String> warnings) {}

  /// Writes fresh metadata and an empty activemap, durably. A crash on the way leaves either what
  /// was there, with its activemap, or the fresh metadata.
  ///
  /// @throws OccupiedException when something is there that may not be overwritten
  public static Metadata create(HastResource resource, Options options)
      throws ProviderException, LayoutException, OccupiedException {
    try (var provider = LocalProvider.attach(Path.of(resource.local().path()))) {
      return create(resource.name(), provider, options);
    }
  }

  public static Metadata create(String resource, LocalProvider provider, Options options)
      throws ProviderException, LayoutException, OccupiedException {
    if (options.overwrite() != Overwrite.ANYTHING) {
      refuseOccupied(provider, resource, options.overwrite());
    }
    var old = metadataOf(provider);
    var metadata =
        ProviderLayout.create(
                resource,
                provider.sizeBytes(),
                provider.sectorBytes(),
                new ProviderLayout.Request(
                    options.mediaSizeBytes(),
                    options.dataSizeBytes(),
                    options.extentSizeBytes(),
                    options.keepdirty()))
            .withSequence(old == null ? 1 : old.sequence() + 1);
    MetadataArea.write(provider, MetadataBlock.replacement(old, metadata));
    // Only now: the old metadata needed the old map. Fresh metadata need none, every block counts.
    long mapEnd =
        MetadataBlock.spareOffset(metadata).orElse(MetadataBlock.BYTES + metadata.mapSizeBytes());
    provider.zero(MetadataBlock.BYTES, mapEnd - MetadataBlock.BYTES, false);
    provider.flush();
    return metadata;
  }

  /// What is there and counts, or null.
  private static @Nullable Metadata metadataOf(LocalProvider provider) throws ProviderException {
    try {
      return MetadataArea.load(provider).metadata();
    } catch (LayoutException none) {
      return null;
    }
  }

  private static void refuseOccupied(LocalProvider provider, String resource, Overwrite overwrite)
      throws ProviderException, OccupiedException {
    try {
      var found = MetadataArea.load(provider).metadata();
      if (overwrite != Overwrite.OWN_METADATA || !found.resource().equals(resource)) {
        throw new OccupiedException(
            provider.path()
                + " holds the metadata of resource "
                + found.resource()
                + " ("
                + found.dataSizeBytes()
                + " bytes of data)",
            true);
      }
    } catch (LayoutException blank) {
      var foreign = provider.foreignContent();
      if (foreign.isPresent()) {
        throw new OccupiedException(provider.path() + " holds " + foreign.get(), false);
      }
    }
  }

  /// Reads the metadata; the provider may be in use.
  public static Dump dump(HastResource resource) throws ProviderException, LayoutException {
    try (var provider = LocalProvider.inspect(Path.of(resource.local().path()))) {
      var loaded = MetadataArea.load(provider);
      var metadata = loaded.metadata();
      if (!metadata.resource().equals(resource.name())) {
        throw new LayoutException(
            "Provider "
                + resource.local().path()
                + " is not part of resource "
                + resource.name()
                + ".");
      }
      var warnings = new ArrayList<>(loaded.warnings());
      long marked = MetadataArea.readMap(provider, metadata, warnings).count();
      return new Dump(metadata, loaded.validCopies(), loaded.copies(), marked, warnings);
    }
  }
}
