package carpool.orchestrator.runtime;

import carpool.orchestrator.core.PoolSpec;
import java.time.Duration;

/// How long giving a pool up may take, by its configuration.
public final class GiveUpTime {
  /// Beyond the limit of a step: killing its command, and the answer.
  private static final long OVERTIME_NANOS = Duration.ofSeconds(3).toNanos();

  /// A look at the pool, the cut and what is done after it have limits of their own.
  private static final int SMALL_STEPS = 4;

  private static final long SMALL_STEP_NANOS = Duration.ofSeconds(5).toNanos();

  private GiveUpTime() {}

  /// Stop of each service, export (orderly and by force), cut, demotion.
  public static Duration of(PoolSpec pool) {
    var nanos = 0L;
    for (var service : pool.services()) {
      nanos += service.timeoutNanos() + OVERTIME_NANOS;
    }
    nanos += pool.deadlines().exportNanos() + 2 * OVERTIME_NANOS;
    nanos += SMALL_STEPS * (SMALL_STEP_NANOS + OVERTIME_NANOS);
    nanos += pool.deadlines().demoteNanos() + OVERTIME_NANOS;
    return Duration.ofNanos(nanos);
  }
}
