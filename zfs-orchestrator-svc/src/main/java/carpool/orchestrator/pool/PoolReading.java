package carpool.orchestrator.pool;

/// A pool at one moment.
///
/// @param here imported or mounted on this machine
/// @param health ONLINE, DEGRADED, FAULTED, SUSPENDED, or another word of zpool; empty when not
///   here
/// @param guid decimal; empty when not known
/// @param sizeBytes 0 when not known
/// @param mountpoint empty when there is none
public record PoolReading(
    boolean here, String health, String guid, long sizeBytes, long freeBytes, String mountpoint) {
  /// Health of a pool that is well, of which a dataset that should be mounted is not.
  public static final String UNMOUNTED = "UNMOUNTED";

  /// Not on this machine.
  public static final PoolReading ABSENT = new PoolReading(false, "", "", 0, 0, "");
}
