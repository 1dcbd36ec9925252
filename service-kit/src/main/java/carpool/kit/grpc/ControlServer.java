package carpool.kit.grpc;

import carpool.kit.boot.ServiceName;
import carpool.kit.boot.Startable;
import carpool.kit.config.CarpoolConfig;
import carpool.kit.config.HostPort;
import io.grpc.BindableService;
import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Serves all bound services on `runtime-dir/SERVICE.sock` (mode 0600) and, when `control.listen`
/// is configured, on TCP; the three services of a node take that port and the two above it.
public final class ControlServer implements Startable {
  private static final Logger LOG = LoggerFactory.getLogger(ControlServer.class);

  private final CarpoolConfig config;
  private final Path socket;
  private final Optional<HostPort> listen;
  private final Set<BindableService> services;
  private final HealthBoard health;
  private final List<GrpcEndpoint> endpoints = new ArrayList<>();

  /// For the injector.
  @Inject
  public ControlServer(
      CarpoolConfig config,
      ServiceName service,
      Set<BindableService> services,
      HealthBoard health) {
    this.config = config;
    this.socket = config.runtimeDir().resolve(service.value() + ".sock");
    this.listen = config.controlListen().map(l -> l.plus(service.portOffset()));
    this.services = services;
    this.health = health;
  }

  @Override
  public String name() {
    return "control server";
  }

  @Override
  public int phase() {
    return SERVERS;
  }

  @Override
  public void start() throws IOException {
    endpoints.add(GrpcEndpoint.unix(socket, services, health));
    LOG.info("control at unix:{}", socket);
    if (listen.isPresent()) {
      try {
        endpoints.add(
            GrpcEndpoint.tcp(
                listen.get().resolve(), config.tls(), config.controlOperators(), services, health));
      } catch (IOException e) {
        throw new IOException("control.listen: " + e.getMessage(), e);
      }
      LOG.info("control at {} ({})", listen.get(), config.tls().isPresent() ? "TLS" : "plain");
    }
  }

  @Override
  public void stop(Duration deadline) throws InterruptedException, IOException {
    for (var endpoint : endpoints.reversed()) {
      endpoint.close(deadline);
    }
  }
}
