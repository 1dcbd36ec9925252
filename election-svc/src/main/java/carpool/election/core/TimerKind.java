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
  /// BACKUP that could not hold the addresses as MASTER: look whether it could now.
  CHECK_ADDRESSES,
  /// BACKUP whose sends were refused as MASTER: it sends nothing that could be refused again.
  FORGET_SEND_ERRORS,
  /// The orchestrator promised to speak again before now.
  ORCHESTRATOR
}
