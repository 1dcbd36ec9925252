package carpool.election.core;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The armed timers of a group by kind. A timer that was replaced or cancelled may still fire; its
/// token is unknown then. Immutable.
///
/// @param lastToken tokens count up from here; never reused
public record Timers(SortedMap<TimerKind, Timer> armed, long lastToken) {

  /// An armed timer.
  public record Timer(long token, long deadlineNanos) {}

  public Timers {
    armed = Collections.unmodifiableSortedMap(new TreeMap<>(armed));
  }

  static Timers none() {
    return new Timers(Collections.emptySortedMap(), 0);
  }

  boolean running(TimerKind kind) {
    return armed.containsKey(kind);
  }

  /// With this timer armed under the next token, in place of one of the same kind.
  Timers with(TimerKind kind, long deadlineNanos) {
    var next = new TreeMap<>(armed);
    next.put(kind, new Timer(lastToken + 1, deadlineNanos));
    return new Timers(next, lastToken + 1);
  }

  Timers without(TimerKind... kinds) {
    var next = new TreeMap<>(armed);
    for (var kind : kinds) {
      next.remove(kind);
    }
    return new Timers(next, lastToken);
  }

  Timers withoutAny() {
    return new Timers(Collections.emptySortedMap(), lastToken);
  }

  /// The kind of the armed timer with this token; null when it is none of them.
  @Nullable TimerKind kindOf(long token) {
    for (var entry : armed.entrySet()) {
      if (entry.getValue().token() == token) {
        return entry.getKey();
      }
    }
    return null;
  }

  /// How long after its deadline an armed timer is looked at.
  long lateNanos(TimerKind kind, long now) {
    var timer = armed.get(kind);
    return timer == null ? 0 : now - timer.deadlineNanos();
  }
}
