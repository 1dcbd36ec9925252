package carpool.kit.config;

import java.util.List;
import java.util.Optional;

/// What hast.conf says, seen from one node.
///
/// @param control path of the original's control socket (kept for its messages, not used)
/// @param pidfile path of the original's pid file (kept, not used)
/// @param listen where the peer replicator may connect, global entries first
/// @param resources in file order
public record HastConfig(
    NodeName node,
    String control,
    String pidfile,
    List<HastAddress> listen,
    List<HastResource> resources) {

  /// The resource of that name, if configured.
  public Optional<HastResource> resource(String name) {
    return resources.stream().filter(r -> r.name().equals(name)).findFirst();
  }
}
