package carpool.replicator.peer.rpc;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Peers that could not be heard a moment ago: a session ended because nothing came while this
/// process was awake, or an attempt to reach them failed. For a moment that is as good as another
/// attempt, and saves its time; a pool writes to several resources, one after the other.
final class UnreachablePeerCache {
  private static final long MOMENT_NANOS = 1_000_000_000L;

  private final Map<String, Long> last = new ConcurrentHashMap<>();

  /// Nothing is heard of the node at the other end of a resource.
  ///
  /// @param sinceNanos what was tried began then, or ended then when it lasted long
  void note(String peer, long sinceNanos) {
    last.put(peer, sinceNanos);
  }

  boolean justNow(String peer, long nowNanos) {
    var noted = last.get(peer);
    return noted != null && nowNanos - noted < MOMENT_NANOS;
  }
}
