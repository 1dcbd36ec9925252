package carpool.cli;

import carpool.election.v1.ElectionGrpc;
import carpool.kit.config.ConfigLoader;
import carpool.kit.grpc.Channels;
import carpool.orchestrator.v1.OrchestratorGrpc;
import carpool.replicator.v1.ReplicatorGrpc;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Connections to the services of this node, made when they are first needed.
final class Services implements AutoCloseable {
  private final Carpool options;
  private final List<ManagedChannel> channels = new ArrayList<>();

  Services(Carpool options) {
    this.options = options;
  }

  ReplicatorGrpc.ReplicatorBlockingStub replicator() {
    return ReplicatorGrpc.newBlockingStub(channel(LocalService.REPLICATOR))
        .withDeadlineAfter(options.timeout().toMillis(), TimeUnit.MILLISECONDS);
  }

  ElectionGrpc.ElectionBlockingStub election() {
    return ElectionGrpc.newBlockingStub(channel(LocalService.ELECTION))
        .withDeadlineAfter(options.timeout().toMillis(), TimeUnit.MILLISECONDS);
  }

  OrchestratorGrpc.OrchestratorBlockingStub orchestrator() {
    return orchestratorStream()
        .withDeadlineAfter(options.timeout().toMillis(), TimeUnit.MILLISECONDS);
  }

  /// Without a deadline: for streams that run as long as the operator looks.
  OrchestratorGrpc.OrchestratorBlockingStub orchestratorStream() {
    return OrchestratorGrpc.newBlockingStub(channel(LocalService.ORCHESTRATOR));
  }

  /// Whether somebody listens on the service's socket.
  boolean runs(LocalService service) {
    try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return channel.connect(UnixDomainSocketAddress.of(socket(service)));
    } catch (IOException e) {
      return false;
    }
  }

  /// What to tell when the service does not answer.
  CliFailure notRunning(LocalService service) {
    var socket = socket(service);
    if (!Files.isReadable(socket) && Files.exists(socket)) {
      return new CliFailure(
          Exit.FAILED, "no permission to use " + socket + "; run as root (its owner)");
    }
    var directory = socket.getParent();
    if (directory != null && Files.isDirectory(directory) && !Files.isExecutable(directory)) {
      return new CliFailure(
          Exit.FAILED, "no permission to look into " + directory + "; run as root (its owner)");
    }
    return new CliFailure(
        Exit.FAILED,
        """
        %s is not running on this node: nobody listens on %s
          start it:  systemctl start %s   (or: %s --config %s)
          if it runs with another runtime-dir, name that with --socket-dir or --config\
        """
            .formatted(
                service.program(), socket, service.program(), service.program(), options.config()));
  }

  Path socket(LocalService service) {
    return socketDir().resolve(service.socketName());
  }

  @Override
  public void close() {
    channels.forEach(ManagedChannel::shutdownNow);
  }

  private Path socketDir() {
    return options
        .socketDir()
        .or(() -> ConfigLoader.runtimeDirectory(options.config(), options.node()))
        .orElse(Path.of("/run/carpool"));
  }

  /// The user, also behind sudo; the journals of the services name it.
  private static String who() {
    var user = System.getProperty("user.name", "root");
    var behind = System.getenv("SUDO_USER");
    return "carpool as " + user + (behind == null ? "" : " (sudo of " + behind + ")");
  }

  private ManagedChannel channel(LocalService service) {
    if (!runs(service)) {
      throw notRunning(service);
    }
    var channel = Channels.unix(socket(service), who());
    channels.add(channel);
    return channel;
  }
}
