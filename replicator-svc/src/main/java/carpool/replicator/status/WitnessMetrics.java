package carpool.replicator.status;

import carpool.replicator.core.witness.WitnessRecord;
import carpool.replicator.quorum.PoolQuorum;
import carpool.replicator.quorum.QuorumStatus;
import carpool.replicator.witness.ProbeAnswer.Probe;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/// The witness of a pool as metrics.
final class WitnessMetrics {
  private static final double SECONDS_PER_DAY = 86_400;

  private final MeterRegistry registry;
  private final PoolQuorum pool;
  private final String node;

  private WitnessMetrics(MeterRegistry registry, PoolQuorum pool, String node) {
    this.registry = registry;
    this.pool = pool;
    this.node = node;
  }

  /// Registers them, once for a pool; read when scraped.
  ///
  /// @param node this node's name
  static void register(MeterRegistry registry, PoolQuorum pool, String node) {
    new WitnessMetrics(registry, pool, node).all();
  }

  private void all() {
    gauge(
        "reachable",
        "",
        "1 when the witness answered when it was asked last",
        status -> status.reachable() ? 1 : 0);
    gauge("latency", "seconds", "of the last probe of the witness", WitnessMetrics::latency);
    gauge(
        "held",
        "seconds",
        "for which clients have been waiting for the peer's word or the witness's; 0 when they are"
            + " served",
        status -> status.heldNanos() / 1e9);
    gauge(
        "unvouched",
        "",
        "1 while this node serves although neither the peer nor the witness has allowed it",
        status -> status.unvouched() ? 1 : 0);
    gauge(
        "record",
        "",
        "0 unknown, 1 both, 2 only this node, 3 only the peer, 4 absent, 5 foreign",
        this::record);
    certificate("server", Probe::serverExpires);
    certificate("client", Probe::clientExpires);
  }

  private static double latency(QuorumStatus status) {
    var probe = status.probe();
    return probe == null ? Double.NaN : probe.latencyNanos() / 1e9;
  }

  private double record(QuorumStatus status) {
    var view = status.view();
    if (view == null) {
      return 0;
    }
    if (status.foreign()) {
      return 5;
    }
    return switch (view.record()) {
      case WitnessRecord.Both _ -> 1;
      case WitnessRecord.Only only -> only.node().equals(node) ? 2 : 3;
      case WitnessRecord.Absent _ -> 4;
    };
  }

  private void gauge(
      String name, String unit, String description, ToDoubleFunction<QuorumStatus> value) {
    Gauge.builder("carpool.replicator.witness." + name, pool, p -> value.applyAsDouble(p.status()))
        .description(description)
        .baseUnit(unit)
        .tags(Tags.of("pool", pool.pool()))
        .register(registry);
  }

  private interface Expiry {
    Optional<Instant> of(Probe probe);
  }

  private void certificate(String side, Expiry expiry) {
    Gauge.builder("carpool.replicator.witness.certificate", pool, p -> days(p.status(), expiry))
        .description("days until a certificate of the connection to the witness expires")
        .baseUnit("days")
        .tags(Tags.of("pool", pool.pool(), "side", side))
        .register(registry);
  }

  private static double days(QuorumStatus status, Expiry expiry) {
    var probe = status.probe();
    return probe == null
        ? Double.NaN
        : expiry
            .of(probe)
            .map(date -> Duration.between(Instant.now(), date).toSeconds() / SECONDS_PER_DAY)
            .orElse(Double.NaN);
  }
}
