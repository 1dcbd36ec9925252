package carpool.election.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import org.junit.jupiter.api.Test;

final class GroupCountersTest {
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final GroupCounters counters = new GroupCounters(registry, "storage");

  @Test
  void whatHasNotHappenedYetIsExportedAsZero() {
    for (var name : List.of("received", "sent", "send.errors", "preemptions", "announcements")) {
      var counter = registry.get("carpool.election." + name).tag("group", "storage").counter();
      assertEquals(0.0, counter.count(), name);
    }
    assertThat(counters.snapshot()).isEmpty();
  }

  @Test
  void statusAndMetricsCountTheSame() {
    counters.increment("sent");
    counters.increment("sent");
    counters.increment("drop-bad-digest");

    assertEquals(2, counters.get("sent"));
    assertEquals(2.0, registry.get("carpool.election.sent").counter().count());
    assertEquals(
        1.0,
        registry.get("carpool.election.dropped").tag("reason", "bad-digest").counter().count());
  }
}
