package carpool.replicator.witness;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carpool.kit.config.WitnessEndpoint;
import carpool.kit.testing.ForeignTools;
import carpool.kit.testing.FreePort;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A real etcd on loopback with its data in a test's directory; a test without the program is
/// skipped. Closing kills it.
public final class EtcdServer implements AutoCloseable {
  private static final long READY_SECONDS = 60;

  private final List<String> command;
  private final WitnessEndpoint endpoint;
  private List<String> lines = new ArrayList<>();
  private @Nullable Process process;

  private EtcdServer(List<String> command, WitnessEndpoint endpoint) {
    this.command = command;
    this.endpoint = endpoint;
  }

  /// One member, ready.
  ///
  /// @param more options of etcd
  public static EtcdServer start(Path directory, String... more) throws Exception {
    return start(directory, "http", more);
  }

  /// One member whose clients need TLS, ready.
  static EtcdServer startTls(Path directory, String... more) throws Exception {
    return start(directory, "https", more);
  }

  private static EtcdServer start(Path directory, String scheme, String... more) throws Exception {
    int peerPort = FreePort.find();
    var server = member(directory, "m0", scheme, peerPort, "m0=" + peer(peerPort), more);
    server.start();
    server.awaitReady();
    return server;
  }

  /// A cluster of so many members, ready.
  static List<EtcdServer> startCluster(Path directory, int size) throws Exception {
    var peerPorts = new int[size];
    for (int i = 0; i < size; i++) {
      peerPorts[i] = FreePort.find();
    }
    var cluster =
        String.join(
            ",",
            IntStream.range(0, size).mapToObj(i -> "m" + i + "=" + peer(peerPorts[i])).toList());
    var members = new ArrayList<EtcdServer>();
    for (int i = 0; i < size; i++) {
      members.add(member(directory, "m" + i, "http", peerPorts[i], cluster));
    }
    for (var member : members) {
      member.start();
    }
    for (var member : members) {
      member.awaitReady();
    }
    return members;
  }

  private static EtcdServer member(
      Path directory, String name, String scheme, int peerPort, String cluster, String... more)
      throws IOException {
    var program = ForeignTools.find("etcd");
    assumeTrue(program.isPresent(), "etcd is not installed (Debian: etcd-server)");
    var endpoint = WitnessEndpoint.parse(scheme + "://127.0.0.1:" + FreePort.find());
    var command =
        new ArrayList<>(
            List.of(
                program.orElseThrow().toString(),
                "--name=" + name,
                "--data-dir=" + Files.createDirectories(directory).resolve(name),
                "--listen-client-urls=" + endpoint,
                "--advertise-client-urls=" + endpoint,
                "--listen-peer-urls=" + peer(peerPort),
                "--initial-advertise-peer-urls=" + peer(peerPort),
                "--initial-cluster=" + cluster,
                // Members that start one after the other would else be another cluster each time.
                "--initial-cluster-token=" + directory,
                "--heartbeat-interval=50",
                "--election-timeout=500",
                "--logger=zap",
                "--log-outputs=stderr"));
    command.addAll(List.of(more));
    return new EtcdServer(command, endpoint);
  }

  private static String peer(int port) {
    return "http://127.0.0.1:" + port;
  }

  /// Its client URL.
  public WitnessEndpoint endpoint() {
    return endpoint;
  }

  /// Starts it, with the data that it has.
  public void start() throws IOException {
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.startsWith("ETCD_"));
    var started = builder.start();
    process = started;
    var collected = new ArrayList<String>();
    lines = collected;
    Thread.ofPlatform()
        .daemon(true)
        .name("etcd " + started.pid())
        .start(() -> collect(started, collected));
  }

  void awaitReady() throws Exception {
    await("serving client traffic");
  }

  /// Waits for a line of the log since the last start.
  void await(String part) throws InterruptedException, TimeoutException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_SECONDS);
    var log = lines;
    synchronized (log) {
      while (log.stream().noneMatch(line -> line.contains(part))) {
        long leftMillis = (end - System.nanoTime()) / 1_000_000;
        if (leftMillis <= 0) {
          throw new TimeoutException("no `" + part + "` from etcd:\n" + String.join("\n", log));
        }
        log.wait(leftMillis);
      }
    }
  }

  /// Sends a signal by its name, as `STOP`.
  void signal(String name) throws Exception {
    var running = process;
    if (running != null) {
      var _ = new ProcessBuilder("kill", "-" + name, "" + running.pid()).start().waitFor();
    }
  }

  /// As `kill -9`; its data stay.
  public void kill() {
    var running = process;
    if (running != null) {
      running.destroyForcibly();
      try {
        var _ = running.waitFor(10, TimeUnit.SECONDS);
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    kill();
  }

  private static void collect(Process from, List<String> into) {
    try (var reader =
        new BufferedReader(new InputStreamReader(from.getInputStream(), StandardCharsets.UTF_8))) {
      for (var line = reader.readLine(); line != null; line = reader.readLine()) {
        synchronized (into) {
          into.add(line);
          into.notifyAll();
        }
      }
    } catch (IOException e) {
      // It was killed; what it wrote before is there.
    }
  }
}
