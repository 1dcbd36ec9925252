package carpool.orchestrator.pool;

import carpool.orchestrator.exec.CommandResult;
import carpool.orchestrator.exec.Commands;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// Several commands within one limit.
final class PoolCommands {
  private final long endNanos;
  private final Commands.Handle handle;

  PoolCommands(Duration limit, Commands.Handle handle) {
    this.endNanos = System.nanoTime() + limit.toNanos();
    this.handle = handle;
  }

  Duration left() {
    return Duration.ofNanos(Math.max(1, endNanos - System.nanoTime()));
  }

  /// Whatever its exit code is; an exception when it did not end.
  CommandResult run(List<String> argv) throws PoolException, InterruptedException {
    // LC_ALL: outputs are parsed.
    var result = Commands.run(argv, Map.of("LC_ALL", "C"), left(), handle);
    if (result.aborted()) {
      throw new PoolException(PoolException.Kind.ABORTED, "broken off", "");
    }
    if (result.refused()) {
      throw new PoolException(
          PoolException.Kind.FAILED,
          result.problem(),
          "end these processes, or reboot this node: what hangs in the kernel ends with it");
    }
    if (result.timedOut()) {
      throw new PoolException(
          PoolException.Kind.TIMED_OUT,
          result.problem(),
          "a pool that does not answer: look at its devices with carpool status");
    }
    return result;
  }

  /// Must end with exit code 0.
  CommandResult succeed(List<String> argv) throws PoolException, InterruptedException {
    var result = run(argv);
    if (!result.done()) {
      throw new PoolException(PoolException.Kind.FAILED, result.problem(), hint(result));
    }
    return result;
  }

  private static String hint(CommandResult result) {
    return result.exit() == 127
        ? "is " + result.argv().getFirst() + " installed, and in the PATH of the service?"
        : "";
  }
}
