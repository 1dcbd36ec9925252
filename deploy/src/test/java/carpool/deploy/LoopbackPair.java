package carpool.deploy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Two nodes on this machine's loopback, hast1 and hast2, with the programs as they are installed:
/// three disks each that have no metadata yet, and no device nodes.
final class LoopbackPair implements AutoCloseable {
  static final Path BIN = Path.of("target/carpool/bin").toAbsolutePath();

  private final Path directory;
  private final int port = freePort();
  private final List<Process> services = new ArrayList<>();

  /// @param more what else stands in carpool.yaml
  LoopbackPair(Path directory, String more) throws IOException {
    this.directory = directory;
    int blockPort = freePort();
    var hast = new StringBuilder();
    for (int disk = 1; disk <= 3; disk++) {
      hast.append(
          """
          resource disk%1$d {
          	on hast1 { local %2$s/ad%1$d remote 127.0.0.2:%4$d source 127.0.0.1 }
          	on hast2 { local %3$s/ad%1$d remote 127.0.0.1:%4$d source 127.0.0.2 }
          }
          """
              .formatted(disk, home(1), home(2), port));
    }
    for (int node = 1; node <= 2; node++) {
      Files.createDirectories(home(node).resolve("run"));
      for (int disk = 1; disk <= 3; disk++) {
        try (var file = new RandomAccessFile(home(node).resolve("ad" + disk).toFile(), "rw")) {
          file.setLength(64 << 20);
        }
      }
      Files.writeString(hastConf(node), "listen 127.0.0." + node + ":" + port + "\n" + hast);
      Files.writeString(
          config(node),
          """
          cluster: test
          hast: %1$s/hast.conf
          runtime-dir: %1$s/run
          state-dir: %1$s/state
          device-dir: %1$s/dev
          device: none
          replicator: { block-port: %2$d }
          """
                  .formatted(home(node), blockPort)
              + more);
    }
  }

  private static int freePort() {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  Path home(int node) {
    return directory.resolve("hast" + node);
  }

  Path hastConf(int node) {
    return home(node).resolve("hast.conf");
  }

  Path config(int node) {
    return home(node).resolve("carpool.yaml");
  }

  /// Where a node answers its peer.
  String peerAddress(int node) {
    return "127.0.0." + node + ":" + port;
  }

  /// Starts `carpool-SERVICE` and waits until it is ready.
  Process start(String service, int node) throws IOException, InterruptedException {
    var log = home(node).resolve(service + ".log");
    var process =
        new ProcessBuilder(
                BIN.resolve("carpool-" + service).toString(),
                "--config",
                config(node).toString(),
                "--node",
                "hast" + node)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    services.add(process);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!Files.readString(log).contains("ready:")) {
      if (System.nanoTime() > end || !process.isAlive()) {
        throw new AssertionError(service + " did not start:\n" + Files.readString(log));
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
    return process;
  }

  @Override
  public void close() {
    for (var service : services.reversed()) {
      service.destroy();
      try {
        if (!service.waitFor(30, TimeUnit.SECONDS)) {
          service.destroyForcibly();
        }
      } catch (InterruptedException e) {
        service.destroyForcibly();
        Thread.currentThread().interrupt();
      }
    }
  }
}
