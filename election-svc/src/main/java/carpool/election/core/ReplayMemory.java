package carpool.election.core;

import java.util.HashSet;
import java.util.Set;

/// The last so many counter values, to recognise one that comes again. Membership only, no order is
/// read from the set. At one advertisement per second from each of two nodes the default of 65,536
/// lasts nine hours.
public final class ReplayMemory {
  /// About 6 MB when full.
  public static final int DEFAULT_SIZE = 65_536;

  private final long[] ring;
  private final Set<Long> values = new HashSet<>();
  private int next;
  private int count;

  /// @param size how many values are remembered
  public ReplayMemory(int size) {
    this.ring = new long[size];
  }

  /// Whether the value was new; it is remembered then, and the oldest may be forgotten.
  public boolean add(long value) {
    if (!values.add(value)) {
      return false;
    }
    if (count == ring.length) {
      values.remove(ring[next]);
    } else {
      count++;
    }
    ring[next] = value;
    next = (next + 1) % ring.length;
    return true;
  }
}
