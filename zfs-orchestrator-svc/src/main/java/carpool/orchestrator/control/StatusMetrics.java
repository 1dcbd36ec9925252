package carpool.orchestrator.control;

import carpool.kit.boot.Startable;
import carpool.kit.loop.Guarded;
import carpool.orchestrator.v1.GetStatusResponse;
import carpool.orchestrator.v1.Pool;
import carpool.orchestrator.v1.Service;
import com.google.inject.Inject;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/// What `carpool status` says of the node and its pools, as metrics: the verdict, the state of each
/// pool and of each service. Looked at every five seconds, so that a scrape waits for nobody.
public final class StatusMetrics implements Startable {
  private static final Duration EVERY = Duration.ofSeconds(5);

  private final Supplier<GetStatusResponse> status;
  private final MultiGauge pools;
  private final MultiGauge services;
  private final ScheduledExecutorService worker =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("status-metrics").daemon(true).factory());

  private volatile GetStatusResponse last = GetStatusResponse.getDefaultInstance();

  /// For the injector.
  @Inject
  public StatusMetrics(OrchestratorService service, MeterRegistry registry) {
    this(service::status, registry);
  }

  StatusMetrics(Supplier<GetStatusResponse> status, MeterRegistry registry) {
    this.status = status;
    registry.gauge(
        "carpool.orchestrator.ready", this, m -> m.last.getReadiness().getReady() ? 1 : 0);
    registry.gauge(
        "carpool.orchestrator.not.ready.reasons",
        this,
        m -> m.last.getReadiness().getReasonsCount());
    registry.gauge("carpool.orchestrator.maintenance", this, m -> m.last.getMaintenance() ? 1 : 0);
    registry.gauge("carpool.orchestrator.unmanaged", this, m -> m.last.getUnmanaged() ? 1 : 0);
    pools = MultiGauge.builder("carpool.orchestrator.pool.state").register(registry);
    services = MultiGauge.builder("carpool.orchestrator.service.state").register(registry);
  }

  /// Takes the present status over.
  void look() {
    var now = status.get();
    last = now;
    var poolRows = new ArrayList<MultiGauge.Row<?>>();
    var serviceRows = new ArrayList<MultiGauge.Row<?>>();
    for (var pool : now.getPoolsList()) {
      poolRows.add(row(pool));
      pool.getServicesList().forEach(service -> serviceRows.add(row(pool, service)));
    }
    pools.register(poolRows, true);
    services.register(serviceRows, true);
  }

  /// One series for each pool, with the value 1; its state and health are labels.
  private static MultiGauge.Row<?> row(Pool pool) {
    return MultiGauge.Row.of(
        Tags.of(
            "pool",
            pool.getName(),
            "state",
            word(pool.getState().name(), "POOL_STATE_"),
            "health",
            pool.getHealth().toLowerCase(Locale.ROOT)),
        1);
  }

  private static MultiGauge.Row<?> row(Pool pool, Service service) {
    return MultiGauge.Row.of(
        Tags.of(
            "pool",
            pool.getName(),
            "name",
            service.getName(),
            "state",
            word(service.getState().name(), "SERVICE_STATE_")),
        1);
  }

  private static String word(String constant, String prefix) {
    return constant.substring(prefix.length()).toLowerCase(Locale.ROOT).replace('_', '-');
  }

  @Override
  public String name() {
    return "status metrics";
  }

  @Override
  public int phase() {
    return SERVERS;
  }

  @Override
  public void start() {
    var _ =
        worker.scheduleWithFixedDelay(
            Guarded.task("looking for the metrics", this::look),
            0,
            EVERY.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  @Override
  public void stop(Duration deadline) {
    worker.shutdownNow();
  }
}
