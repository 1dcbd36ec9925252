package carpool.orchestrator.core;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What failed on this node within its window, what the other node says of itself, and what
/// follows: one attempt for each node, then the pool stays where it is.
final class Strikes {
  private final long windowNanos;
  private final Map<String, Strike> own = new LinkedHashMap<>();
  private boolean peerKnown;
  private Set<String> peers = Set.of();

  Strikes(long windowNanos, Collection<Strike> kept) {
    this.windowNanos = windowNanos;
    kept.forEach(strike -> own.put(strike.what(), strike));
  }

  /// What the other node says failed there; not known: it has said nothing lately.
  void peer(boolean known, Set<String> failed) {
    peerKnown = known;
    peers = Set.copyOf(failed);
  }

  /// It failed here; whether the other node should try. That is so unless it failed there, too;
  /// when the other node says nothing, this node tries that once for each window.
  boolean note(String what, String text, long now) {
    expire(now);
    var before = own.get(what);
    own.put(what, new Strike(what, text, before == null ? 1 : before.count() + 1, now));
    return peerKnown ? !peers.contains(what) : before == null;
  }

  /// It is still failed here, so it counts from now on; not told more often than four times in a
  /// window, because it is kept.
  void standsStill(String what, String text, long now) {
    var before = own.get(what);
    if (before != null && now - before.atNanos() >= windowNanos / 4) {
      own.put(what, new Strike(what, text, before.count(), now));
    }
  }

  boolean failedThere(String what) {
    return peerKnown && peers.contains(what);
  }

  /// It works again, and has for long enough.
  void clear(String what) {
    own.remove(what);
  }

  void clear() {
    own.clear();
  }

  void expire(long now) {
    own.values().removeIf(strike -> now - strike.atNanos() >= windowNanos);
  }

  /// How long until the next one is forgotten; negative when there is none.
  long untilNextNanos(long now) {
    return own.values().stream()
        .mapToLong(strike -> Math.max(0, windowNanos - (now - strike.atNanos())))
        .min()
        .orElse(-1);
  }

  /// All of them, by name.
  List<Strike> all() {
    var all = new ArrayList<>(own.values());
    all.sort(Comparator.comparing(Strike::what));
    return List.copyOf(all);
  }
}
