package carpool.replicator.engine;

import carpool.kit.boot.Host;
import java.nio.ByteBuffer;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;

/// This machine, but its monotonic clock can be put forward, and a process that stops is only
/// noted.
public final class TestHost implements Host {
  private final AtomicLong aheadNanos = new AtomicLong();

  /// Why the process would have ended.
  public final LinkedBlockingQueue<String> stops = new LinkedBlockingQueue<>();

  /// The process stands still for so long.
  public void standStill(long nanos) {
    aheadNanos.addAndGet(nanos);
  }

  @Override
  public long nanoTime() {
    return REAL.nanoTime() + aheadNanos.get();
  }

  @Override
  public long unixMillis() {
    return REAL.unixMillis();
  }

  @Override
  public long random() {
    return REAL.random();
  }

  @Override
  public Thread thread(String name, Runnable work) {
    return REAL.thread(name, work);
  }

  @Override
  public ByteBuffer buffer(int bytes) {
    return REAL.buffer(bytes);
  }

  @Override
  public boolean mayBlockInSockets() {
    return REAL.mayBlockInSockets();
  }

  @Override
  public boolean within(long nanos, TimedWait wait) throws InterruptedException {
    return REAL.within(nanos, wait);
  }

  @Override
  public void failStop(String reason, Throwable cause) {
    stops.add(reason);
  }
}
