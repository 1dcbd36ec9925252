package carpool.orchestrator.network;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
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
    // Not virtual threads: a ping is a system call that holds its carrier until the time is over,
    // and two silent hosts would hold all of a small machine's.
    var threads =
        Executors.newThreadPerTaskExecutor(Thread.ofPlatform().name("ping").daemon(true).factory());
    try {
      return Optional.of(
          threads.invokeAny(
              hosts.stream().<Callable<InetAddress>>map(host -> () -> ping(host)).toList()));
    } catch (ExecutionException _) {
      return Optional.empty();
    } finally {
      threads.shutdownNow(); // the others are not waited for; they end by themselves
    }
  }

  private static InetAddress ping(InetAddress host) throws IOException {
    if (!host.isReachable(PATIENCE_MILLIS)) {
      throw new IOException("no answer");
    }
    return host;
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
