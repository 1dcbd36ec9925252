package carpool.replicator.resource;

import carpool.kit.boot.Startable;
import carpool.kit.config.CarpoolConfig;
import carpool.kit.grpc.TlsEngines;
import carpool.replicator.nbd.ExportLookup;
import carpool.replicator.nbd.NbdServer;
import jakarta.inject.Inject;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The exports of all resources on one TCP address, when carpool.yaml has `nbd: { listen: … }`:
/// with mutual TLS when `tls:` is there, in the clear on a loopback address only.
public final class NbdTcp implements Startable {
  private static final Logger LOG = LoggerFactory.getLogger(NbdTcp.class);

  private final CarpoolConfig config;
  private final ReplicatorNode node;
  private @Nullable NbdServer server;

  /// For the injector.
  @Inject
  public NbdTcp(CarpoolConfig config, ReplicatorNode node) {
    this.config = config;
    this.node = node;
  }

  @Override
  public String name() {
    return "NBD over TCP";
  }

  @Override
  public int phase() {
    return CORES + 20; // after the resources
  }

  @Override
  public void start() throws IOException {
    if (config.nbdListen().isEmpty()) {
      return;
    }
    var address = config.nbdListen().get().resolve();
    @Nullable Supplier<SSLEngine> tls = null;
    if (config.tls().isPresent()) {
      tls = TlsEngines.server(config.tls().get());
    } else if (!address.getAddress().isLoopbackAddress()) {
      throw new IOException(
          "nbd: listen: refusing "
              + address.getAddress().getHostAddress()
              + " without TLS; allowed: a loopback address, or tls: { ca, certificate, key }");
    }
    var listening = NbdServer.listenTcp(address, new All(), tls);
    server = listening;
    node.alsoServedBy(listening);
    LOG.info("NBD at {}, {}", address, tls == null ? "in the clear" : "with TLS");
  }

  private final class All implements ExportLookup {
    @Override
    public List<String> names() {
      return node.all().stream().map(r -> r.resource().local().provname()).toList();
    }

    @Override
    public Found find(String name) {
      // The empty name means the only export, if there is only one.
      var all = node.all();
      if (name.isEmpty() && all.size() == 1) {
        return all.getFirst().exports().find(all.getFirst().resource().local().provname());
      }
      return all.stream()
          .filter(r -> r.resource().local().provname().equals(name))
          .findFirst()
          .map(r -> r.exports().find(name))
          .orElseGet(Found.Unknown::new);
    }
  }

  @Override
  public void stop(Duration deadline) throws InterruptedException {
    var listening = server;
    if (listening != null) {
      listening.stop(Duration.ofSeconds(1));
    }
  }
}
