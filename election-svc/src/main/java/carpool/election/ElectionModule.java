package carpool.election;

import carpool.election.control.ElectionService;
import carpool.election.control.Groups;
import carpool.kit.boot.ConfigReload;
import carpool.kit.boot.Reloadable;
import carpool.kit.boot.Startable;
import carpool.kit.config.LoadedConfig;
import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import com.google.inject.Singleton;
import com.google.inject.multibindings.Multibinder;
import io.grpc.BindableService;
import java.util.Map;

/// What carpool-election adds to the kit.
final class ElectionModule extends AbstractModule {
  @Override
  protected void configure() {
    bind(ElectionNode.class).in(Singleton.class);
    bind(Groups.class).to(ElectionNode.class);
    bind(ElectionService.class).in(Singleton.class);
    Multibinder.newSetBinder(binder(), Reloadable.class).addBinding().to(ConfigReload.class);
    Multibinder.newSetBinder(binder(), Startable.class).addBinding().to(ElectionNode.class);
    Multibinder.newSetBinder(binder(), BindableService.class)
        .addBinding()
        .to(ElectionService.class);
  }

  /// A group's settings are for its whole life: a restart costs neither role nor address.
  @Provides
  @Singleton
  static ConfigReload reload(LoadedConfig loaded) {
    var restart = "a restart of carpool-election takes it over; role and address stay";
    return new ConfigReload(
        loaded,
        Map.of(
            "cluster", restart,
            "runtime-dir", restart,
            "state-dir", restart,
            "tls", restart,
            "control", restart,
            "metrics", restart,
            "log", restart,
            "election", restart),
        hooks -> {});
  }
}
