package carpool.replicator.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SyncPaceTest {
  private static final int CHUNK = 128 << 10;

  private final SyncPace pace = new SyncPace();

  @Test
  void withoutALimitOnlyTheSlotsCount() {
    assertThat(pace.allows(7, 8)).isTrue();
    assertThat(pace.allows(8, 8)).isFalse();
  }

  @Test
  void fewChunksAreInFlightUntilClientsHaveBeenQuietForHalfASecond() {
    pace.clientActive();

    assertThat(pace.allows(1, 8)).isTrue();
    assertThat(pace.allows(2, 8)).isFalse();
    pace.elapsed(499_000);
    assertThat(pace.shared()).isTrue();
    pace.elapsed(1_000);
    assertThat(pace.shared()).isFalse();
    assertThat(pace.allows(7, 8)).isTrue();
  }

  /// Whatever the steps in which the time is told.
  @Test
  void noMoreThanTheLimitIsSpentOverTime() {
    long limit = 10 << 20;
    pace.configure(limit);
    for (int step : new int[] {1_000, 50_000, 100_000, 1_000_000}) {
      long spent = 0;
      for (long micros = 0; micros < 10_000_000; micros += step) {
        pace.elapsed(step);
        while (pace.allows(0, 8)) {
          pace.spend(CHUNK);
          spent += CHUNK;
        }
      }
      assertThat(spent).as("steps of " + step).isBetween(limit * 98 / 10, limit * 103 / 10);
    }
  }

  @Test
  void timeThatWasNotUsedIsSavedForAQuarterOfASecondOnly() {
    pace.configure(8 << 20);
    for (int i = 0; i < 100; i++) {
      pace.elapsed(100_000);
    }
    long spent = 0;
    while (pace.allows(0, 8)) {
      pace.spend(CHUNK);
      spent += CHUNK;
    }
    assertThat(spent).isEqualTo(2 << 20);
  }

  @Test
  void limitOfARunGoesBeforeTheConfiguredOne() {
    pace.configure(1 << 20);

    pace.order(Long.MAX_VALUE);
    assertThat(pace.allows(0, 8)).isTrue();
    pace.order(0);
    assertThat(pace.limit()).isEqualTo(1 << 20);
    assertThat(pace.allows(0, 8)).isFalse();
  }
}
