package carpool.replicator.core.layout;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Identity;
import carpool.replicator.core.Role;
import java.util.ArrayList;
import java.util.List;

/// Where things are on a provider that is created (hast.md section 1.5), with the checks that the
/// original lacks.
public final class ProviderLayout {
  /// `-e` of hastctl create, when it is not given.
  public static final long DEFAULT_EXTENT_BYTES = 2 << 20;

  /// `-k` of hastctl create, when it is not given.
  public static final int DEFAULT_KEEPDIRTY = 64;

  private ProviderLayout() {}

  /// What `create` is asked for; 0 means the default everywhere.
  ///
  /// @param mediaBytes `-m`; default all of the provider
  /// @param dataBytes usable bytes, to fit a peer that has been created already; default all that
  ///   is left
  /// @param extentBytes `-e`
  /// @param keepdirty `-k`
  public record Request(long mediaBytes, long dataBytes, long extentBytes, int keepdirty) {}

  /// How the areas are laid out.
  ///
  /// @param alignment the data area starts at a multiple of this
  /// @param spare there is room for the spare copy of the metadata
  private record Style(int alignment, boolean spare) {}

  private static final List<Style> STYLES =
      List.of(new Style(4096, true), new Style(4096, false), new Style(512, false));

  /// The metadata of a new provider: aligned, with a spare copy. Only when the asked for data size
  /// leaves no room for that, without.
  ///
  /// @param resource its name, at most 254 bytes
  /// @param providerBytes size of the provider
  /// @param sectorBytes its sector size; 512 for a regular file
  /// @throws LayoutException when a value is not allowed: what was found, what is allowed
  public static Metadata create(
      String resource, long providerBytes, int sectorBytes, Request request)
      throws LayoutException {
    var refused = new ArrayList<LayoutException>();
    for (var style : request.dataBytes == 0 ? STYLES.subList(0, 1) : STYLES) {
      try {
        return create(resource, providerBytes, sectorBytes, request, style);
      } catch (LayoutException e) {
        refused.add(e);
      }
    }
    throw refused.getLast();
  }

  /// The metadata that hastctl itself would make.
  ///
  /// @throws LayoutException as above
  static Metadata createAsHastctl(
      String resource, long providerBytes, int sectorBytes, Request request)
      throws LayoutException {
    return create(resource, providerBytes, sectorBytes, request, new Style(512, false));
  }

  private static Metadata create(
      String resource, long providerBytes, int sectorBytes, Request request, Style style)
      throws LayoutException {
    long media = request.mediaBytes == 0 ? providerBytes : request.mediaBytes;
    long extent = request.extentBytes == 0 ? DEFAULT_EXTENT_BYTES : request.extentBytes;
    int warm = request.keepdirty == 0 ? DEFAULT_KEEPDIRTY : request.keepdirty;
    if (media > providerBytes) {
      throw new LayoutException(
          "the media size " + media + " is larger than the provider (" + providerBytes + " bytes)");
    }
    if (media % sectorBytes != 0) {
      throw new LayoutException(
          "the media size " + media + " is not a multiple of the sector size " + sectorBytes);
    }
    if (Long.bitCount(extent) != 1 || extent < sectorBytes || extent > 1 << 30) {
      throw new LayoutException(
          "the extent size is "
              + extent
              + "; allowed is a power of two from the sector size ("
              + sectorBytes
              + ") to 1073741824");
    }
    long extents = (media - MetadataBlock.BYTES - 1) / extent + 1;
    long mapBytes = (extents + 7) / 8;
    MetadataBlock.checkMap(mapBytes, extent);
    long offset = offset(mapBytes, sectorBytes, style);
    long dataBytes = request.dataBytes == 0 ? media - offset : request.dataBytes;
    if (media <= MetadataBlock.BYTES || media - offset < sectorBytes) {
      throw new LayoutException(
          "the provider offers "
              + media
              + " bytes; metadata, activemap and one sector take "
              + (offset + sectorBytes));
    }
    if (dataBytes > media - offset || dataBytes % sectorBytes != 0) {
      throw new LayoutException(
          "the data size is "
              + dataBytes
              + "; allowed is a multiple of the sector size ("
              + sectorBytes
              + "), at most "
              + (media - offset));
    }
    if (warm < 2) {
      throw new LayoutException("keepdirty is " + warm + "; allowed is 2 or more");
    }
    return new Metadata(
        resource,
        dataBytes,
        extent,
        warm,
        offset,
        Identity.FRESH,
        Role.INIT,
        DiskState.CONSISTENT,
        1,
        Times.UNKNOWN);
  }

  private static long offset(long mapBytes, int sectorBytes, Style style) {
    long unit = Math.max(sectorBytes, style.alignment);
    long mapEnd = MetadataBlock.BYTES + roundUp(mapBytes, sectorBytes);
    long usedEnd = MetadataBlock.BYTES + roundUp(mapBytes, 512);
    long offset = roundUp(mapEnd, unit);
    return style.spare && offset - usedEnd < MetadataBlock.SPARE_BYTES ? offset + unit : offset;
  }

  private static long roundUp(long value, long unit) {
    return (value + unit - 1) / unit * unit;
  }
}
