package carpool.orchestrator.control;

import carpool.orchestrator.core.Cause;
import carpool.orchestrator.core.Refusal;
import carpool.orchestrator.peers.Facing;
import carpool.orchestrator.v1.GetStatusResponseOrBuilder;
import carpool.orchestrator.v1.Note;
import carpool.orchestrator.v1.Pool;
import carpool.orchestrator.v1.PoolState;
import carpool.orchestrator.v1.Readiness;
import carpool.replicator.v1.DiskState;
import carpool.replicator.v1.LinkState;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Role;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// The one verdict of a node: ready to fail over, or not because. Seen from the node that serves
/// the other one is judged, seen from a standby this one. Every page shows this and nothing else.
/// Pure.
final class ReadinessRule {
  private ReadinessRule() {}

  /// @param peer what the other node's orchestrator said lately; empty when nothing
  static Readiness of(GetStatusResponseOrBuilder status, Note peer) {
    var reasons = new LinkedHashSet<String>();
    for (var problem : List.of(status.getElectionProblem(), status.getReplicatorProblem())) {
      if (!problem.isEmpty()) {
        reasons.add(problem);
      }
    }
    status.getResourcesList().forEach(resource -> reasons.addAll(resource(resource)));
    var serving = status.getPoolsList().stream().filter(ReadinessRule::holds).toList();
    var standby = status.getPoolsCount() > 0 && serving.isEmpty();
    if (standby || status.getPoolsCount() == 0) {
      ownWord(status, reasons);
    }
    if (!standby) {
      peersWord(status, peer, reasons);
    }
    status.getPoolsList().stream()
        .filter(pool -> pool.getState() == PoolState.POOL_STATE_BLOCKED)
        .forEach(pool -> reasons.add("pool " + pool.getName() + ": " + pool.getProblem()));
    return Readiness.newBuilder().setReady(reasons.isEmpty()).addAllReasons(reasons).build();
  }

  private static boolean holds(Pool pool) {
    return switch (pool.getState()) {
      case POOL_STATE_STANDBY, POOL_STATE_UNSPECIFIED, UNRECOGNIZED -> false;
      case POOL_STATE_TAKING_OVER,
          POOL_STATE_SERVING,
          POOL_STATE_GIVING_UP,
          POOL_STATE_BLOCKED,
          POOL_STATE_NO_POOL,
          POOL_STATE_CUT_OFF ->
          true;
    };
  }

  private static void ownWord(GetStatusResponseOrBuilder status, Set<String> reasons) {
    if (status.getUnmanaged()) {
      reasons.add("this node is unmanaged");
    }
    status.getDemotionsList().stream()
        // What the resources say was said already.
        .filter(d -> !d.getCause().equals(Cause.REPLICATION_LINK.word()))
        .forEach(d -> reasons.add("this node is demoted (" + d.getCause() + "): " + d.getText()));
  }

  private static void peersWord(GetStatusResponseOrBuilder status, Note peer, Set<String> reasons) {
    if (status.getUnmanaged()) {
      reasons.add("this node is unmanaged");
    }
    if (peer.getNode().isEmpty()) {
      if (status.getResourcesList().stream().anyMatch(r -> !Facing.alone(r))) {
        reasons.add("the orchestrator of the other node has said nothing for 10 s");
      }
      return;
    }
    if (peer.getMaintenance()) {
      reasons.add(peer.getNode() + " is in maintenance");
    }
    if (peer.getUnmanaged()) {
      reasons.add(peer.getNode() + " is unmanaged");
    }
    for (var failed : peer.getFailCountsList()) {
      reasons.add(
          "%s of pool %s failed on %s: %s"
              .formatted(failed.getWhat(), failed.getPool(), peer.getNode(), failed.getText()));
    }
  }

  private static List<String> resource(Resource resource) {
    var out = new ArrayList<String>();
    var name = resource.getName();
    var peer = resource.getPeerNode();
    if (Facing.alone(resource)) {
      out.add(name + " has no other node (remote none)");
    } else if (resource.getSplitBrain()) {
      out.add(name + " is in split brain");
    } else if (resource.getLink() != LinkState.LINK_STATE_CONNECTED) {
      out.add(name + " is not connected to " + peer);
    } else if (resource.getRole() == Role.ROLE_PRIMARY) {
      if (resource.getPeerDisk() != DiskState.DISK_STATE_UP_TO_DATE) {
        out.add(
            name
                + ": the copy on "
                + peer
                + " is not up to date ("
                + resource.getPeerDisk().name().substring("DISK_STATE_".length())
                + ")");
      }
    } else if (resource.getRole() != Role.ROLE_SECONDARY) {
      out.add(name + " has no role on this node");
    } else if (Refusal.of(resource.getPromotionRefusal()).stays()) {
      out.add(name + " must not be served here: " + resource.getPromotionRefusal());
    }
    return out;
  }
}
