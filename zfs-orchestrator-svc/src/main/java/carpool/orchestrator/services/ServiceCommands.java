package carpool.orchestrator.services;

import carpool.kit.config.PoolConfig.ServiceConfig;
import carpool.orchestrator.exec.CommandResult;
import carpool.orchestrator.exec.Commands;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// The commands of one pool: of its services by their index in the configuration, that of the last
/// resort, and the one that fences the other node.
public final class ServiceCommands {
  private final List<ServiceConfig> services;
  private final List<String> lastResort;
  private final List<String> fencing;
  private final Map<String, String> environment;

  /// @param environment what every command of this pool is told
  public ServiceCommands(
      List<ServiceConfig> services,
      List<String> lastResort,
      List<String> fencing,
      Map<String, String> environment) {
    this.fencing = List.copyOf(fencing);
    this.services = List.copyOf(services);
    this.lastResort = List.copyOf(lastResort);
    this.environment = Map.copyOf(environment);
  }

  /// Runs the command for a pool that hangs on devices that were cut off.
  public CommandResult lastResort(Duration limit, Commands.Handle handle)
      throws InterruptedException {
    return Commands.run(lastResort, environment, limit, handle);
  }

  /// Runs the command that makes sure that the other node writes no more.
  public CommandResult fence(Duration limit, Commands.Handle handle) throws InterruptedException {
    return Commands.run(fencing, environment, limit, handle);
  }

  /// What is done to a service.
  public enum Verb {
    START,
    STOP,
    CHECK
  }

  /// Runs the command; a service without that command is well.
  public CommandResult run(int index, Verb verb, Duration limit, Commands.Handle handle)
      throws InterruptedException {
    var service = services.get(index);
    var argv =
        switch (verb) {
          case START -> service.start();
          case STOP -> service.stop();
          case CHECK -> service.check();
        };
    if (argv.isEmpty()) {
      return new CommandResult(argv, 0, false, handle.aborted(), "", "", Duration.ZERO);
    }
    var all = new java.util.TreeMap<>(environment);
    all.put("CARPOOL_SERVICE", service.name());
    return Commands.run(argv, all, limit, handle);
  }
}
