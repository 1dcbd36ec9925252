package carpool.orchestrator.core;

import java.util.List;
import java.util.Set;

/// Everything that can happen to one pool.
public sealed interface PoolEvent {

  /// The shell's monotonic clock, nanoseconds.
  long nowNanos();

  /// The process begins, and asks both services from now on.
  record Started(long nowNanos) implements PoolEvent {}

  /// The election group changed, or the election service is lost or back.
  ///
  /// @param reason in the election's words
  record CarpSeen(long nowNanos, Carp carp, String reason) implements PoolEvent {}

  /// Whether all addresses of the election group are on the interface of this node.
  record AddressesSeen(long nowNanos, boolean present) implements PoolEvent {}

  /// The resources of this pool, all of them, as the replicator told last.
  record ResourcesSeen(long nowNanos, List<ResourceFacts> resources) implements PoolEvent {}

  /// The replicator does not answer.
  record ReplicatorLost(long nowNanos) implements PoolEvent {}

  /// What follows for this node from the state of its client network.
  ///
  /// @param lost why it has to give way to the other node; empty: it has not
  record ClientNetworkJudged(long nowNanos, String lost) implements PoolEvent {}

  /// What the other node says of this pool.
  ///
  /// @param known false: it has said nothing lately
  /// @param failed what failed there within its window
  record PeerSaid(long nowNanos, boolean known, Set<String> failed) implements PoolEvent {}

  /// A step ended well. `imported` and `health` are meant by [Step.Inspect] only.
  record StepDone(long nowNanos, long token, boolean imported, Health health, String text)
      implements PoolEvent {}

  /// A step failed.
  record StepFailed(long nowNanos, long token, Failure failure) implements PoolEvent {}

  /// A timer asked for by [PoolEffect.ArmTimer] ran out.
  record TimerFired(long nowNanos, long token) implements PoolEvent {}

  /// An operator asked; the answer is a [PoolEffect.Answer] with this id.
  record Asked(long nowNanos, long id, Command command) implements PoolEvent {}
}
