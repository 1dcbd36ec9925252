package carpool.sim.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TurnsTest {
  private final Object lock = new Object();
  private final List<String> happened = new ArrayList<>();

  /// The JDK's own threads hold locks for a moment, as that of direct memory beside the collector.
  /// When they do differs from run to run, and the run must not.
  @Test
  void threadThatWaitsForAThreadOfTheJdkKeepsItsTurn(@TempDir Path stateDir) throws Exception {
    var world = new EngineWorld(1, false, stateDir);
    var process = new SimProcess(world, "p");
    var first =
        process.thread(
            "first",
            () -> {
              happened.add("waits");
              synchronized (lock) {
                happened.add("goes on");
              }
            });
    var holds = new CountDownLatch(1);
    var outside =
        Thread.ofPlatform()
            .start(() -> {
              synchronized (lock) {
                holds.countDown();
                while (first.getState() != Thread.State.BLOCKED) {
                  Thread.onSpinWait();
                }
              }
            });
    holds.await();
    first.start();
    process.start("second", () -> happened.add("second"));
    world.turns().run(1000);
    outside.join();
    int waits = happened.indexOf("waits");
    assertEquals("goes on", happened.get(waits + 1));
    assertEquals(3, happened.size());
  }

  /// What wakes a thread that has given up its turn has to be part of the run.
  @Test
  void threadThatIsWokenFromOutsideEndsTheRun(@TempDir Path stateDir) throws Exception {
    var world = new EngineWorld(1, false, stateDir);
    var process = new SimProcess(world, "p");
    var parked = process.thread("parked", () -> LockSupport.park(this));
    parked.start();
    world.turns().run(1000);
    var outside = Thread.ofPlatform().start(() -> LockSupport.unpark(parked));
    outside.join();
    var other = process.thread("other", () -> happened.add("other"));
    other.start();
    var message =
        assertThrows(IllegalStateException.class, () -> world.turns().run(2000)).getMessage();
    assertEquals("p waited in real time", message);
  }
}
