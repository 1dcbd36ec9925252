package carpool.election.core;

/// From which living MASTER a better node takes the role.
public enum Preempt {
  /// From none.
  NEVER,
  /// From each that is slower: CARP's own rule.
  SLOWER,
  /// From one that says that it is demoted. One that is well keeps the role: the orchestrators move
  /// a served pool by agreement, and CARP follows.
  DEMOTED
}
