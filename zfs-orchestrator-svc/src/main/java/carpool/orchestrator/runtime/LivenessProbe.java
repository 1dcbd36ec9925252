package carpool.orchestrator.runtime;

import carpool.kit.loop.Guarded;
import carpool.orchestrator.exec.Commands;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Proves again and again that this process could still move a pool: a child is started, read and
/// waited for as in any step, and every pool's loop takes an event. The heartbeats to the election
/// and to the supervisor's watchdog stop when that proof is missing for too long.
public final class LivenessProbe {
  private static final Logger LOG = LoggerFactory.getLogger("carpool.orchestrator");
  private static final Duration EVERY = Duration.ofSeconds(2);
  private static final Duration STEP_LIMIT = Duration.ofSeconds(5);

  /// A proof older than this is none. A busy machine may need some seconds for a child.
  static final Duration FRESH = Duration.ofSeconds(20);

  private final Collection<PoolRunner> pools;
  private final ScheduledExecutorService worker =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("liveness").daemon(true).factory());
  private volatile long provenNanos = System.nanoTime();
  private boolean told;

  public LivenessProbe(Collection<PoolRunner> pools) {
    this.pools = pools;
  }

  public void start() {
    provenNanos = System.nanoTime();
    var probe = Guarded.task("the liveness probe", this::probe);
    var _ = worker.scheduleWithFixedDelay(probe, 0, EVERY.toMillis(), TimeUnit.MILLISECONDS);
  }

  public void close() {
    worker.shutdownNow();
  }

  /// Whether the last proof is fresh enough.
  public boolean alive() {
    return System.nanoTime() - provenNanos < FRESH.toNanos();
  }

  private void probe() {
    try {
      var missing = missing();
      if (missing.isEmpty()) {
        provenNanos = System.nanoTime();
        told = false;
      } else if (!told) {
        told = true;
        LOG.error("this process could not carry out a step now: {}", missing);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private String missing() throws InterruptedException {
    var loops = new CountDownLatch(pools.size());
    pools.forEach(pool -> pool.touch(loops::countDown));
    var child = Commands.probe(STEP_LIMIT);
    if (!child.done()) {
      return child.problem();
    }
    return loops.await(STEP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
        ? ""
        : "the loop of a pool does not take events";
  }
}
