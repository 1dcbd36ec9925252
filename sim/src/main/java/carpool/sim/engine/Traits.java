package carpool.sim.engine;

import carpool.replicator.core.ReplicationCore.Settings;
import carpool.replicator.core.ReplicationMode;
import carpool.replicator.engine.AttachedProvider;
import carpool.replicator.engine.ResourceEngine;
import carpool.replicator.engine.Slots;
import carpool.replicator.link.Checksum;
import carpool.replicator.link.Coding;
import carpool.replicator.link.Compression;
import carpool.replicator.offline.Provisioning;
import carpool.replicator.peer.session.PeerTimeouts;
import carpool.sim.VirtualTime;
import java.util.List;

/// What a world is like, drawn once from its seed.
final class Traits {
  private static final long SECOND = 1_000_000;
  private static final int TIMEOUT_SECONDS = 6;

  private final ReplicationMode mode;
  private final long sectors;
  private final boolean large;
  private final long extentBytes;
  private final int hotExtents;
  private final Coding coding;
  private final boolean slowNetwork;
  private final boolean corrupts;
  private final long syncRate;
  private final boolean blockDevice;
  private final boolean fallocateWorks;
  private final boolean awkward;
  private final int clientGap;
  private final boolean[] slowDisks;
  private final boolean bigSectors;
  private final long holdMicros;
  private final boolean verifies;

  Traits(VirtualTime time) {
    var random = time.random();
    mode =
        List.of(
                ReplicationMode.FULLSYNC,
                ReplicationMode.FULLSYNC,
                ReplicationMode.MEMSYNC,
                ReplicationMode.ASYNC)
            .get(random.nextInt(4));
    large = time.chance(1, 5);
    sectors = large ? 34_000 + random.nextInt(20_000) : 600 + random.nextInt(1200);
    // Half of the large devices have an activemap of several sectors.
    int exponent = large && time.chance(1, 2) ? 9 + random.nextInt(3) : 12 + random.nextInt(6);
    extentBytes = 1L << exponent;
    hotExtents = 1 << random.nextInt(7);
    slowNetwork = time.chance(1, 4);
    var checksum =
        List.of(Checksum.NONE, Checksum.CRC32C, Checksum.CRC32, Checksum.CRC32C)
            .get(random.nextInt(4));
    corrupts = checksum != Checksum.NONE && time.chance(1, 4);
    var packing =
        switch (random.nextInt(8)) {
          case 0 -> Compression.LZF;
          case 1, 2 -> Compression.LZ4;
          case 3, 4, 5 -> Compression.HOLE;
          default -> Compression.NONE;
        };
    coding = new Coding(checksum, packing, checksum);
    syncRate = time.chance(1, 4) ? 1 << 20 : Long.MAX_VALUE;
    blockDevice = !large && time.chance(1, 3);
    fallocateWorks = large || time.chance(4, 5);
    awkward = time.chance(1, 2);
    clientGap = 150_000 << random.nextInt(4);
    slowDisks = new boolean[] {time.chance(1, 8), time.chance(1, 8)};
    bigSectors = time.chance(1, 2);
    holdMicros = random.nextLong(4, 40) * SECOND;
    verifies = time.chance(1, 2);
  }

  long sectors() {
    return sectors;
  }

  long dataBytes() {
    return sectors * SimDisk.SECTOR_BYTES;
  }

  long extentBytes() {
    return extentBytes;
  }

  Windows windows() {
    return large ? new Windows(sectors, 5, 150) : new Windows(sectors, 1, (int) sectors);
  }

  boolean async() {
    return mode == ReplicationMode.ASYNC;
  }

  boolean memsync() {
    return mode == ReplicationMode.MEMSYNC;
  }

  Coding coding() {
    return coding;
  }

  boolean slowNetwork() {
    return slowNetwork;
  }

  /// Bits change on the way.
  boolean corrupts() {
    return corrupts;
  }

  long syncRate() {
    return syncRate;
  }

  boolean blockDevice() {
    return blockDevice;
  }

  boolean fallocateWorks() {
    return fallocateWorks;
  }

  /// System calls are interrupted and answer short.
  boolean awkward() {
    return awkward;
  }

  boolean slowDisk(int node) {
    return slowDisks[node];
  }

  /// The sectors of the disks are of 4096 bytes as far as metadata go.
  boolean bigSectors() {
    return bigSectors;
  }

  /// For how long after its last sign of life a process that was primary is followed by one that
  /// takes the role again.
  long holdMicros() {
    return holdMicros;
  }

  /// An operator has the copies compared now and then.
  boolean verifies() {
    return verifies;
  }

  long clientGapMicros(VirtualTime time) {
    return time.random().nextInt(2 * clientGap);
  }

  PeerTimeouts timeouts() {
    return new PeerTimeouts(SECOND * 1000, 3 * SECOND * 1000);
  }

  Settings settings(String name, AttachedProvider disk) {
    var metadata = disk.metadata();
    return new Settings(
        name,
        mode,
        true,
        metadata.dataSizeBytes(),
        metadata.extentSizeBytes(),
        hotExtents,
        ResourceEngine.CLIENT_SLOTS,
        ResourceEngine.SYNC_SLOTS,
        ResourceEngine.PEER_SLOTS,
        Slots.BYTES,
        name.equals("a") ? "b" : "a",
        4,
        TIMEOUT_SECONDS);
  }

  Provisioning.Options layout() {
    return new Provisioning.Options(
        extentBytes, 0, 0, dataBytes(), Provisioning.Overwrite.ANYTHING);
  }

  @Override
  public String toString() {
    return mode
        + " "
        + sectors
        + " sectors, extents of "
        + extentBytes
        + ", "
        + coding
        + (blockDevice ? ", block device" : ", file")
        + (bigSectors ? ", big sectors" : "");
  }
}
