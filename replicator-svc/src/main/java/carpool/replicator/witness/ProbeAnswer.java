package carpool.replicator.witness;

import carpool.kit.config.WitnessEndpoint;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What came of a probe: [Probe] or a [WitnessFailure].
public sealed interface ProbeAnswer permits ProbeAnswer.Probe, WitnessFailure {

  /// One member of the etcd, by its own account.
  ///
  /// @param latencyNanos of a call that needs no other member, on a connection that stands
  /// @param hasLeader false: this member knows of no majority
  /// @param alarms as `NOSPACE`; empty when all is well
  /// @param serverExpires the date of the certificate on the present connection; empty without TLS
  /// @param clientExpires the date of this node's certificate, by its file; empty without one
  record Probe(
      WitnessEndpoint endpoint,
      long latencyNanos,
      boolean hasLeader,
      List<String> alarms,
      String version,
      long cluster,
      Optional<Instant> serverExpires,
      Optional<Instant> clientExpires)
      implements ProbeAnswer {

    /// Days until a certificate expires, by this node's clock; negative when it has.
    public static long daysLeft(Instant expires, Instant now) {
      return Duration.between(now, expires).toDays();
    }
  }
}
