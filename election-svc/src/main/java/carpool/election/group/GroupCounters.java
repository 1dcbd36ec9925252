package carpool.election.group;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/// The counters of one group, for status and metrics alike. Names as in [#increment]'s callers:
/// `received`, `sent`, `send-errors`, `drop-REASON`, `suspicion-NAME`, `preemptions`,
/// `announcements`. Owned by the group's loop.
final class GroupCounters {
  private static final List<String> PLAIN =
      List.of("received", "sent", "send-errors", "preemptions", "announcements");

  private final SortedMap<String, Long> values = new TreeMap<>();
  private final MeterRegistry registry;
  private final String group;

  GroupCounters(MeterRegistry registry, String group) {
    this.registry = registry;
    this.group = group;
    // From the start on, at 0: a query for what has not happened yet must find it.
    PLAIN.forEach(this::meter);
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
      meter(name).increment();
    }
  }

  private Counter meter(String name) {
    return registry.counter("carpool.election." + name.replace('-', '.'), "group", group);
  }

  long get(String name) {
    return values.getOrDefault(name, 0L);
  }

  SortedMap<String, Long> snapshot() {
    return new TreeMap<>(values);
  }
}
