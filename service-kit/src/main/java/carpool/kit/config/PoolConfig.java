package carpool.kit.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// One entry of `pools:`.
///
/// @param follows name of the election group whose MASTER serves the pool
/// @param resources names of hast.conf resources, in order; exactly one for a file system
/// @param mountpoint file systems: where it is mounted; pools: where the pool's root goes, if given
/// @param fsck file systems: command that checks it before mounting, the device is appended; empty:
///   none
/// @param fstype file systems: type given to mount; empty: mount finds out
/// @param loadKey pools: command that loads the keys of encrypted datasets; empty: from where their
///   `keylocation` says
/// @param onDiskFailure what follows when a disk under the served pool fails
/// @param holdShutdown for which an orderly shutdown of the node is held while the only complete
///   copy is here; zero: not at all
/// @param failWindow for which a failure of the pool or of a service counts against the node
/// @param lastResort command for a pool that still hangs on devices that were cut off: restarts the
///   ZFS daemon, or the node; empty: an operator does it
public record PoolConfig(
    String name,
    String follows,
    Kind type,
    List<String> resources,
    Optional<Path> mountpoint,
    List<String> fsck,
    Optional<String> fstype,
    List<String> lastResort,
    List<String> loadKey,
    List<ServiceConfig> services,
    OnDiskFailure onDiskFailure,
    Duration holdShutdown,
    Duration failWindow,
    Timeouts timeouts) {

  /// What lives on the resources.
  public enum Kind {
    ZFS,
    FILESYSTEM
  }

  /// A service started after the pool is there, in order, and stopped in reverse.
  ///
  /// @param check argv that exits 0 while the service is well; empty: not checked
  /// @param timeout for each of start, stop and check
  /// @param interval between periodic checks
  public record ServiceConfig(
      String name,
      List<String> start,
      List<String> stop,
      List<String> check,
      OnFailure onFailure,
      Duration timeout,
      Duration interval) {}

  /// What follows when a service is not well.
  public enum OnFailure {
    /// It is started again some times; then it counts as failed, and the pool stays.
    RESTART,
    /// As before, and then the other node's turn, once.
    FAILOVER,
    /// It is shown as failed.
    IGNORE
  }

  /// What follows when a disk under the served pool fails, and the other node's copy serves.
  public enum OnDiskFailure {
    /// The pool moves to the node with the good disk.
    SWITCHOVER,
    /// It stays, and is served over the replication link.
    IGNORE
  }

  /// Deadlines of the workflow's steps.
  ///
  /// @param promote all resources primary
  /// @param device all device nodes there
  /// @param importPool import, or fsck and mount
  /// @param exportPool orderly export or unmount, before it is forced
  /// @param demote all resources secondary
  public record Timeouts(
      Duration promote,
      Duration device,
      Duration importPool,
      Duration exportPool,
      Duration demote) {}
}
