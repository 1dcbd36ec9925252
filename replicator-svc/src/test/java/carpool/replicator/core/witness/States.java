package carpool.replicator.core.witness;

import org.jspecify.annotations.Nullable;

/// Copies of a state with one part changed.
final class States {
  private States() {}

  static WitnessState withClaim(WitnessState s, long claim) {
    return with(s, s.leaseUntilNanos(), s.promisedUntilNanos(), s.peerOutdated(), s.won(), claim);
  }

  static WitnessState withLease(WitnessState s, long untilNanos) {
    return with(s, untilNanos, s.promisedUntilNanos(), s.peerOutdated(), s.won(), s.claim());
  }

  static WitnessState withPromise(WitnessState s, long untilNanos) {
    return with(s, s.leaseUntilNanos(), untilNanos, s.peerOutdated(), s.won(), s.claim());
  }

  static WitnessState withPeerOutdated(WitnessState s, boolean peerOutdated) {
    return with(s, s.leaseUntilNanos(), s.promisedUntilNanos(), peerOutdated, s.won(), s.claim());
  }

  static WitnessState withWon(WitnessState s, @Nullable WonRecord won) {
    return with(s, s.leaseUntilNanos(), s.promisedUntilNanos(), s.peerOutdated(), won, s.claim());
  }

  private static WitnessState with(
      WitnessState s,
      long leaseUntil,
      long promisedUntil,
      boolean peerOutdated,
      @Nullable WonRecord won,
      long claim) {
    return new WitnessState(
        s.config(),
        s.incarnation(),
        s.standing(),
        s.copyUsable(),
        s.session(),
        leaseUntil,
        promisedUntil,
        s.awakeUntilNanos(),
        peerOutdated,
        s.continued(),
        won,
        claim,
        s.question(),
        s.call(),
        s.hold(),
        s.retryAtNanos());
  }
}
