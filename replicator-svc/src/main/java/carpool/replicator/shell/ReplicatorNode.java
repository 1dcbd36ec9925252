package carpool.replicator.shell;

import carpool.kit.boot.Startable;
import carpool.kit.config.HastConfig;
import carpool.kit.config.LoadedConfig;
import carpool.replicator.core.Effects.Notice;
import carpool.replicator.store.ProviderException;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.inject.Inject;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// All resources of this node. Every one that has metadata starts as secondary; one that was
/// primary a moment ago takes that role again by itself when the promotion rule allows it.
public final class ReplicatorNode implements Startable {
  private static final Logger LOG = LoggerFactory.getLogger(ReplicatorNode.class);

  /// How often a core that copies or compares is told the time.
  private static final long PACE_MILLIS = 50;

  private final HastConfig hast;
  private final Map<String, ResourceNode> resources = new LinkedHashMap<>();
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("resource-timer").daemon(true).factory());

  /// Hears what happens to the resources; must not block.
  @FunctionalInterface
  public interface Listener {
    /// Something happened to `resource`.
    void happened(ResourceNode resource, Notice notice);
  }

  /// For the injector.
  @Inject
  public ReplicatorNode(LoadedConfig loaded, PeerHub hub, MeterRegistry registry) {
    this.hast = loaded.hast();
    for (var resource : hast.resources()) {
      var node = new ResourceNode(resource, loaded.config(), hub, this::happened);
      resources.put(resource.name(), node);
      ResourceMetrics.register(registry, node);
    }
  }

  private void happened(ResourceNode resource, Notice notice) {
    listeners.forEach(listener -> listener.happened(resource, notice));
  }

  @Override
  public String name() {
    return "resources";
  }

  @Override
  public int phase() {
    return CORES + 10; // after the peer link, which the resources use
  }

  /// The resources in file order.
  public List<ResourceNode> all() {
    return List.copyOf(resources.values());
  }

  /// The resource of that name.
  public Optional<ResourceNode> find(String name) {
    return Optional.ofNullable(resources.get(name));
  }

  /// Calls `listener` from now on; the returned action ends that.
  public Runnable listen(Listener listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  @Override
  public void start() throws IOException {
    for (var resource : resources.values()) {
      resource.start();
    }
    var _ = timer.scheduleWithFixedDelay(() -> each(ResourceNode::tick), 1, 1, TimeUnit.SECONDS);
    var _ =
        timer.scheduleWithFixedDelay(
            () -> each(ResourceNode::pace), PACE_MILLIS, PACE_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void each(Consumer<ResourceNode> what) {
    for (var resource : resources.values()) {
      try {
        what.accept(resource);
      } catch (RuntimeException e) {
        LOG.error("resource={} tick failed", resource.resource().name(), e);
      }
    }
  }

  @Override
  public void stop(Duration deadline) throws InterruptedException, ProviderException {
    timer.shutdownNow();
    for (var resource : resources.values()) {
      resource.stop();
    }
  }
}
