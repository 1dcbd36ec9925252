package carpool.replicator.shell;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Sessions that ended because the peer was silent while this process was awake. For a moment that
/// is as good as a question that nobody answers, and saves the time that such a question takes.
final class Silence {
  private static final long MOMENT_NANOS = 1_000_000_000L;

  private final Map<String, Long> ends = new ConcurrentHashMap<>();

  /// Where the end of a resource's session is noted, just before it.
  Mark in(String resource) {
    return nowNanos -> ends.put(resource, nowNanos);
  }

  /// Notes the end of a session.
  interface Mark {
    void end(long nowNanos);
  }

  boolean justNow(String resource, long nowNanos) {
    var end = ends.get(resource);
    return end != null && nowNanos - end < MOMENT_NANOS;
  }
}
