package carpool.orchestrator;

import carpool.kit.boot.ConfigReload;
import carpool.kit.boot.Reloadable;
import carpool.kit.boot.Startable;
import carpool.kit.config.LoadedConfig;
import carpool.orchestrator.control.Node;
import carpool.orchestrator.control.OrchestratorService;
import carpool.orchestrator.control.StatusMetrics;
import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import com.google.inject.Singleton;
import com.google.inject.multibindings.Multibinder;
import io.grpc.BindableService;
import java.util.Map;

/// What carpool-orchestrator adds to the kit.
final class OrchestratorModule extends AbstractModule {
  @Override
  protected void configure() {
    bind(OrchestratorNode.class).in(Singleton.class);
    bind(Node.class).to(OrchestratorNode.class);
    bind(OrchestratorService.class).in(Singleton.class);
    Multibinder.newSetBinder(binder(), Reloadable.class).addBinding().to(ConfigReload.class);
    bind(StatusMetrics.class).in(Singleton.class);
    var startables = Multibinder.newSetBinder(binder(), Startable.class);
    startables.addBinding().to(OrchestratorNode.class);
    startables.addBinding().to(StatusMetrics.class);
    Multibinder.newSetBinder(binder(), BindableService.class)
        .addBinding()
        .to(OrchestratorService.class);
  }

  /// Hooks change at once. What a pool's machine goes by does not change under it: the next process
  /// goes by it. A restart leaves the pools as they are, if that process will look after them
  /// ([Successor]).
  @Provides
  @Singleton
  static ConfigReload reload(LoadedConfig loaded, OrchestratorNode node) {
    var restart =
        "a restart of carpool-orchestrator takes it over; pools served here stay as they are";
    var move =
        "a restart of carpool-orchestrator takes it over; pools served here move to the other node";
    var pools =
        "a restart of carpool-orchestrator takes it over; pools served here stay as they are, but move"
            + " to the other node when a pool or service has gone from the file, or follows, type,"
            + " resources or mountpoint of a pool has changed";
    return new ConfigReload(
        loaded,
        Map.ofEntries(
            Map.entry("cluster", restart),
            Map.entry("runtime-dir", move),
            Map.entry("state-dir", move),
            Map.entry("device-dir", move),
            Map.entry("tls", restart),
            Map.entry("control", restart),
            Map.entry("metrics", restart),
            Map.entry("log", restart),
            Map.entry("replicator", restart),
            Map.entry("election", restart),
            Map.entry("pools", pools),
            Map.entry("fencing", restart),
            Map.entry("resources", restart)),
        node::replaceHooks);
  }
}
