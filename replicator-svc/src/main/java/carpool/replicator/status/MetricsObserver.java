package carpool.replicator.status;

import carpool.replicator.resource.EventProgram;
import carpool.replicator.resource.ResourceNode;
import carpool.replicator.resource.ResourceObserver;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.inject.Inject;

/// Gives each resource its metrics for as long as this node has it.
public final class MetricsObserver implements ResourceObserver {
  private final MeterRegistry registry;

  /// For the injector.
  @Inject
  public MetricsObserver(MeterRegistry registry) {
    this.registry = registry;
  }

  @Override
  public void added(ResourceNode resource, EventProgram program) {
    ResourceMetrics.register(registry, resource, program);
    var rule = resource.quorum();
    if (rule != null) {
      WitnessMetrics.register(registry, rule, resource.nodeName());
    }
  }

  @Override
  public void removed(String resource) {
    ResourceMetrics.forget(registry, resource);
  }
}
