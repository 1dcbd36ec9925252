package carpool.orchestrator;

import carpool.kit.config.CarpoolConfig;
import carpool.kit.config.ConfigException;
import carpool.kit.config.ConfigLoader;
import carpool.kit.config.LoadedConfig;
import carpool.kit.config.PoolConfig;
import carpool.kit.config.PoolConfig.ServiceConfig;
import java.util.List;
import java.util.Optional;

/// Whether a process that starts now, by the files as they are now, would look after everything
/// that this one serves.
final class Successor {
  private final LoadedConfig running;

  Successor(LoadedConfig running) {
    this.running = running;
  }

  /// Why it would not; empty: it would.
  String problem() {
    try {
      var next = ConfigLoader.load(running.file(), Optional.of(running.node().value()));
      return problem(running.config(), next.config());
    } catch (ConfigException e) {
      return "the configuration is wrong: " + e.problems().getFirst();
    }
  }

  private static String problem(CarpoolConfig before, CarpoolConfig next) {
    if (!List.of(before.runtimeDir(), before.stateDir(), before.deviceDir())
        .equals(List.of(next.runtimeDir(), next.stateDir(), next.deviceDir()))) {
      return "a directory is another one (runtime-dir, state-dir or device-dir)";
    }
    return before.pools().stream()
        .map(pool -> problem(pool, next.pools()))
        .filter(problem -> !problem.isEmpty())
        .findFirst()
        .orElse("");
  }

  private static String problem(PoolConfig pool, List<PoolConfig> next) {
    return next.stream()
        .filter(other -> other.name().equals(pool.name()))
        .findFirst()
        .map(other -> problem(pool, other))
        .orElse("pool " + pool.name() + " is no longer in the configuration");
  }

  private static String problem(PoolConfig pool, PoolConfig next) {
    var same =
        pool.follows().equals(next.follows())
            && pool.type() == next.type()
            && pool.resources().equals(next.resources())
            && pool.mountpoint().equals(next.mountpoint());
    if (!same) {
      return "pool " + pool.name() + " is another one (follows, type, resources or mountpoint)";
    }
    var names = next.services().stream().map(ServiceConfig::name).toList();
    return pool.services().stream()
        .map(ServiceConfig::name)
        .filter(name -> !names.contains(name))
        .findFirst()
        .map(name -> "service " + name + " of pool " + pool.name() + " would not be stopped by it")
        .orElse("");
  }
}
