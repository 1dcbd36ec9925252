package carpool.orchestrator.network;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;

/// Signs of life of one network, as this machine can have them.
final class Signs {
  private static final int PATIENCE_MILLIS = 800;
  private static final Path ROUTES = Path.of("/proc/net/route");

  private Signs() {}

  /// The first of these hosts that answers a ping; all are asked at once.
  static Optional<InetAddress> answering(List<InetAddress> hosts) throws InterruptedException {
    if (hosts.isEmpty()) {
      return Optional.empty();
    }
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var answers =
          hosts.stream()
              .map(host -> threads.submit(() -> host.isReachable(PATIENCE_MILLIS) ? host : null))
              .toList();
      for (var answer : answers) {
        try {
          var host = answer.get();
          if (host != null) {
            return Optional.of(host);
          }
        } catch (ExecutionException _) {
          // It could not even be sent: no answer.
        }
      }
    }
    return Optional.empty();
  }

  /// The gateway behind this interface; none where the system has no table of routes to read.
  static Optional<InetAddress> gateway(String interfaceName) {
    try {
      return Routes.gateway(Files.readString(ROUTES), interfaceName);
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  /// Packets received on the interface so far; -1 where that cannot be read.
  static long received(String interfaceName) {
    try {
      var file = Path.of("/sys/class/net", interfaceName, "statistics", "rx_packets");
      return Long.parseLong(Files.readString(file).strip());
    } catch (IOException | NumberFormatException _) {
      return -1;
    }
  }
}
