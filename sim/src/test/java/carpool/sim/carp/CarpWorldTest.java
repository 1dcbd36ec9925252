package carpool.sim.carp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class CarpWorldTest {
  private static final long SEEDS = Long.getLong("carp.seeds", 300);

  @Test
  void seedsKeepOneHolderAndSettle() {
    int faults = 0;
    int transitions = 0;
    for (long seed = 1; seed <= SEEDS; seed++) {
      var outcome = CarpWorld.run(seed);
      faults += outcome.faults();
      transitions += outcome.transitions();
    }
    System.out.printf(
        "%d CARP worlds: %d faults, %d changes of role%n", SEEDS, faults, transitions);
    assertThat(transitions).isPositive();
  }
}
