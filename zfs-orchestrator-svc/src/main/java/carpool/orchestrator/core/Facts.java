package carpool.orchestrator.core;

import java.util.List;
import java.util.function.Predicate;

/// What is known of the world outside the workflow. Nothing here is remembered over a restart.
final class Facts {
  /// Whether the pool is imported or mounted here.
  enum Here {
    UNKNOWN,
    NO,
    YES
  }

  Carp carp = Carp.UNKNOWN;
  String carpReason = "";
  boolean electionDead;

  /// False from the start until the service has answered, or could not be asked.
  boolean electionAsked = true;

  /// The addresses of the group, if it has any, are on the interface, as far as this node was told.
  boolean addressesPresent = true;

  List<ResourceFacts> resources = List.of();
  boolean replicatorUp;
  boolean replicatorDead;

  /// As with the election service.
  boolean replicatorAsked = true;

  Here here = Here.UNKNOWN;
  Health health = Health.NONE;

  /// Enough is known to decide what to do.
  boolean known() {
    return (carp != Carp.UNKNOWN || electionDead) && (replicatorUp || replicatorDead);
  }

  boolean all(Predicate<ResourceFacts> wanted) {
    return replicatorUp && !resources.isEmpty() && !any(wanted.negate());
  }

  boolean any(Predicate<ResourceFacts> wanted) {
    if (!replicatorUp) {
      return false;
    }
    for (var resource : resources) {
      if (wanted.test(resource)) {
        return true;
      }
    }
    return false;
  }

  boolean allInRole(Role role) {
    return all(resource -> resource.role() == role);
  }

  boolean anyPrimary() {
    return any(resource -> resource.role() == Role.PRIMARY);
  }

  boolean anyFenced() {
    return any(ResourceFacts::fenced);
  }

  /// The peer could take over now, as far as this node can know.
  boolean peerAble() {
    return all(ResourceFacts::peerAble);
  }

  /// The peer has, or gets from here, whatever this node has: a planned move to it loses nothing.
  boolean peerHasAll() {
    return all(resource -> resource.peerAble() || resource.givenUpWithoutDisk());
  }

  /// Names of the resources with this property, for texts.
  String names(Predicate<ResourceFacts> wanted) {
    return String.join(", ", resources.stream().filter(wanted).map(ResourceFacts::name).toList());
  }
}
