package carpool.orchestrator.demotion;

import carpool.election.v1.Group;
import carpool.orchestrator.core.OutdatedCopies;
import carpool.orchestrator.core.OutdatedCopies.Candidate;
import carpool.orchestrator.core.OutdatedCopies.Heard;
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
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Marks copies outdated: tells [OutdatedCopies] what the replicator and CARP say, and asks the
/// replicator for the marks. Any thread; the lock covers the rule and no call.
public final class LinkLosses {
  private static final Logger LOG = LoggerFactory.getLogger("carpool.orchestrator");

  private final ReplicatorPeer replicator;
  private final OutdatedCopies copies;

  /// Knows nothing at first.
  ///
  /// @param hold for which a node waits for its own replicator
  public LinkLosses(ReplicatorPeer replicator, Duration hold) {
    this.replicator = replicator;
    this.copies = new OutdatedCopies(hold.toNanos());
  }

  /// What the watch told.
  public void seen(Collection<Resource> resources) {
    var now = System.nanoTime();
    synchronized (copies) {
      for (var resource : resources) {
        copies.seen(now, resource.getName(), lost(resource));
      }
    }
  }

  private static boolean lost(Resource resource) {
    return resource.getLink() != LinkState.LINK_STATE_CONNECTED
        && resource.getLink() != LinkState.LINK_STATE_OFF
        && Facing.role(resource.getRole()) == Role.SECONDARY;
  }

  /// What is heard of the peer now.
  public void heard(Group group, Collection<String> resources) {
    if (!group.hasHeard()) {
      return;
    }
    var heard =
        new Heard(
            Facing.carp(group),
            group.getHeard().getSilentMillis() * 1_000_000,
            group.getHeard().getAdvskew());
    List<Candidate> candidates;
    synchronized (copies) {
      candidates = copies.candidates(System.nanoTime(), heard, resources);
    }
    for (var candidate : candidates) {
      if (confirmed(candidate, heard)
          && mark(candidate.resource(), group.getHeard().getSourceAddress())) {
        synchronized (copies) {
          copies.marked(candidate);
        }
      }
    }
  }

  private boolean confirmed(Candidate candidate, Heard heard) {
    try {
      var status = replicator.status();
      var runningMillis = System.currentTimeMillis() - status.getProcess().getStartedUnixMillis();
      return status.getResourcesList().stream()
          .filter(r -> r.getName().equals(candidate.resource()))
          .filter(r -> r.getLink() != LinkState.LINK_STATE_CONNECTED)
          .mapToLong(r -> r.getPeerSilentMillis() < 0 ? runningMillis : r.getPeerSilentMillis())
          .anyMatch(millis -> copies.confirmed(heard, millis * 1_000_000));
    } catch (StatusRuntimeException e) {
      LOG.warn(
          "resource {}: the replicator does not answer: {}",
          candidate.resource(),
          Refusals.text(e));
      return false;
    }
  }

  private boolean mark(String name, String master) {
    var cause = "MASTER " + master + " is heard while the replication link is down";
    LOG.warn("resource {}: its copy is outdated: {}", name, cause);
    try {
      var _ =
          replicator
              .stub(Duration.ofSeconds(2))
              .markOutdated(
                  MarkOutdatedRequest.newBuilder().addResources(name).setCause(cause).build());
      return true;
    } catch (StatusRuntimeException e) {
      LOG.warn("resource {}: could not be marked outdated: {}", name, Refusals.text(e));
      return false;
    }
  }
}
