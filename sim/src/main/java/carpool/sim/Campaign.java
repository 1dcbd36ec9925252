package carpool.sim;

import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/// Many seeds on several threads. Each run is one thread's; only the numbers of the seeds and the
/// sums are shared. The first violation ends all.
final class Campaign {
  private static final long PROGRESS_NANOS = 5_000_000_000L;

  /// A seed that broke a rule.
  ///
  /// @param message what broke, with the transcript
  record Failure(long seed, String message) {}

  private final LongFunction<Totals> play;
  private final Totals totals;
  private final long first;
  private final long seeds;
  private final AtomicLong next;
  private final AtomicReference<@Nullable Failure> failure = new AtomicReference<>();
  private final long startNanos = System.nanoTime();
  private long done;
  private long toldNanos = startNanos;

  Campaign(LongFunction<Totals> play, Totals totals, long first, long seeds) {
    this.play = play;
    this.totals = totals;
    this.first = first;
    this.seeds = seeds;
    next = new AtomicLong(first);
  }

  /// Runs them all; returns the violation that ended them early, or null.
  @Nullable Failure run(int jobs) {
    var threads = new ArrayList<Thread>();
    for (int i = 0; i < jobs; i++) {
      threads.add(Thread.ofPlatform().name("seeds-" + i).start(this::work));
    }
    try {
      for (var thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
    return failure.get();
  }

  private void work() {
    for (long seed = next.getAndIncrement();
        seed < first + seeds && failure.get() == null;
        seed = next.getAndIncrement()) {
      try {
        played(play.apply(seed));
      } catch (RuntimeException | Error failed) {
        failure.compareAndSet(null, new Failure(seed, String.valueOf(failed.getMessage())));
      }
    }
  }

  private synchronized void played(Totals one) {
    totals.add(one);
    done++;
    long now = System.nanoTime();
    if (now - toldNanos >= PROGRESS_NANOS) {
      toldNanos = now;
      double rate = done / ((now - startNanos) / 1e9);
      System.err.printf(
          "%d of %d seeds, %.0f/s, %.0f s left%n", done, seeds, rate, (seeds - done) / rate);
    }
  }
}
