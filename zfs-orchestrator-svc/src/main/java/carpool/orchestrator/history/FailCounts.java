package carpool.orchestrator.history;

import carpool.orchestrator.control.Node.Clock;
import carpool.orchestrator.core.Strike;
import carpool.orchestrator.v1.FailCount;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// Strikes of the core, on a monotonic clock, and fail counts of files and notes, with dates.
public final class FailCounts {
  private FailCounts() {}

  public static FailCount count(Strike strike, String node, String pool, Clock clock) {
    return FailCount.newBuilder()
        .setNode(node)
        .setPool(pool)
        .setWhat(strike.what())
        .setCount(strike.count())
        .setLastUnixMillis(clock.unixMillisOf(strike.atNanos()))
        .setText(strike.text())
        .build();
  }

  /// Those of one pool. A date in the future, after the clock was set back, counts as now.
  public static List<Strike> strikes(Collection<FailCount> counts, String pool, Clock clock) {
    return counts.stream()
        .filter(count -> count.getPool().equals(pool))
        .map(count ->
            new Strike(
                count.getWhat(),
                count.getText(),
                count.getCount(),
                clock.nanos()
                    - Math.max(0, clock.unixMillis() - count.getLastUnixMillis()) * 1_000_000))
        .toList();
  }

  public static Set<String> failed(Collection<FailCount> counts, String pool) {
    return counts.stream()
        .filter(count -> count.getPool().equals(pool))
        .map(FailCount::getWhat)
        .collect(Collectors.toUnmodifiableSet());
  }
}
