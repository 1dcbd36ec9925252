package carpool.replicator;

import carpool.kit.boot.Reloadable;
import carpool.kit.boot.Startable;
import carpool.replicator.control.ReplicatorService;
import carpool.replicator.peer.rpc.PeerSessions;
import carpool.replicator.quorum.Quorums;
import carpool.replicator.resource.NbdTcp;
import carpool.replicator.resource.Reload;
import carpool.replicator.resource.ReplicatorNode;
import carpool.replicator.resource.ResourceObserver;
import carpool.replicator.status.MetricsObserver;
import com.google.inject.AbstractModule;
import com.google.inject.Singleton;
import com.google.inject.multibindings.Multibinder;
import io.grpc.BindableService;

/// What carpool-replicator adds to the kit.
final class ReplicatorModule extends AbstractModule {
  @Override
  protected void configure() {
    bind(Quorums.class).in(Singleton.class);
    bind(PeerSessions.class).in(Singleton.class);
    bind(ReplicatorNode.class).in(Singleton.class);
    bind(NbdTcp.class).in(Singleton.class);
    bind(Reload.class).in(Singleton.class);
    bind(ResourceObserver.class).to(MetricsObserver.class).in(Singleton.class);
    bind(ReplicatorService.class).in(Singleton.class);
    var startables = Multibinder.newSetBinder(binder(), Startable.class);
    startables.addBinding().to(PeerSessions.class);
    startables.addBinding().to(Quorums.class);
    startables.addBinding().to(ReplicatorNode.class);
    startables.addBinding().to(NbdTcp.class);
    Multibinder.newSetBinder(binder(), Reloadable.class).addBinding().to(Reload.class);
    Multibinder.newSetBinder(binder(), BindableService.class)
        .addBinding()
        .to(ReplicatorService.class);
  }
}
