package carpool.kit.metrics;

import carpool.kit.boot.ServiceName;
import carpool.kit.boot.Startable;
import carpool.kit.config.CarpoolConfig;
import carpool.kit.config.HostPort;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.BindException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers `GET /metrics` in Prometheus text format on `metrics.listen`; the three services of a
/// node take that port and the two above it ([ServiceName#portOffset()]). Does nothing when it is
/// not configured.
public final class ScrapeEndpoint implements Startable {
  private static final Logger LOG = LoggerFactory.getLogger(ScrapeEndpoint.class);

  private final Optional<HostPort> listen;
  private final PrometheusMeterRegistry registry;
  private @Nullable HttpServer server;

  /// For the injector.
  @Inject
  public ScrapeEndpoint(
      CarpoolConfig config, ServiceName service, PrometheusMeterRegistry registry) {
    this.listen = config.metricsListen().map(l -> l.plus(service.portOffset()));
    this.registry = registry;
  }

  @Override
  public String name() {
    return "metrics endpoint";
  }

  @Override
  public int phase() {
    return OBSERVERS;
  }

  @Override
  public void start() throws IOException {
    if (listen.isEmpty()) {
      return;
    }
    var address = listen.get();
    try {
      server = HttpServer.create(address.resolve(), 16);
    } catch (BindException e) {
      throw new IOException(
          "metrics.listen: cannot bind "
              + address
              + " ("
              + e.getMessage()
              + "); choose another"
              + " address, or stop what listens there",
          e);
    }
    server.createContext("/metrics", this::scrape);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
    LOG.info("metrics at http://{}/metrics", address);
  }

  @Override
  public void stop(Duration deadline) {
    if (server != null) {
      server.stop(0);
    }
  }

  private void scrape(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (!exchange.getRequestMethod().equals("GET")) {
        exchange.sendResponseHeaders(405, -1);
        return;
      }
      var body = registry.scrape().getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    }
  }
}
