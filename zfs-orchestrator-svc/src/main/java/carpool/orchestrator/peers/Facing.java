package carpool.orchestrator.peers;

import carpool.election.v1.Group;
import carpool.orchestrator.core.Carp;
import carpool.orchestrator.core.Refusal;
import carpool.orchestrator.core.ResourceFacts;
import carpool.orchestrator.core.Role;
import carpool.replicator.v1.DiskState;
import carpool.replicator.v1.LinkState;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.WatchStatusEvent;

/// What the other two services tell, in the core's words.
public final class Facing {
  private Facing() {}

  public static Carp carp(Group group) {
    return switch (group.getState()) {
      case STATE_INIT -> Carp.INIT;
      case STATE_BACKUP -> Carp.BACKUP;
      case STATE_MASTER -> Carp.MASTER;
      case STATE_UNSPECIFIED, UNRECOGNIZED -> Carp.UNKNOWN;
    };
  }

  public static Role role(carpool.replicator.v1.Role role) {
    return switch (role) {
      case ROLE_INIT -> Role.INIT;
      case ROLE_PRIMARY -> Role.PRIMARY;
      case ROLE_SECONDARY -> Role.SECONDARY;
      case ROLE_UNSPECIFIED, UNRECOGNIZED -> Role.UNKNOWN;
    };
  }

  public static ResourceFacts resource(Resource resource) {
    var role = role(resource.getRole());
    var connected = resource.getLink() == LinkState.LINK_STATE_CONNECTED;
    var alone = alone(resource);
    return new ResourceFacts(
        resource.getName(),
        role,
        role == Role.PRIMARY && resource.getExport().getDeviceReady(),
        resource.getResuming(),
        resource.getFenced(),
        Refusal.of(resource.getPromotionRefusal()),
        connected || alone,
        connected && resource.getPeerRole() == carpool.replicator.v1.Role.ROLE_PRIMARY,
        connected && resource.getPeerDisk() == DiskState.DISK_STATE_UP_TO_DATE,
        role == Role.PRIMARY && resource.getWitness().getHeldSinceUnixMillis() != 0);
  }

  /// `remote none`: there is no other node, and no link that could be missed.
  public static boolean alone(Resource resource) {
    return resource.getRemoteAddress().equals("none");
  }

  /// The hook event for an event of the replicator's watch; empty when there is none.
  public static String hook(WatchStatusEvent event) {
    return switch (event.getEvent()) {
      case "role", "connect", "disconnect", "split-brain" -> event.getEvent();
      case "disk" ->
          event.getResource().getDisk() == DiskState.DISK_STATE_FAILED ? "disk-error" : "";
      case "syncstart" -> "sync-start";
      case "syncdone" -> "sync-complete";
      case "syncintr" -> "sync-interrupted";
      default -> "";
    };
  }
}
