package carpool.orchestrator;

import carpool.kit.boot.Startable;
import carpool.orchestrator.control.Node;
import carpool.orchestrator.control.OrchestratorService;
import com.google.inject.AbstractModule;
import com.google.inject.Singleton;
import com.google.inject.multibindings.Multibinder;
import io.grpc.BindableService;

/// What carpool-orchestrator adds to the kit.
final class OrchestratorModule extends AbstractModule {
  @Override
  protected void configure() {
    bind(OrchestratorNode.class).in(Singleton.class);
    bind(Node.class).to(OrchestratorNode.class);
    bind(OrchestratorService.class).in(Singleton.class);
    Multibinder.newSetBinder(binder(), Startable.class).addBinding().to(OrchestratorNode.class);
    Multibinder.newSetBinder(binder(), BindableService.class)
        .addBinding()
        .to(OrchestratorService.class);
  }
}
