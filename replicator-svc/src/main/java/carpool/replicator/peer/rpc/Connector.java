package carpool.replicator.peer.rpc;

import carpool.kit.config.HastAddress;
import carpool.kit.config.HastResource;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.engine.ResourceEngine;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The calling side: one thread for a resource calls its peer again and again, with a back-off.
final class Connector {
  private static final Logger LOG = LoggerFactory.getLogger(Connector.class);
  private static final long BACKOFF_MIN_MILLIS = 100;
  private static final long BACKOFF_MAX_MILLIS = 2000;

  private final PeerSessions hub;

  /// Who dials for a resource: one at a time, also after its settings have changed.
  private final Map<String, Long> current = new ConcurrentHashMap<>();

  private final AtomicLong last = new AtomicLong();
  private final CountDownLatch stopped = new CountDownLatch(1);
  private volatile boolean stopping;

  Connector(PeerSessions hub) {
    this.hub = hub;
  }

  void start(ResourceEngine engine, HastResource resource, HastAddress remote) {
    var dialling = last.incrementAndGet();
    current.put(resource.name(), dialling);
    // Not a virtual thread, for what DataListener says.
    Thread.ofPlatform()
        .name(resource.name() + "-dial")
        .daemon(true)
        .start(() -> dial(dialling, engine, resource, remote));
  }

  void end(String resource) {
    current.remove(resource);
  }

  void stop() {
    stopping = true;
    stopped.countDown();
  }

  /// Which side of a refused session hangs up first is chance; what stands in the way is not.
  static String told(ResourceEngine engine, String reason) {
    var refusal = engine.ask(ReplicationCore::refusal);
    return refusal != null && reason.equals(OutgoingSession.ENDED_BY_PEER)
        ? refusal.text()
        : reason;
  }

  private void dial(
      Long dialling, ResourceEngine engine, HastResource resource, HastAddress remote) {
    long backoff = BACKOFF_MIN_MILLIS;
    String lastProblem = "";
    while (!stopping && dialling.equals(current.get(resource.name()))) {
      try {
        if (engine.ask(ReplicationCore::readyForSession)) {
          long start = System.nanoTime();
          String reason = new OutgoingSession(hub, engine, resource, remote).run();
          boolean lived = System.nanoTime() - start > 2_000_000_000L;
          backoff = lived ? BACKOFF_MIN_MILLIS : Math.min(backoff * 2, BACKOFF_MAX_MILLIS);
          hub.news().ended(resource.name(), told(engine, reason));
          lastProblem = "";
        }
        pause(backoff);
      } catch (InterruptedException e) {
        return;
      } catch (IOException | RuntimeException e) {
        hub.news().unreachable(resource.name());
        String problem = String.valueOf(e.getMessage());
        if (!problem.equals(lastProblem)) {
          LOG.warn("resource={} cannot reach {}: {}", resource.name(), remote.text(), problem);
          lastProblem = problem;
        }
        backoff = Math.min(backoff * 2, BACKOFF_MAX_MILLIS);
        try {
          pause(backoff);
        } catch (InterruptedException interrupted) {
          return;
        }
      }
    }
  }

  /// Waits before the next attempt; ends at once when the service stops.
  private void pause(long millis) throws InterruptedException {
    var _ = stopped.await(millis, TimeUnit.MILLISECONDS);
  }
}
