package carpool.orchestrator.peers;

import java.nio.file.Path;
import java.time.Duration;

/// How this node's other two services are reached.
///
/// @param socket unix socket
/// @param retry between attempts to watch again
/// @param ping between questions whether it lives
/// @param patience how long an answer may take
public record PeerSettings(Path socket, Duration retry, Duration ping, Duration patience) {

  /// What fits processes that a supervisor restarts within a second.
  public static PeerSettings of(Path socket) {
    return new PeerSettings(
        socket, Duration.ofMillis(200), Duration.ofSeconds(2), Duration.ofSeconds(2));
  }
}
