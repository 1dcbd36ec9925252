package carpool.election.group;

import java.util.HashMap;
import java.util.Map;

/// Keeps the log readable under a flood: each kind of complaint is written at most once per
/// [#EVERY_SECONDS], with the number of those left out. Owned by the group's loop; kinds are enum
/// constants, so the map is bounded.
final class Complaints {
  static final long EVERY_SECONDS = 10;

  private static final long EVERY_NANOS = EVERY_SECONDS * 1_000_000_000L;

  private final Map<Enum<?>, Last> last = new HashMap<>();

  private record Last(long nanos, long silenced) {}

  /// How many complaints of this kind were left out since the last one, or -1: leave this one out,
  /// too.
  long admit(Enum<?> kind, long nowNanos) {
    var before = last.get(kind);
    if (before != null && nowNanos - before.nanos() < EVERY_NANOS) {
      last.put(kind, new Last(before.nanos(), before.silenced() + 1));
      return -1;
    }
    last.put(kind, new Last(nowNanos, 0));
    return before == null ? 0 : before.silenced();
  }

  /// Whether one of this kind came in the last minute.
  boolean recent(Enum<?> kind, long nowNanos) {
    var before = last.get(kind);
    return before != null && nowNanos - before.nanos() < 6 * EVERY_NANOS;
  }
}
