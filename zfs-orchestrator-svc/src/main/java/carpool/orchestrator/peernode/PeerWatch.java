package carpool.orchestrator.peernode;

import carpool.kit.loop.Guarded;
import carpool.orchestrator.control.Couple;
import carpool.orchestrator.control.Couple.Glance;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Leaves word for the other node every two seconds, and reads what it left. Two threads: a node
/// that does not answer must not keep this one from telling.
public final class PeerWatch {
  /// A node that dies leaves what it did until then.
  private static final Duration EVERY = Duration.ofSeconds(2);

  private final Couple couple;
  private final Consumer<Glance> onGlance;
  private final ScheduledExecutorService leaving = worker("notes");
  private final ScheduledExecutorService reading = worker("peer-watch");

  public PeerWatch(Couple couple, Consumer<Glance> onGlance) {
    this.couple = couple;
    this.onGlance = onGlance;
  }

  private static ScheduledExecutorService worker(String name) {
    return Executors.newSingleThreadScheduledExecutor(
        Thread.ofPlatform().name(name).daemon(true).factory());
  }

  public void start() {
    often(leaving, couple::leave);
    often(reading, () -> onGlance.accept(couple.glance()));
  }

  private static void often(ScheduledExecutorService worker, Runnable task) {
    var kept = Guarded.task("the exchange with the other node", task);
    var millis = EVERY.toMillis();
    var _ = worker.scheduleWithFixedDelay(kept, millis, millis, TimeUnit.MILLISECONDS);
  }

  public void close() {
    leaving.shutdownNow();
    reading.shutdownNow();
  }
}
