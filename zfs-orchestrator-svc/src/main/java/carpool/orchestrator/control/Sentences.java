package carpool.orchestrator.control;

import carpool.election.v1.Group;
import carpool.election.v1.State;
import carpool.orchestrator.core.Health;
import carpool.orchestrator.core.Refusal;
import carpool.orchestrator.peers.Facing;
import carpool.orchestrator.v1.GetStatusResponse;
import carpool.orchestrator.v1.GetStatusResponseOrBuilder;
import carpool.orchestrator.v1.Pool;
import carpool.orchestrator.v1.PoolState;
import carpool.replicator.v1.LinkState;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Role;
import carpool.replicator.v1.SyncState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// What the state means, for people.
final class Sentences {
  private Sentences() {}

  /// What an operator should see without asking.
  ///
  /// @param now ages are measured from it
  static List<String> warnings(
      List<Node.PoolStatus> pools, GetStatusResponseOrBuilder status, Instant now) {
    var out = new ArrayList<String>();
    for (var pool : pools) {
      var health = pool.view().health();
      if (health != Health.NONE && health != Health.ONLINE) {
        out.add(
            health == Health.UNMOUNTED
                ? "pool "
                    + pool.spec().name()
                    + ": a dataset that should be mounted is not; zfs mount shows those that are"
                : "pool " + pool.spec().name() + " is " + health + "; zpool status tells more");
      }
    }
    for (var network : status.getClientNetworksList()) {
      // While it gives way, its cause of demotion says why.
      if (!network.getProblem().isEmpty() && !network.getGivesWay()) {
        out.add(network.getProblem());
      }
    }
    for (var resource : status.getResourcesList()) {
      if (resource.getRole() == Role.ROLE_PRIMARY
          && resource.getLink() != LinkState.LINK_STATE_CONNECTED
          && !Facing.alone(resource)) {
        out.add(
            resource.getName()
                + " is written on this node only: no connection to "
                + resource.getPeerNode());
      }
      if (resource.getFenced()) {
        out.add(
            resource.getName()
                + " is fenced: the peer has newer data, or may serve meanwhile; the pool is given"
                + " up");
      }
    }
    out.addAll(new WitnessSentences(now).warnings(status.getResourcesList()));
    return out;
  }

  /// Why each thing is as it is.
  ///
  /// @param now ages are measured from it
  static List<String> explain(GetStatusResponse status, Instant now) {
    var out = new ArrayList<String>();
    out.add(
        status.getReadiness().getReady()
            ? "Ready to fail over: yes."
            : "Ready to fail over: no, because "
                + String.join("; ", status.getReadiness().getReasonsList())
                + ".");
    if (!status.getElectionProblem().isEmpty()) {
      out.add(status.getElectionProblem() + ".");
    }
    if (!status.getReplicatorProblem().isEmpty()) {
      out.add(status.getReplicatorProblem() + ".");
    }
    status.getGroupsList().forEach(group -> out.add(group(group)));
    for (var network : status.getClientNetworksList()) {
      out.add(
          "Clients' network of group %s: %s."
              .formatted(
                  network.getGroup(),
                  network.getProblem().isEmpty() ? network.getText() : network.getProblem()));
    }
    for (var failback : status.getFailbacksList()) {
      out.add(
          "Failback of group %s to %s, the preferred node: %s."
              .formatted(failback.getGroup(), failback.getNode(), failback.getText()));
    }
    for (var pool : status.getPoolsList()) {
      out.add(pool(pool));
      if (servedByWord(pool, status)) {
        out.add(
            "It is served by an operator's word (carpool takeover): the other node is MASTER and"
                + " has the address; it gives the role back when it has waited for the pool for"
                + " 90 s, or at once by carpool carp resign "
                + pool.getFollows()
                + " there.");
      }
    }
    out.addAll(new WitnessSentences(now).explain(status.getResourcesList()));
    status.getResourcesList().forEach(resource -> out.add(resource(resource)));
    if (status.getDemotionsCount() == 0) {
      out.add("Nothing stands against this node.");
    }
    status
        .getDemotionsList()
        .forEach(d ->
            out.add(
                "Demoted by %d because of %s: %s."
                    .formatted(d.getAmount(), d.getCause(), d.getText())));
    return out;
  }

  private static boolean servedByWord(Pool pool, GetStatusResponse status) {
    return pool.getState() == PoolState.POOL_STATE_SERVING
        && status.getGroupsList().stream()
            .anyMatch(
                g -> g.getName().equals(pool.getFollows()) && g.getState() == State.STATE_BACKUP);
  }

  private static String group(Group group) {
    var head = "Group " + group.getName() + " is " + name(group.getState());
    if (group.getState() == State.STATE_BACKUP && group.hasHeard()) {
      var heard = group.getHeard();
      var lately = heard.getSilentMillis() <= group.getMasterDownMillis();
      head +=
          (lately
                  ? ": %s is MASTER with advskew %d, heard %.1f s ago"
                  : ": no MASTER is heard; %s with advskew %d was the last, %.1f s ago")
              .formatted(
                  heard.getSourceAddress(), heard.getAdvskew(), heard.getSilentMillis() / 1000.0);
    } else if (!group.getReason().isEmpty()) {
      head += ": " + group.getReason();
    }
    if (group.getState() == State.STATE_BACKUP) {
      head +=
          group.getEligible()
              ? "; it would take over after %.1f s of silence"
                  .formatted(group.getMasterDownMillis() / 1000.0)
              : "; it does not become MASTER while a cause rules it out";
    }
    return head + ".";
  }

  private static String name(State state) {
    return switch (state) {
      case STATE_INIT -> "INIT";
      case STATE_BACKUP -> "BACKUP";
      case STATE_MASTER -> "MASTER";
      case STATE_UNSPECIFIED, UNRECOGNIZED -> "unknown";
    };
  }

  private static String pool(Pool pool) {
    var head =
        "Pool "
            + pool.getName()
            + switch (pool.getState()) {
              case POOL_STATE_STANDBY -> " is not served here";
              case POOL_STATE_TAKING_OVER -> " is being taken over";
              case POOL_STATE_SERVING -> " is served here, " + pool.getHealth();
              case POOL_STATE_GIVING_UP -> " is being given up";
              case POOL_STATE_BLOCKED -> " should be served here and cannot be";
              case POOL_STATE_NO_POOL -> " is not on the devices, which are here";
              case POOL_STATE_CUT_OFF -> " hangs on devices that were cut off";
              case POOL_STATE_UNSPECIFIED, UNRECOGNIZED -> " is in an unknown state";
            };
    if (!pool.getStep().isEmpty()) {
      head += ", step " + pool.getStep();
    }
    if (!pool.getProblem().isEmpty()) {
      head += ": " + pool.getProblem();
    }
    return pool.getHint().isEmpty() ? head + "." : head + ". What to do: " + pool.getHint() + ".";
  }

  private static String resource(Resource resource) {
    var head = "Resource " + resource.getName() + " is " + role(resource.getRole());
    if (resource.getResuming()) {
      head +=
          ", I/O is held: its replicator was restarted and becomes primary again when it has met"
              + " the other node, or goes on alone if its own disk says so";
    } else if (resource.getComplete()) {
      head += ", both copies are in step";
    } else if (resource.getLink() != LinkState.LINK_STATE_CONNECTED) {
      head += ", without a connection to " + resource.getPeerNode();
    }
    var sync = resource.getSync();
    if (sync.getState() == SyncState.SYNC_STATE_TARGET
        || sync.getState() == SyncState.SYNC_STATE_SOURCE) {
      head +=
          ", %d %% synchronised"
              .formatted(
                  sync.getTotalBytes() == 0
                      ? 0
                      : 100 - 100 * sync.getLeftBytes() / sync.getTotalBytes());
    }
    if (resource.getRole() != Role.ROLE_PRIMARY
        && Refusal.of(resource.getPromotionRefusal()).stays()) {
      head += "; it may not become primary here: " + refusal(resource.getPromotionRefusal());
    }
    return head + ".";
  }

  private static String refusal(String reason) {
    return switch (Refusal.of(reason)) {
      case COPY_INCONSISTENT -> "a synchronisation into this copy has not finished";
      case COPY_OUTDATED -> "the other node went on without this copy";
      case CURRENCY_UNKNOWN -> "the other node may have newer data and was not met yet";
      case SPLIT_BRAIN -> "both copies were written while apart";
      case PEER_UNHEARD -> "the other node could not be asked";
      case DISK_UNUSABLE -> "its disk is missing or failed";
      case WITNESS_NAMES_PEER ->
          "the witness says that only the other node may serve. What to do: start that node and let"
              + " it synchronise this one; if it is lost for good: carpool takeover --force";
      case WITNESS_FOREIGN ->
          "the witness has no record that the nodes trust. What to do: start the other node, then"
              + " carpool witness replace; if it is lost for good: carpool takeover --force";
      case WITNESS_UNHEARD ->
          "neither the other node nor the witness answers. What to do: bring back either of them";
      case NONE, PEER_IS_PRIMARY, OTHER -> reason;
    };
  }

  private static String role(Role role) {
    return switch (role) {
      case ROLE_INIT -> "not in use (role init)";
      case ROLE_PRIMARY -> "primary";
      case ROLE_SECONDARY -> "secondary";
      case ROLE_UNSPECIFIED, UNRECOGNIZED -> "without a known role";
    };
  }
}
