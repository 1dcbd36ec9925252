package carpool.kit.boot;

import carpool.kit.config.CarpoolConfig;
import carpool.kit.config.HastConfig;
import carpool.kit.config.LoadedConfig;
import carpool.kit.config.NodeName;
import carpool.kit.grpc.ControlServer;
import carpool.kit.grpc.HealthBoard;
import carpool.kit.metrics.Metrics;
import carpool.kit.metrics.ScrapeEndpoint;
import com.google.inject.AbstractModule;
import com.google.inject.Singleton;
import com.google.inject.multibindings.Multibinder;
import io.grpc.BindableService;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

/// What every service has. A service's own module adds to the two sets, for example
/// `Multibinder.newSetBinder(binder(), BindableService.class).addBinding().to(MyService.class)`,
/// and binds everything explicitly; constructors carry `@Inject`.
final class KitModule extends AbstractModule {
  private final ServiceName service;
  private final LoadedConfig loaded;

  KitModule(ServiceName service, LoadedConfig loaded) {
    this.service = service;
    this.loaded = loaded;
  }

  @Override
  protected void configure() {
    binder().requireExplicitBindings();
    binder().disableCircularProxies();
    binder().requireExactBindingAnnotations();
    binder().requireAtInjectOnConstructors();
    bind(ServiceName.class).toInstance(service);
    bind(LoadedConfig.class).toInstance(loaded);
    bind(CarpoolConfig.class).toInstance(loaded.config());
    bind(HastConfig.class).toInstance(loaded.hast());
    bind(NodeName.class).toInstance(loaded.node());
    var registry = Metrics.registry(service.value(), loaded.node().value());
    bind(PrometheusMeterRegistry.class).toInstance(registry);
    bind(MeterRegistry.class).toInstance(registry);
    bind(HealthBoard.class).in(Singleton.class);
    bind(ControlServer.class).in(Singleton.class);
    bind(ScrapeEndpoint.class).in(Singleton.class);
    bind(ServiceLife.class).in(Singleton.class);
    var startables = Multibinder.newSetBinder(binder(), Startable.class);
    startables.addBinding().to(ControlServer.class);
    startables.addBinding().to(ScrapeEndpoint.class);
    var _ = Multibinder.newSetBinder(binder(), BindableService.class);
    var _ = Multibinder.newSetBinder(binder(), Reloadable.class);
  }
}
