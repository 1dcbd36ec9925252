package carpool.replicator.core.layout;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Identity;
import carpool.replicator.core.Role;

/// Where things are on a provider that is created (hast.md section 1.5), with the checks that the
/// original lacks.
public final class ProviderLayout {
  /// `-e` of hastctl create, when it is not given.
  public static final long DEFAULT_EXTENT_BYTES = 2 << 20;

  /// `-k` of hastctl create, when it is not given.
  public static final int DEFAULT_KEEPDIRTY = 64;

  private ProviderLayout() {}

  /// The metadata of a new provider.
  ///
  /// @param resource its name, at most 254 bytes
  /// @param providerBytes size of the provider
  /// @param sectorBytes its sector size; 512 for a regular file
  /// @param mediaBytes `-m`; 0 = all of the provider
  /// @param extentBytes `-e`; 0 = default
  /// @param keepdirty `-k`; 0 = default
  /// @param alignment the data area starts at a multiple of this; 512 gives hastctl's own layout
  /// @throws LayoutException when a value is not allowed: what was found, what is allowed
  public static Metadata create(
      String resource,
      long providerBytes,
      int sectorBytes,
      long mediaBytes,
      long extentBytes,
      int keepdirty,
      int alignment)
      throws LayoutException {
    long media = mediaBytes == 0 ? providerBytes : mediaBytes;
    long extent = extentBytes == 0 ? DEFAULT_EXTENT_BYTES : extentBytes;
    int warm = keepdirty == 0 ? DEFAULT_KEEPDIRTY : keepdirty;
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
    long unit = Math.max(sectorBytes, alignment);
    long mapBytes = (extents + 7) / 8;
    long offset = roundUp(MetadataBlock.BYTES + roundUp(mapBytes, sectorBytes), unit);
    long dataBytes = media - offset;
    if (media <= MetadataBlock.BYTES || dataBytes < sectorBytes) {
      throw new LayoutException(
          "the provider offers "
              + media
              + " bytes; metadata, activemap and one sector take "
              + (offset + sectorBytes));
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

  private static long roundUp(long value, long unit) {
    return (value + unit - 1) / unit * unit;
  }
}
