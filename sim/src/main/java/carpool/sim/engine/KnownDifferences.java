package carpool.sim.engine;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Identity;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.layout.LayoutException;
import carpool.replicator.core.layout.Metadata;
import carpool.replicator.core.layout.MetadataBlock;
import carpool.sim.Violation;
import carpool.sim.replication.WholeCopy;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import org.jspecify.annotations.Nullable;

/// R3: what differs is known to a living node, or marked on the disk of one that does not live: a
/// living one goes by what it knows and not by its disk. Looked at after every end of a process.
final class KnownDifferences {
  private static final int SECTOR = SimDisk.SECTOR_BYTES;

  private final EngineWorld world;
  private final Losses losses;

  KnownDifferences(EngineWorld world, Losses losses) {
    this.world = world;
    this.losses = losses;
  }

  /// One copy, and how it is told what of it may differ.
  private record Copy(EngineNode node, SimDisk disk, Metadata metadata, Identity identity) {
    boolean mayDiffer(long sector) {
      long offset = sector * SECTOR;
      if (node.engine() != null) {
        return node.ask(core -> core.mayDiffer(offset, SECTOR), true);
      }
      long extent = offset / metadata.extentSizeBytes();
      long at = MetadataBlock.BYTES + extent / 8;
      var map = new byte[1];
      return !disk.read(at, map) || (map[0] & 1 << extent % 8) != 0;
    }
  }

  void check() {
    var first = copy(world.node(0));
    var second = copy(world.node(1));
    if (first == null || second == null || WholeCopy.due(first.identity, second.identity)) {
      return;
    }
    long begin = first.metadata.offsetBytes() / SECTOR;
    long sectors = world.traits().sectors();
    for (long sector = 0; sector < sectors; sector++) {
      if (!Checks.same(first.disk.visible(begin + sector), second.disk.visible(begin + sector))
          && !first.mayDiffer(sector)
          && !second.mayDiffer(sector)) {
        throw new Violation(
            "R3",
            "sector " + sector + " differs and nobody knows: " + first.node + " " + second.node);
      }
    }
  }

  /// Null when nothing on this disk is gone by: it is blank, or lost writes, and gets every block.
  private @Nullable Copy copy(EngineNode node) {
    if (losses.suspect(node) || losses.blank(node)) {
      return null;
    }
    var engine = node.engine();
    var disk = node.machine.disk();
    if (engine != null) {
      return node.disk() == DiskState.FAILED
          ? null
          : new Copy(
              node,
              disk,
              engine.disk().metadata(),
              node.ask(ReplicationCore::identity, Identity.FRESH));
    }
    var metadata = metadata(disk);
    return metadata == null || metadata.disk() == DiskState.FAILED
        ? null
        : new Copy(node, disk, metadata, metadata.identity());
  }

  private static @Nullable Metadata metadata(SimDisk disk) {
    var block = new byte[MetadataBlock.BYTES];
    if (!disk.read(0, block)) {
      return null; // the spare copy is looked for: `MetadataCrashTest`
    }
    try {
      var found =
          MetadataBlock.read(ByteBuffer.wrap(block), EnumSet.noneOf(MetadataBlock.Part.class));
      Metadata spare = null;
      if (found.spareOffset().isPresent()) {
        long at = found.spareOffset().getAsLong();
        var bytes = new byte[MetadataBlock.SPARE_BYTES];
        spare = disk.read(at, bytes) ? MetadataBlock.spare(ByteBuffer.wrap(bytes), at) : null;
      }
      return found.needsSearch() ? null : found.with(spare).metadata();
    } catch (LayoutException e) {
      return null;
    }
  }
}
