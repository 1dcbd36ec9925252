package carpool.replicator.control;

import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.SyncVerdict;
import carpool.replicator.resource.ResourceNode;
import carpool.replicator.status.Snapshot;
import carpool.replicator.v1.SyncResult;
import java.util.function.Function;

/// Orders to copy and to compare, and their answers.
final class SyncOrders {
  private SyncOrders() {}

  static SyncResult carryOut(ResourceNode resource, Function<ReplicationCore, SyncVerdict> order) {
    var name = resource.resource().name();
    var result = SyncResult.newBuilder().setResource(name);
    var verdict = resource.order(order).orElse(SyncVerdict.NOT_PRIMARY);
    if (verdict != SyncVerdict.ALLOWED) {
      return result
          .setError(ResourceMapper.error(ResourceMapper.reason(verdict), name, hint(verdict)))
          .setMessage(text(verdict))
          .build();
    }
    var core = Snapshot.of(resource).core();
    return result.setTotalBytes(core == null ? 0 : core.sync().leftBytes()).build();
  }

  private static String text(SyncVerdict verdict) {
    return switch (verdict) {
      case ALLOWED -> "";
      case NOT_PRIMARY -> "this node is not primary; blocks go from the primary to the secondary";
      case NOT_CONNECTED -> "the peer is not connected";
      case NOT_IN_STEP -> "the copies are being synchronised, or a disk has failed";
      case UNJUDGED ->
          "a verification found blocks that differ, and nothing tells which copy is right";
    };
  }

  private static String hint(SyncVerdict verdict) {
    return switch (verdict) {
      case ALLOWED -> "";
      case NOT_PRIMARY -> "give the command on the primary";
      case NOT_CONNECTED -> "what differs is copied by itself when the peer is back";
      case NOT_IN_STEP -> "verify when status says complete";
      case UNJUDGED ->
          "find out which copy is right; when that node is primary: carpool verify --repair --source"
              + " local";
    };
  }
}
