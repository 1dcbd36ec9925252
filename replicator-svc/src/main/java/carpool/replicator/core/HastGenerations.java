package carpool.replicator.core;

/// Generations of a pair that hastd made, computed once from its counters when a disk is attached.
///
/// HAST keeps two counters on each side: `localcnt`, how often this node began to write without its
/// peer, and `remotecnt`, the peer's `localcnt` as this node last knew it. Together they are a
/// version vector. So the two nodes' vectors can be compared whoever is or becomes primary:
///
/// | this node's vector | meaning |
/// |---|---|
/// | equal to the peer's | the copies differ at most in dirty extents |
/// | nowhere less, somewhere more | this copy is the newer one |
/// | somewhere more, somewhere less | split brain |
///
/// The vector is kept in the number of the generation itself, behind [#TAG], in the order of the
/// node names. A generation that carpool draws never has the tag ([#isHast] is asked at each draw).
///
/// hastd itself decides by roles (hast.md 3.4). It comes to the same result wherever its result
/// does not depend on who is primary. Where it does (a counter that went back, as on a disk
/// restored from an old image), hastd copies from the primary; here the newer copy is kept.
final class HastGenerations {
  private static final long TAG = 0x4841;
  private static final int TAG_SHIFT = 48;
  private static final int COUNTER_BITS = 24;
  private static final long COUNTER_MAX = (1L << COUNTER_BITS) - 1;

  private HastGenerations() {}

  /// The generation of a copy that hastd wrote last.
  ///
  /// @param local this node's counter, unsigned
  /// @param remote the peer's counter as this node knows it, unsigned
  /// @param goesFirst this node's name sorts before the peer's
  static long of(long local, long remote, boolean goesFirst) {
    long first = cut(goesFirst ? local : remote);
    long second = cut(goesFirst ? remote : local);
    return TAG << TAG_SHIFT | first << COUNTER_BITS | second;
  }

  private static long cut(long counter) {
    return Long.compareUnsigned(counter, COUNTER_MAX) > 0 ? COUNTER_MAX : counter;
  }

  /// True for a generation that came from counters.
  static boolean isHast(long generation) {
    return generation >>> TAG_SHIFT == TAG;
  }

  private static long first(long generation) {
    return generation >>> COUNTER_BITS & COUNTER_MAX;
  }

  private static long second(long generation) {
    return generation & COUNTER_MAX;
  }

  /// True when both came from counters, and `newer` knows of more and of nothing less.
  static boolean follows(long newer, long older) {
    return isHast(newer)
        && isHast(older)
        && newer != older
        && first(newer) >= first(older)
        && second(newer) >= second(older);
  }

  /// True when only the newer side has written since both were equal: then dirty extents are all
  /// that differs.
  ///
  /// @param newerGoesFirst the newer copy is that of the node whose name sorts lower
  static boolean onlyNewerWrote(long newer, long older, boolean newerGoesFirst) {
    return newerGoesFirst ? second(newer) == second(older) : first(newer) == first(older);
  }
}
