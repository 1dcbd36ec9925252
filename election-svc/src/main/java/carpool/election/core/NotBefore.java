package carpool.election.core;

/// What a BACKUP that hears a master must not do yet, by the shell's clock. Silence is not bound by
/// these: after a full dead time without a master any node may take over.
///
/// @param listenUntilNanos no takeover by advertisement before this: the node has just begun to
///   listen
/// @param claimNanos no takeover by advertisement before this: one was contradicted
/// @param preemptNanos no preemption before this: the role was lost or given away just now
record NotBefore(long listenUntilNanos, long claimNanos, long preemptNanos) {

  /// Nothing forbidden from now on.
  static NotBefore none(long now) {
    return new NotBefore(now, now, now);
  }

  NotBefore listenUntil(long nanos) {
    return new NotBefore(nanos, claimNanos, preemptNanos);
  }

  NotBefore claim(long nanos) {
    return new NotBefore(listenUntilNanos, nanos, preemptNanos);
  }

  NotBefore preempt(long nanos) {
    return new NotBefore(listenUntilNanos, claimNanos, nanos);
  }

  boolean listening(long now) {
    return now - listenUntilNanos < 0;
  }

  /// Whether a takeover is held back, apart from the listening.
  boolean heldBack(long now, boolean preempting) {
    return now - claimNanos < 0 || (preempting && now - preemptNanos < 0);
  }
}
