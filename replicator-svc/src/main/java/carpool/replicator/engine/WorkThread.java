package carpool.replicator.engine;

import carpool.kit.boot.Host;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One thread of a resource for system calls that may block for long; its work is done in order.
/// Work that throws stops the process: whoever waits for its result would wait for ever.
final class WorkThread {
  private static final Logger LOG = LoggerFactory.getLogger(WorkThread.class);
  private static final long STOP_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final Host host;
  private final String resource;
  private final String what;
  private final ExecutorService executor;

  WorkThread(Host host, String resource, String what) {
    this.host = host;
    this.resource = resource;
    this.what = what;
    executor = Executors.newSingleThreadExecutor(work -> host.thread(resource + "-" + what, work));
  }

  void run(Runnable work) {
    try {
      executor.execute(() -> {
        try {
          work.run();
        } catch (Throwable e) { // an Error, too, would leave a request without its answer
          host.failStop("resource " + resource + ": thread " + what + " failed", e);
        }
      });
    } catch (RejectedExecutionException e) {
      LOG.debug("resource={} stopped with work outstanding ({})", resource, what);
    }
  }

  /// Takes no more work and waits for what is under way, for a while.
  void stop() throws InterruptedException {
    executor.shutdown();
    if (!host.within(STOP_NANOS, executor::awaitTermination)) {
      LOG.warn("resource={} a disk operation is still under way ({})", resource, what);
    }
  }
}
