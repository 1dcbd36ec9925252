package carpool.replicator.engine;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/// How long the stages of a request take, as histograms.
public final class StageTimes {
  private static final Duration[] BUCKETS = {
    Duration.ofNanos(20_000),
    Duration.ofNanos(50_000),
    Duration.ofNanos(100_000),
    Duration.ofNanos(200_000),
    Duration.ofNanos(500_000),
    Duration.ofMillis(1),
    Duration.ofMillis(2),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(50),
    Duration.ofMillis(200),
    Duration.ofSeconds(1),
    Duration.ofSeconds(5)
  };

  /// A part of the way of a request.
  public enum Stage {
    /// A client's read or write, from the request to the answer.
    CLIENT,
    /// The local disk's part of a write.
    LOCAL_WRITE,
    /// From handing a request to the link to the peer's answer.
    PEER,
    /// A flush of the local disk.
    LOCAL_FLUSH,
    /// A durable update of the activemap.
    MAP
  }

  private final Map<Stage, Timer> timers = new EnumMap<>(Stage.class);

  public StageTimes(MeterRegistry registry, Tags tags) {
    for (var stage : Stage.values()) {
      timers.put(
          stage,
          Timer.builder("carpool.replicator.stage")
              .description("time that one stage of a request takes")
              .tags(tags.and("stage", stage.name().toLowerCase(Locale.ROOT).replace('_', '-')))
              .serviceLevelObjectives(BUCKETS)
              .register(registry));
    }
  }

  void record(Stage stage, long startNanos) {
    Objects.requireNonNull(timers.get(stage))
        .record(System.nanoTime() - startNanos, TimeUnit.NANOSECONDS);
  }
}
