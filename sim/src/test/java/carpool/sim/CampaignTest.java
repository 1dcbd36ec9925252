package carpool.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;

final class CampaignTest {
  private static Totals oneWrite() {
    var one = new Totals();
    one.writes = 1;
    return one;
  }

  @Test
  void everySeedIsPlayedOnceAndCounted() {
    var totals = new Totals();
    assertNull(new Campaign(_ -> oneWrite(), totals, 5, 1000).run(3));
    assertEquals(1000, totals.writes);
  }

  @Test
  void violationEndsAllJobsAndNamesItsSeed() {
    var failure =
        new Campaign(
                seed -> {
                  if (seed == 7) {
                    throw new IllegalStateException("R1: lost");
                  }
                  return oneWrite();
                },
                new Totals(),
                1,
                Long.MAX_VALUE / 2)
            .run(2);
    assertEquals(new Campaign.Failure(7, "R1: lost"), failure);
  }
}
