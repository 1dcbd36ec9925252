package carpool.sim.engine;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Something that one thread of a run waits for in virtual time.
final class Signal {
  private final EngineWorld world;
  private boolean given;
  private @Nullable Thread waiting;

  Signal(EngineWorld world) {
    this.world = world;
  }

  void give() {
    given = true;
    LockSupport.unpark(waiting);
  }

  void await() {
    waiting = Thread.currentThread();
    while (!given) {
      LockSupport.park(this);
    }
  }

  /// As [#await()], but for so long only.
  ///
  /// @return false when the time was over before
  boolean await(long micros) {
    waiting = Thread.currentThread();
    var over = new boolean[1];
    world
        .time()
        .after(
            micros,
            () -> {
              over[0] = true;
              LockSupport.unpark(waiting);
            });
    while (!given && !over[0]) {
      LockSupport.park(this);
    }
    return given;
  }
}
