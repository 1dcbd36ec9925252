package carpool.orchestrator;

import carpool.orchestrator.peers.Facing;
import carpool.replicator.v1.DiskState;
import carpool.replicator.v1.LinkState;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Role;
import java.util.Collection;
import java.util.stream.Collectors;

/// Resources whose only complete copy is on this node, as far as it can know. Pure.
final class OnlyCopies {
  private OnlyCopies() {}

  /// Their names with the reason; empty: there is none.
  static String of(Collection<Resource> resources) {
    return resources.stream()
        .filter(OnlyCopies::only)
        .map(resource -> resource.getName() + why(resource))
        .collect(Collectors.joining(", "));
  }

  private static boolean only(Resource resource) {
    if (Facing.alone(resource) || resource.getDisk() != DiskState.DISK_STATE_UP_TO_DATE) {
      return false;
    }
    if (!connected(resource)) {
      // What a primary writes now is missing over there; a secondary does not know.
      return resource.getRole() == Role.ROLE_PRIMARY;
    }
    return resource.getPeerDisk() != DiskState.DISK_STATE_UP_TO_DATE
        && (resource.getRole() == Role.ROLE_PRIMARY || resource.getRole() == Role.ROLE_SECONDARY);
  }

  private static boolean connected(Resource resource) {
    return resource.getLink() == LinkState.LINK_STATE_CONNECTED;
  }

  private static String why(Resource resource) {
    return connected(resource)
        ? " (not up to date on " + resource.getPeerNode() + ")"
        : " (no connection to " + resource.getPeerNode() + ")";
  }
}
