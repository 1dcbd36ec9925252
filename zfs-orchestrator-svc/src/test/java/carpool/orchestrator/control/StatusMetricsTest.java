package carpool.orchestrator.control;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.orchestrator.v1.GetStatusResponse;
import carpool.orchestrator.v1.Pool;
import carpool.orchestrator.v1.PoolState;
import carpool.orchestrator.v1.Readiness;
import carpool.orchestrator.v1.Service;
import carpool.orchestrator.v1.ServiceState;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.junit.jupiter.api.Test;

/// What a scrape of the orchestrator shows.
final class StatusMetricsTest {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private GetStatusResponse status = GetStatusResponse.getDefaultInstance();
  private final StatusMetrics metrics = new StatusMetrics(() -> status, registry);

  private String scrape() {
    metrics.look();
    return registry.scrape();
  }

  private static GetStatusResponse serving() {
    return GetStatusResponse.newBuilder()
        .setReadiness(Readiness.newBuilder().setReady(true))
        .addPools(
            Pool.newBuilder()
                .setName("tank")
                .setState(PoolState.POOL_STATE_SERVING)
                .setHealth("ONLINE")
                .addServices(
                    Service.newBuilder()
                        .setName("web")
                        .setState(ServiceState.SERVICE_STATE_RUNNING)))
        .build();
  }

  @Test
  void theVerdictAndEveryStateAreThere() {
    status = serving();
    assertThat(scrape())
        .contains("carpool_orchestrator_ready 1.0")
        .contains("carpool_orchestrator_not_ready_reasons 0.0")
        .contains("carpool_orchestrator_maintenance 0.0")
        .contains(
            "carpool_orchestrator_pool_state{health=\"online\",pool=\"tank\",state=\"serving\"} 1.0")
        .contains(
            "carpool_orchestrator_service_state{name=\"web\",pool=\"tank\",state=\"running\"} 1.0");
  }

  @Test
  void anEarlierStateIsGone() {
    status = serving();
    var _ = scrape();
    status =
        GetStatusResponse.newBuilder()
            .setReadiness(Readiness.newBuilder().addReasons("no copy").addReasons("maintenance"))
            .setMaintenance(true)
            .addPools(Pool.newBuilder().setName("tank").setState(PoolState.POOL_STATE_NO_POOL))
            .build();
    assertThat(scrape())
        .contains("carpool_orchestrator_ready 0.0")
        .contains("carpool_orchestrator_not_ready_reasons 2.0")
        .contains("carpool_orchestrator_maintenance 1.0")
        .contains("state=\"no-pool\"} 1.0")
        .doesNotContain("serving")
        .doesNotContain("running");
  }
}
