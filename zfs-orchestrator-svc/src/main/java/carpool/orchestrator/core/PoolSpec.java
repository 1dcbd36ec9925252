package carpool.orchestrator.core;

import java.util.List;

/// What the configuration says of one pool.
///
/// @param follows election group
/// @param failWindowNanos for which a failure on this node counts against it
/// @param lastResort there is a command for a pool that hangs on devices that were cut off
public record PoolSpec(
    String name,
    String follows,
    Kind kind,
    List<String> resources,
    List<Service> services,
    boolean lastResort,
    long failWindowNanos,
    Deadlines deadlines) {

  /// What lives on the resources.
  public enum Kind {
    ZFS,
    FILESYSTEM
  }

  /// A service that is started after the pool is there.
  ///
  /// @param onFailure what follows when it is not well
  /// @param checked false: there is no command that tells whether it is well
  /// @param timeoutNanos for each of start, stop and check
  /// @param intervalNanos between periodic checks
  public record Service(
      String name, boolean checked, OnFailure onFailure, long timeoutNanos, long intervalNanos) {}

  /// What follows when a service is not well.
  public enum OnFailure {
    /// It is started again some times; then it counts as failed, and nothing moves.
    RESTART,
    /// As before, and then the other node's turn.
    FAILOVER,
    /// It is shown as failed.
    IGNORE
  }

  /// Deadlines of the steps, nanoseconds.
  ///
  /// @param holdNanos for which a replicator that is restarted under the pool is waited for
  /// @param exportNanos of the whole export: orderly for the first half, then by force
  /// @param fenceNanos of the fencing command; 0: there is none
  public record Deadlines(
      long promoteNanos,
      long deviceNanos,
      long importNanos,
      long exportNanos,
      long demoteNanos,
      long holdNanos,
      long fenceNanos) {}

  /// An unreachable peer is fenced before a promotion without its word.
  public boolean fences() {
    return deadlines.fenceNanos() > 0;
  }
}
