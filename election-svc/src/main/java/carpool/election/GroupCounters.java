package carpool.election;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.SortedMap;
import java.util.TreeMap;

/// The counters of one group, for status and metrics alike. Names as in [#increment]'s callers:
/// `received`, `sent`, `send-errors`, `drop-REASON`, `suspicion-NAME`, `preemptions`,
/// `announcements`. Owned by the group's loop.
final class GroupCounters {
  private final SortedMap<String, Long> values = new TreeMap<>();
  private final MeterRegistry registry;
  private final String group;

  GroupCounters(MeterRegistry registry, String group) {
    this.registry = registry;
    this.group = group;
  }

  void increment(String name) {
    values.merge(name, 1L, Long::sum);
    if (name.startsWith("drop-")) {
      registry
          .counter("carpool.election.dropped", "group", group, "reason", name.substring(5))
          .increment();
    } else if (name.startsWith("suspicion-")) {
      registry
          .counter("carpool.election.suspicions", "group", group, "kind", name.substring(10))
          .increment();
    } else {
      registry.counter("carpool.election." + name.replace('-', '.'), "group", group).increment();
    }
  }

  long get(String name) {
    return values.getOrDefault(name, 0L);
  }

  SortedMap<String, Long> snapshot() {
    return new TreeMap<>(values);
  }
}
