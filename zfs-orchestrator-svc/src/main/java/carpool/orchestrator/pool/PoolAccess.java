package carpool.orchestrator.pool;

import carpool.orchestrator.exec.Commands;
import java.time.Duration;

/// The commands for one pool or file system. Each call runs at most as long as its limit says (and
/// half a second for killing) and can be broken off by the handle. Nothing is remembered: every
/// answer is read from the machine.
public interface PoolAccess {

  /// What is true now.
  ///
  /// @throws PoolException when it could not be found out
  PoolReading read(Duration limit, Commands.Handle handle)
      throws PoolException, InterruptedException;

  /// Imports or mounts it. Asked for only by a node that has the right to write.
  ///
  /// @return what to tell in the timeline; may be empty
  String bring(Duration limit, Commands.Handle handle) throws PoolException, InterruptedException;

  /// Exports or unmounts it. Does nothing when it is not here.
  String release(boolean force, Duration limit, Commands.Handle handle)
      throws PoolException, InterruptedException;

  /// Lets a suspended pool repeat what failed; nothing where there is no such thing.
  void clear(Duration limit, Commands.Handle handle) throws PoolException, InterruptedException;

  /// After its devices were cut off: takes away what can be taken away without touching them.
  void detach(Duration limit, Commands.Handle handle) throws PoolException, InterruptedException;
}
