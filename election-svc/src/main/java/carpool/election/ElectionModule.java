package carpool.election;

import carpool.election.control.ElectionService;
import carpool.election.control.Groups;
import carpool.kit.boot.Startable;
import com.google.inject.AbstractModule;
import com.google.inject.Singleton;
import com.google.inject.multibindings.Multibinder;
import io.grpc.BindableService;

/// What carpool-election adds to the kit.
final class ElectionModule extends AbstractModule {
  @Override
  protected void configure() {
    bind(ElectionNode.class).in(Singleton.class);
    bind(Groups.class).to(ElectionNode.class);
    bind(ElectionService.class).in(Singleton.class);
    Multibinder.newSetBinder(binder(), Startable.class).addBinding().to(ElectionNode.class);
    Multibinder.newSetBinder(binder(), BindableService.class)
        .addBinding()
        .to(ElectionService.class);
  }
}
