package carpool.election.peer;

import carpool.election.v1.ElectionGrpc;
import carpool.election.v1.GetStatusRequest;
import carpool.election.v1.Group;
import carpool.kit.grpc.Channels;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The service itself, as its own process, started as in production but with a small JVM.
final class OwnNode extends CarpNode {
  private final Path directory;
  private final String interfaceName;
  private final ManagedChannel channel;

  private OwnNode(Process process, Path directory, String interfaceName) {
    super(process);
    this.directory = directory;
    this.interfaceName = interfaceName;
    this.channel = Channels.unix(directory.resolve("run/election.sock"));
  }

  /// Starts on a node of the wire and waits until it listens.
  ///
  /// @param yaml lines of the group besides name and interface
  static OwnNode start(Wire wire, int node, String... yaml) {
    Path directory = wire.directory().resolve("node" + node);
    var config = new StringBuilder();
    config.append("cluster: test\n");
    config.append("hast: ").append(directory).append("/hast.conf\n");
    config.append("runtime-dir: ").append(directory).append("/run\n");
    config.append("state-dir: ").append(directory).append("/state\n");
    config.append("election:\n  - name: storage\n    interface: eth0\n");
    for (String line : yaml) {
      config.append("    ").append(line).append('\n');
    }
    Path log = directory.resolve("log");
    try {
      Files.createDirectories(directory);
      Files.writeString(directory.resolve("hast.conf"), "");
      Files.writeString(directory.resolve("carpool.yaml"), config);
      Files.deleteIfExists(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    var argv = new ArrayList<>(List.of("ip", "netns", "exec", wire.ns(node)));
    argv.add(ProcessHandle.current().info().command().orElse("java"));
    argv.addAll(
        List.of(
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx128m",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            System.getProperty("java.class.path", ""),
            "carpool.election.Main",
            "--config",
            directory.resolve("carpool.yaml").toString(),
            "--node",
            "node" + node));
    var own = wire.guest(new OwnNode(Command.start(log, argv), directory, "eth0"));
    Command.await(20, "ready; log:\n" + own.log(), () -> own.log().contains("ready: "));
    return own;
  }

  @Override
  boolean isMaster() {
    return role().equals("MASTER");
  }

  /// From the last transition in the log.
  String role() {
    String last = "INIT";
    for (String line : log().lines().toList()) {
      int arrow = line.indexOf(" -> ");
      if (arrow >= 0 && line.contains("carp: ") && line.contains("@" + interfaceName)) {
        last = line.substring(arrow + 4, line.indexOf(' ', arrow + 4));
      }
    }
    return last;
  }

  @Override
  String log() {
    return Command.read(directory.resolve("log"));
  }

  /// Over the control socket.
  Group status() {
    return call(stub -> stub.getStatus(GetStatusRequest.getDefaultInstance()).getGroups(0));
  }

  <T> T call(java.util.function.Function<ElectionGrpc.ElectionBlockingStub, T> call) {
    return call.apply(
        ElectionGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS));
  }

  @Override
  public void close() {
    channel.shutdownNow();
    super.close();
  }
}
