package carpool.replicator.peer.rpc;

import carpool.peer.v1.Hello;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What is known of the peers, and what of it is worth a line in the log.
public final class PeerStatus {
  private static final Logger LOG = LoggerFactory.getLogger(PeerStatus.class);
  private static final long LOG_PAUSE_NANOS = 10_000_000_000L;
  private static final int TEXT_MAX_CHARS = 400;

  private final Map<String, PeerFacts> peers = new ConcurrentHashMap<>();
  private final Map<String, Long> lastLogNanos = new ConcurrentHashMap<>();
  private final Map<String, String> lastEnd = new ConcurrentHashMap<>();

  /// What is known of a resource's peer, connected or not.
  ///
  /// @param side what it said of its copy; null when not met since this process started
  public record PeerFacts(
      String refusalReason, String refusalText, String configDigest, @Nullable SplitSide side) {}

  /// What the last meeting told; null when nothing is known.
  public @Nullable PeerFacts facts(String resource) {
    return peers.get(resource);
  }

  /// The peer refused a session, or was refused.
  ///
  /// @param peersText what the peer wrote; cut, because a log line is no place for megabytes
  void refused(String resource, String reason, String peersText) {
    var text = oneLine(peersText);
    var before = peers.get(resource);
    peers.put(resource, new PeerFacts(reason, text, "", before == null ? null : before.side()));
    boolean news =
        before == null
            || !before.refusalReason().equals(reason)
            || !before.refusalText().equals(text);
    if (news && mayLog(resource)) {
      LOG.warn("resource={} no session: {} ({})", resource, text, reason);
    }
  }

  private static String oneLine(String text) {
    var line = text.replaceAll("\\p{Cntrl}", " ");
    return line.length() > TEXT_MAX_CHARS ? line.substring(0, TEXT_MAX_CHARS) + "…" : line;
  }

  /// At most one line in ten seconds for a subject, whatever comes over the network.
  boolean mayLog(String subject) {
    long now = System.nanoTime();
    var last = lastLogNanos.get(subject);
    if (last != null && now - last < LOG_PAUSE_NANOS) {
      return false;
    }
    lastLogNanos.put(subject, now);
    return true;
  }

  /// The peer cannot be reached: what it refused before is no longer what is in the way.
  void unreachable(String resource) {
    peers.computeIfPresent(
        resource, (_, facts) -> new PeerFacts("", "", facts.configDigest(), facts.side()));
  }

  /// A session, or the attempt at one, ended. A reason is told once, however often it comes again.
  void ended(String resource, String reason) {
    if (!reason.equals(lastEnd.put(resource, reason))) {
      LOG.info("resource={} session ended: {}", resource, reason);
    }
  }

  /// Both agreed: whatever ends this session is news.
  public void agreed(String resource) {
    lastEnd.remove(resource);
  }

  /// The hello of the peer was accepted.
  void met(String resource, Hello hello, SplitSide side) {
    peers.put(resource, new PeerFacts("", "", hello.getConfigDigest(), side));
  }
}
