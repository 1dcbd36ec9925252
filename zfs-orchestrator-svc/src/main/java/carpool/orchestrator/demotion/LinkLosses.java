package carpool.orchestrator.demotion;

import carpool.election.v1.Group;
import carpool.orchestrator.core.OutdatedRule;
import carpool.orchestrator.core.Role;
import carpool.orchestrator.peers.Facing;
import carpool.orchestrator.peers.Refusals;
import carpool.orchestrator.peers.ReplicatorPeer;
import carpool.replicator.v1.LinkState;
import carpool.replicator.v1.MarkOutdatedRequest;
import carpool.replicator.v1.Resource;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Since when each secondary has been without its link, and the mark on its copy once the peer is
/// known to go on without it. Any thread.
public final class LinkLosses {
  private static final Logger LOG = LoggerFactory.getLogger("carpool.orchestrator");

  private static final class Loss {
    final long sinceNanos;
    boolean marked;

    Loss(long sinceNanos) {
      this.sinceNanos = sinceNanos;
    }
  }

  private final ReplicatorPeer replicator;
  private final long holdNanos;
  private final Map<String, Loss> losses = new HashMap<>();

  /// Knows nothing at first.
  ///
  /// @param hold for which a node waits for its own replicator
  public LinkLosses(ReplicatorPeer replicator, Duration hold) {
    this.replicator = replicator;
    this.holdNanos = hold.toNanos();
  }

  /// What the watch told.
  public synchronized void seen(Collection<Resource> resources) {
    for (var resource : resources) {
      var lost =
          resource.getLink() != LinkState.LINK_STATE_CONNECTED
              && resource.getLink() != LinkState.LINK_STATE_OFF
              && Facing.role(resource.getRole()) == Role.SECONDARY;
      if (lost) {
        losses.computeIfAbsent(resource.getName(), _ -> new Loss(System.nanoTime()));
      } else {
        losses.remove(resource.getName());
      }
    }
  }

  /// What is heard of the peer now.
  public synchronized void heard(Group group, Collection<String> resources) {
    if (!group.hasHeard()) {
      return;
    }
    var now = System.nanoTime();
    for (var name : resources) {
      var loss = losses.get(name);
      if (loss != null
          && !loss.marked
          && OutdatedRule.holds(
              Facing.carp(group),
              Role.SECONDARY,
              now - loss.sinceNanos,
              group.getHeard().getSilentMillis() * 1_000_000,
              group.getHeard().getAdvskew(),
              holdNanos)
          && silent(name, group.getHeard().getSilentMillis() * 1_000_000)) {
        mark(name, loss, group.getHeard().getSourceAddress());
      }
    }
  }

  /// What the replicator says now. A loss that was seen may be over, and another one have begun,
  /// while this process was not running or had not read what it was told.
  private boolean silent(String name, long heardNanos) {
    try {
      var status = replicator.status();
      var runningMillis = System.currentTimeMillis() - status.getProcess().getStartedUnixMillis();
      return status.getResourcesList().stream()
          .filter(r -> r.getName().equals(name) && r.getLink() != LinkState.LINK_STATE_CONNECTED)
          .mapToLong(r -> r.getPeerSilentMillis() < 0 ? runningMillis : r.getPeerSilentMillis())
          .anyMatch(m -> OutdatedRule.silentLongEnough(m * 1_000_000, heardNanos, holdNanos));
    } catch (StatusRuntimeException e) {
      LOG.warn("resource {}: the replicator does not answer: {}", name, Refusals.text(e));
      return false;
    }
  }

  private void mark(String name, Loss loss, String master) {
    var cause = "MASTER " + master + " is heard while the replication link is down";
    LOG.warn("resource {}: its copy is outdated: {}", name, cause);
    try {
      var _ =
          replicator
              .stub(Duration.ofSeconds(2))
              .markOutdated(
                  MarkOutdatedRequest.newBuilder().addResources(name).setCause(cause).build());
      loss.marked = true;
    } catch (StatusRuntimeException e) {
      LOG.warn("resource {}: could not be marked outdated: {}", name, Refusals.text(e));
    }
  }
}
