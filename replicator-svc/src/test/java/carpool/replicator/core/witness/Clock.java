package carpool.replicator.core.witness;

import org.jspecify.annotations.Nullable;

/// Moves the times of a machine's state instead of its clock, which always reads 0.
final class Clock {
  private Clock() {}

  static WitnessState tick(WitnessState s) {
    return new WitnessState(
        s.config(),
        s.incarnation(),
        s.standing(),
        s.copyUsable(),
        session(s.session()),
        deadline(s.leaseUntilNanos()),
        deadline(s.promisedUntilNanos()),
        deadline(s.awakeUntilNanos()),
        s.peerOutdated(),
        s.continued(),
        s.won(),
        s.claim(),
        question(s.question()),
        call(s.call()),
        s.hold(),
        deadline(s.retryAtNanos()));
  }

  /// What is over stays at 0.
  private static long deadline(long nanos) {
    return nanos <= 0 ? 0 : nanos - 1;
  }

  private static long past(long nanos) {
    return Math.max(nanos - 1, -World.DEAD_AFTER);
  }

  private static @Nullable PeerSession session(@Nullable PeerSession s) {
    return s == null ? null : new PeerSession(s.sync(), past(s.openedNanos()));
  }

  private static @Nullable PeerQuestion question(@Nullable PeerQuestion q) {
    return q == null ? null : new PeerQuestion(q.token(), past(q.askedNanos()), q.kind());
  }

  private static @Nullable WitnessCall call(@Nullable WitnessCall c) {
    return switch (c) {
      case null -> null;
      case WitnessCall.Reading(var token, var until) ->
          new WitnessCall.Reading(token, deadline(until));
      case WitnessCall.Writing(var token, var until, var record) ->
          new WitnessCall.Writing(token, deadline(until), record);
    };
  }
}
