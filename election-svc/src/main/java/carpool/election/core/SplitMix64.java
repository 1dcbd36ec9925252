package carpool.election.core;

/// The generator that counters and jitter come from: small, and every seed is as good as another.
/// Immutable; the state after a draw is [#next()], whose [#value()] is what was drawn.
record SplitMix64(long state) {

  SplitMix64 next() {
    return new SplitMix64(state + 0x9e3779b97f4a7c15L);
  }

  long value() {
    long z = state;
    z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }
}
