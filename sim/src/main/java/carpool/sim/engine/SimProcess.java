package carpool.sim.engine;

import carpool.kit.boot.Host;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// One life of a node's process: its clock, its threads, its end. A thread of a process that ended
/// never runs again, wherever it stands.
final class SimProcess implements Host {
  private static final long START_NANOS = 1_000_000_000_000L;
  private static final long START_UNIX_MILLIS = 1_700_000_000_000L;
  private static final long LOOK_MICROS = 5000;

  private final EngineWorld world;
  private final String name;
  private volatile boolean alive = true;
  private boolean frozen;
  private final List<Runnable> held = new ArrayList<>();

  SimProcess(EngineWorld world, String name) {
    this.world = world;
    this.name = name;
  }

  boolean alive() {
    return alive;
  }

  boolean frozen() {
    return frozen;
  }

  void end() {
    alive = false;
    held.clear();
  }

  /// SIGSTOP.
  void freeze() {
    frozen = true;
  }

  /// SIGCONT.
  void thaw() {
    frozen = false;
    held.forEach(Runnable::run);
    held.clear();
  }

  /// What happens when the process runs again.
  void hold(Runnable turn) {
    held.add(turn);
  }

  void start(String what, Runnable work) {
    if (alive) {
      thread(what, work).start();
    }
  }

  @Override
  public long nanoTime() {
    return START_NANOS + world.time().nowMicros() * 1000;
  }

  @Override
  public long unixMillis() {
    return START_UNIX_MILLIS + world.time().nowMicros() / 1000;
  }

  @Override
  public long random() {
    return world.time().random().nextLong();
  }

  @Override
  public Thread thread(String what, Runnable work) {
    return world.turns().thread(this, what, work);
  }

  @Override
  public ByteBuffer buffer(int bytes) {
    return world.buffers().take(bytes);
  }

  @Override
  public boolean mayBlockInSockets() {
    return true;
  }

  @Override
  public boolean within(long nanos, TimedWait wait) throws InterruptedException {
    long end = nanoTime() + nanos;
    while (!wait.await(0, TimeUnit.NANOSECONDS)) {
      if (nanoTime() >= end) {
        return false;
      }
      world.turns().pause(LOOK_MICROS);
    }
    return true;
  }

  @Override
  public void failStop(String reason, Throwable cause) {
    world.failStop(this, reason, cause);
    while (true) { // this process is gone
      LockSupport.park(this);
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
