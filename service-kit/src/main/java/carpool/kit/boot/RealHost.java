package carpool.kit.boot;

import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.concurrent.TimeUnit;

/// The machine that this process runs on.
final class RealHost implements Host {
  private static final SecureRandom RANDOM = new SecureRandom();

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public long unixMillis() {
    return System.currentTimeMillis();
  }

  @Override
  public long random() {
    return RANDOM.nextLong();
  }

  @Override
  public Thread thread(String name, Runnable work) {
    return Thread.ofPlatform().name(name).daemon(true).unstarted(work);
  }

  @Override
  public ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocateDirect(bytes);
  }

  @Override
  public boolean mayBlockInSockets() {
    return !Thread.currentThread().isVirtual();
  }

  @Override
  public boolean within(long nanos, TimedWait wait) throws InterruptedException {
    return wait.await(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void failStop(String reason, Throwable cause) {
    FailStop.now(reason, cause);
  }
}
