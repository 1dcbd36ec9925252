package carpool.sim.pair;

import carpool.sim.VirtualTime;
import java.util.ArrayDeque;

/// A process as others see it: what reaches it while it is stopped (SIGSTOP) waits, and what was
/// meant for an earlier life is lost.
final class Gate {
  private final VirtualTime time;
  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
  private long life;
  private boolean alive;
  private boolean paused;
  private long pausedSinceMicros;

  Gate(VirtualTime time) {
    this.time = time;
  }

  boolean alive() {
    return alive;
  }

  boolean paused() {
    return paused;
  }

  boolean running() {
    return alive && !paused;
  }

  /// Stopped for at least so long.
  boolean silentFor(long micros) {
    return paused && time.nowMicros() - pausedSinceMicros >= micros;
  }

  void start() {
    life++;
    alive = true;
    paused = false;
    waiting.clear();
  }

  void kill() {
    life++;
    alive = false;
    paused = false;
    waiting.clear();
  }

  void pause() {
    if (alive && !paused) {
      paused = true;
      pausedSinceMicros = time.nowMicros();
    }
  }

  void resume() {
    paused = false;
    while (!paused && !waiting.isEmpty()) {
      waiting.remove().run();
    }
  }

  /// Now, or when it runs again.
  void reach(Runnable event) {
    if (paused) {
      waiting.add(event);
    } else {
      event.run();
    }
  }

  /// After a while, if this life lasts so long.
  void after(long delayMicros, Runnable event) {
    long thisLife = life;
    time.after(
        delayMicros,
        () -> {
          if (life == thisLife) {
            reach(event);
          }
        });
  }

  void within(long minMicros, long maxMicros, Runnable event) {
    after(time.random().nextLong(minMicros, maxMicros + 1), event);
  }
}
