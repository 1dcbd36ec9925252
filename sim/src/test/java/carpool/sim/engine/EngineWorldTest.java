package carpool.sim.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class EngineWorldTest {
  private static final int SEEDS = Integer.getInteger("carpool.engine.seeds", 200);

  @Test
  void everySeedKeepsTheRulesAndConverges() {
    long writes = 0;
    long faults = 0;
    long forced = 0;
    for (long seed = 1; seed <= SEEDS; seed++) {
      var outcome = EngineWorld.run(seed);
      writes += outcome.acknowledgedWrites();
      faults += outcome.faults();
      forced += outcome.forced();
    }
    assertTrue(writes > SEEDS * 50L, "the clients hardly wrote: " + writes);
    assertTrue(faults > SEEDS * 3L, "hardly a fault: " + faults);
    assertTrue(
        forced <= SEEDS / 50, "too many worlds without a copy that may be served: " + forced);
  }

  @Test
  void seedGivesTheSameRunTwice() {
    assertEquals(EngineWorld.run(4711), EngineWorld.run(4711));
  }
}
