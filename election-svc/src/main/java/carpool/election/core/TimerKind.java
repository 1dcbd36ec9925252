package carpool.election.core;

/// The timers of a group; each kind is armed at most once, a newer token makes older ones void.
public enum TimerKind {
  /// MASTER: the next advertisement is due.
  ADVERTISE,
  /// BACKUP: no acceptable advertisement was heard for the dead time.
  MASTER_DOWN,
  /// BACKUP: our claim was on the wire long enough to be contradicted.
  CLAIM,
  /// MASTER: tell the neighbours again where the address is.
  ANNOUNCE,
  /// MASTER, late with its advertisement: hold the addresses again if nobody objected.
  RENEW,
  /// The orchestrator promised to speak again before now.
  ORCHESTRATOR
}
