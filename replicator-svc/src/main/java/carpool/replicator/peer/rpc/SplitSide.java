package carpool.replicator.peer.rpc;

import carpool.kit.config.ReplicatorSettings.SplitBrainPolicy;
import carpool.peer.v1.Hello;
import carpool.replicator.core.BlockSet;
import carpool.replicator.core.DiskState;
import carpool.replicator.core.Identity;
import carpool.replicator.core.Role;

/// What one side of a split brain has, as it told in its hello.
///
/// @param differentBytes that this side knows to differ: what it wrote alone, in blocks of 64 KiB
/// @param differentExtents extents of the activemap that these lie in
/// @param sinceUnixMillis when it went on alone; 0 = unknown
/// @param lastWriteUnixMillis of its clients; 0 = unknown
public record SplitSide(
    String node,
    Role role,
    DiskState disk,
    Identity identity,
    long differentBytes,
    long differentExtents,
    long sinceUnixMillis,
    long lastWriteUnixMillis) {
  private static final long BLOCK_BYTES = 64 << 10;

  static SplitSide of(Hello hello, BlockSet different, long extentSizeBytes) {
    var extents = new BlockSet(different.size() * BLOCK_BYTES / extentSizeBytes + 1);
    different.forEach(block -> extents.add(block * BLOCK_BYTES / extentSizeBytes));
    return new SplitSide(
        hello.getNode(),
        ProtoMapper.role(hello.getRole()),
        ProtoMapper.disk(hello.getDisk()),
        ProtoMapper.identity(hello.getIdentity()),
        different.count() * BLOCK_BYTES,
        extents.count(),
        hello.getAloneSinceUnixMillis(),
        hello.getLastWriteUnixMillis());
  }

  /// Whether `split-brain` of carpool.yaml lets this side give way to the other. Both sides compute
  /// it from the same two hellos, so at most one of them does. Equal or unknown: neither.
  boolean givesWay(SplitBrainPolicy policy, SplitSide other) {
    if (identity.resuid() != other.identity.resuid()) {
      // One of them never was part of this pair: a disk that was just created, and served.
      return false;
    }
    return switch (policy) {
      case NONE -> false;
      case KEEP_MORE_CHANGES -> differentBytes < other.differentBytes;
      case KEEP_LATEST_WRITE ->
          lastWriteUnixMillis != 0 && lastWriteUnixMillis < other.lastWriteUnixMillis;
    };
  }
}
