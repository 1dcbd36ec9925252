package carpool.replicator.core.layout;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Identity;
import carpool.replicator.core.Role;

/// What the metadata area of a provider says (hast.md section 1.3 and docs/on-disk-format.md).
///
/// @param resource name in the configuration
/// @param dataSizeBytes usable bytes
/// @param extentSizeBytes bytes per bit of the activemap
/// @param keepdirty HAST's size of its list of warm extents
/// @param offsetBytes start of the data area in the provider
/// @param identity counters and generations
/// @param prevRole role when this was written
/// @param disk worth of the copy
/// @param sequence number of carpool writes of this block; 0 = written by hastd
/// @param times of the last writes, for operators
public record Metadata(
    String resource,
    long dataSizeBytes,
    long extentSizeBytes,
    int keepdirty,
    long offsetBytes,
    Identity identity,
    Role prevRole,
    DiskState disk,
    long sequence,
    Times times) {

  /// Size of the activemap region in bytes.
  public long mapSizeBytes() {
    return offsetBytes - MetadataBlock.BYTES;
  }

  /// Bytes of the activemap that stand for extents.
  public long usedMapBytes() {
    return (extentCount() + 7) / 8;
  }

  /// Number of extents.
  public long extentCount() {
    return (dataSizeBytes - 1) / extentSizeBytes + 1;
  }

  /// The same as a later version.
  public Metadata withSequence(long newSequence) {
    return new Metadata(
        resource,
        dataSizeBytes,
        extentSizeBytes,
        keepdirty,
        offsetBytes,
        identity,
        prevRole,
        disk,
        newSequence,
        times);
  }

  /// The next version of this block.
  public Metadata next(Role role, DiskState newDisk, Identity newIdentity, Times newTimes) {
    return new Metadata(
        resource,
        dataSizeBytes,
        extentSizeBytes,
        keepdirty,
        offsetBytes,
        newIdentity,
        role,
        newDisk,
        sequence + 1,
        newTimes);
  }
}
