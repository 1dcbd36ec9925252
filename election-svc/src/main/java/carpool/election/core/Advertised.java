package carpool.election.core;

/// When this node advertised.
///
/// @param lastNanos when the last advertisement was asked for, a claim's included
/// @param outOfTurnNanos when a slower master was answered out of turn last
record Advertised(long lastNanos, long outOfTurnNanos) {

  Advertised at(long now) {
    return new Advertised(now, outOfTurnNanos);
  }

  Advertised outOfTurn(long now) {
    return new Advertised(lastNanos, now);
  }
}
