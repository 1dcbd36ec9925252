package carpool.kit.boot;

import carpool.kit.config.ConfigDifference;
import carpool.kit.config.ConfigException;
import carpool.kit.config.ConfigLoader;
import carpool.kit.config.HastResource;
import carpool.kit.config.HookConfig;
import carpool.kit.config.LoadedConfig;
import carpool.kit.grpc.ServiceError;
import io.grpc.Status;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads a changed configuration for a service of which most settings are for its whole life: takes
/// over what it can, and names every other difference that concerns it. A file with an error
/// changes nothing.
public final class ConfigReload implements Reloadable {
  private static final Logger LOG = LoggerFactory.getLogger(ConfigReload.class);

  /// What a reload came to.
  ///
  /// @param applied one sentence for each setting in force from now on
  /// @param needsRestart one sentence for each setting that the running process does not go by
  public record Outcome(List<String> applied, List<String> needsRestart) {}

  private static final String HOOKS = "hooks";
  private static final String RESOURCES = "resources";

  private final Map<String, String> restarts;
  private final Consumer<List<HookConfig>> hooks;
  private volatile LoadedConfig running;

  /// @param running what the service was started with
  /// @param restarts sections of carpool.yaml that this service goes by, and `resources` for those
  ///   of hast.conf, each with what a restart means for those who use it
  /// @param hooks takes the hooks that are in force from now on
  public ConfigReload(
      LoadedConfig running, Map<String, String> restarts, Consumer<List<HookConfig>> hooks) {
    this.running = running;
    this.restarts = Map.copyOf(restarts);
    this.hooks = hooks;
  }

  /// Reloads now.
  ///
  /// @throws ConfigException when the files are wrong; nothing has changed then
  public synchronized Outcome now() throws ConfigException {
    var fresh = ConfigLoader.load(running.file(), Optional.of(running.node().value()));
    var applied = new ArrayList<String>();
    var needsRestart = new ArrayList<String>();
    for (var difference : ConfigDifference.between(running.config(), fresh.config())) {
      var meaning = restarts.get(difference.section());
      if (difference.section().equals(HOOKS)) {
        applied.add(difference.toString());
      } else if (meaning != null) {
        needsRestart.add(difference + "; " + meaning);
      }
    }
    var meaning = restarts.get(RESOURCES);
    if (meaning != null && !names(running).equals(names(fresh))) {
      needsRestart.add(
          new ConfigDifference(RESOURCES, show(running), show(fresh)) + "; " + meaning);
    }
    hooks.accept(fresh.config().hooks());
    // The rest stays what the process was started with, so that the next reload names it again.
    running = running.withConfig(running.config().withHooks(fresh.config().hooks()));
    return new Outcome(List.copyOf(applied), List.copyOf(needsRestart));
  }

  /// What a service answers when the files are wrong: all problems, and that nothing has changed.
  ///
  /// @param file whose reload was asked for
  public static ServiceError refusal(ConfigException wrong, Path file) {
    return new ServiceError(
        Status.Code.FAILED_PRECONDITION,
        Reason.CONFIGURATION_INVALID,
        file.toString(),
        String.join("\n", wrong.problems().stream().map(String::valueOf).toList()),
        "what was in force stays in force");
  }

  /// Reasons in error details.
  private enum Reason {
    CONFIGURATION_INVALID
  }

  /// The main file of the configuration.
  public Path file() {
    return running.file();
  }

  private static List<String> names(LoadedConfig loaded) {
    return loaded.hast().resources().stream().map(HastResource::name).toList();
  }

  private static String show(LoadedConfig loaded) {
    return String.join(", ", names(loaded));
  }

  @Override
  public void reload() {
    try {
      var outcome = now();
      outcome.applied().forEach(line -> LOG.info("reload: {}", line));
      outcome.needsRestart().forEach(line -> LOG.warn("reload: {}", line));
      if (outcome.applied().isEmpty() && outcome.needsRestart().isEmpty()) {
        LOG.info("reload: nothing that concerns this service has changed");
      }
    } catch (ConfigException e) {
      e.problems().forEach(problem -> LOG.error("reload: {}", problem));
      LOG.error("reload: the configuration is wrong; what was in force stays in force");
    }
  }
}
