package carpool.replicator.status;

import carpool.replicator.resource.ResourceNode;

/// HAST's statistics of one resource (hast.md section 9), from 0 with the process.
public record ResourceStatistics(
    long reads,
    long writes,
    long deletes,
    long flushes,
    long mapUpdates,
    long readErrors,
    long writeErrors,
    long deleteErrors,
    long flushErrors,
    long readBytes,
    long writeBytes,
    long sentBytes,
    long receivedBytes,
    long remoteErrors,
    long checksumErrors,
    long reconnects) {

  /// Reads the counters.
  public static ResourceStatistics of(ResourceNode node) {
    var c = node.counters();
    return new ResourceStatistics(
        c.reads.sum(),
        c.writes.sum(),
        c.deletes.sum(),
        c.flushes.sum(),
        c.mapUpdates.sum(),
        c.readErrors.sum(),
        c.writeErrors.sum(),
        c.deleteErrors.sum(),
        c.flushErrors.sum(),
        c.readBytes.sum(),
        c.writeBytes.sum(),
        c.sentBytes.sum(),
        c.receivedBytes.sum(),
        c.remoteErrors.sum(),
        c.checksumErrors.sum(),
        c.reconnects.sum());
  }
}
