package carpool.replicator.device;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// `nbdkit --filter=retry nbd` between the device and the replicator's socket: it repeats a request
/// whose connection broke, so that a restart of the replicator is a pause (lab.md 3.2).
final class Proxy {
  private static final Duration START = Duration.ofSeconds(15);

  private final String exportName;
  private final Path nbdSocket;
  private final Path socket;
  private final int retrySeconds;
  final Companion nbdkit;

  Proxy(DeviceSettings settings, String exportName, Path nbdSocket) {
    this.exportName = exportName;
    this.nbdSocket = nbdSocket;
    var directory = settings.stateDirectory();
    socket = directory.resolve(exportName + ".sock");
    retrySeconds = Math.toIntExact(Math.max(1, settings.hold().toSeconds()));
    nbdkit =
        new Companion("nbdkit", directory.resolve(exportName + ".nbdkit.log"), socket.toString());
  }

  Path socket() {
    return socket;
  }

  boolean isUp() {
    return Files.exists(socket) && nbdkit.running().isPresent();
  }

  void start(Deadline deadline) throws DeviceException, InterruptedException {
    Leftovers.delete(socket);
    nbdkit.start(
        List.of(
            "-f",
            "-U",
            socket.toString(),
            "--filter=retry",
            "nbd",
            "socket=" + nbdSocket,
            "export=" + exportName,
            "retries=" + retrySeconds,
            "retry-delay=1",
            "retry-exponential=no"));
    var up = deadline.atMost(START).await(() -> isUp() || nbdkit.hasEnded());
    if (!up || !isUp()) {
      throw new DeviceException("nbdkit does not start: " + nbdkit.lastWords());
    }
  }

  boolean stop(Deadline deadline) throws InterruptedException {
    var stopped = nbdkit.stop(deadline);
    Leftovers.delete(socket);
    return stopped;
  }
}
