package carpool.replicator.control;

import carpool.replicator.core.witness.Permission;
import carpool.replicator.core.witness.Standing;
import carpool.replicator.quorum.QuorumStatus;
import carpool.replicator.v1.Witness;
import carpool.replicator.v1.WitnessMember;
import carpool.replicator.v1.WitnessPermission;
import carpool.replicator.v1.WitnessRecord;
import carpool.replicator.witness.ProbeAnswer;
import carpool.replicator.witness.ProbeAnswer.Probe;
import carpool.replicator.witness.WitnessFailure;
import java.time.Instant;
import java.util.Optional;

/// The witness as messages.
final class WitnessMapper {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private WitnessMapper() {}

  static Witness witness(QuorumStatus status) {
    var out =
        Witness.newBuilder()
            .setPool(status.pool())
            .setReachable(status.reachable())
            .setSinceUnixMillis(status.sinceUnixMillis())
            .setAnsweredUnixMillis(status.answeredUnixMillis())
            .setPeerTakesPart(status.peerTakesPart())
            .setPermission(permission(status))
            .setUnvouched(status.unvouched())
            .setOnLoss(status.onLoss())
            .setTrouble(status.trouble())
            .setRecord(WitnessRecord.WITNESS_RECORD_UNSPECIFIED);
    if (status.incarnation() != 0) {
      out.setIncarnation("%016x".formatted(status.incarnation()));
    }
    if (status.heldNanos() > 0) {
      out.setHeldSinceUnixMillis(System.currentTimeMillis() - status.heldNanos() / NANOS_PER_MILLI);
    }
    var failure = status.failure();
    if (failure != null) {
      out.setProblemReason(failure.reason().name()).setProblem(failure.text());
    }
    var probe = status.probe();
    if (probe != null) {
      out.setEndpoint(probe.endpoint().toString())
          .setLatencyMicros(probe.latencyNanos() / 1000)
          .addAllAlarms(probe.alarms())
          .setServerExpiresUnixMillis(millis(probe.serverExpires()))
          .setClientExpiresUnixMillis(millis(probe.clientExpires()));
    }
    record(out, status);
    return out.build();
  }

  private static void record(Witness.Builder out, QuorumStatus status) {
    var view = status.view();
    if (view == null) {
      return;
    }
    out.setRecordUnixMillis(status.writtenUnixMillis()).setRecordWriter(status.writer());
    if (status.foreign()) {
      out.setRecord(WitnessRecord.WITNESS_RECORD_FOREIGN);
      return;
    }
    switch (view.record()) {
      case carpool.replicator.core.witness.WitnessRecord.Absent _ ->
          out.setRecord(WitnessRecord.WITNESS_RECORD_ABSENT);
      case carpool.replicator.core.witness.WitnessRecord.Both _ ->
          out.setRecord(WitnessRecord.WITNESS_RECORD_BOTH);
      case carpool.replicator.core.witness.WitnessRecord.Only(var node, long _, boolean forced) ->
          out.setRecord(WitnessRecord.WITNESS_RECORD_ONLY)
              .setRecordNode(node)
              .setRecordForced(forced);
    }
  }

  private static WitnessPermission permission(QuorumStatus status) {
    boolean primary =
        status.standing() == Standing.PRIMARY || status.standing() == Standing.STOPPED;
    if (!primary) {
      return WitnessPermission.WITNESS_PERMISSION_NOT_PRIMARY;
    }
    return switch (status.permission()) {
      case Permission.ANSWER -> WitnessPermission.WITNESS_PERMISSION_ANSWER;
      case Permission.HOLD -> WitnessPermission.WITNESS_PERMISSION_HOLD;
      case Permission.FAIL -> WitnessPermission.WITNESS_PERMISSION_FAIL;
    };
  }

  static WitnessMember member(String endpoint, ProbeAnswer answer) {
    return switch (answer) {
      case Probe probe ->
          WitnessMember.newBuilder()
              .setEndpoint(endpoint)
              .setAnswers(true)
              .setLatencyMicros(probe.latencyNanos() / 1000)
              .setHasLeader(probe.hasLeader())
              .addAllAlarms(probe.alarms())
              .setVersion(probe.version())
              .setServerExpiresUnixMillis(millis(probe.serverExpires()))
              .setClientExpiresUnixMillis(millis(probe.clientExpires()))
              .build();
      case WitnessFailure failure ->
          WitnessMember.newBuilder()
              .setEndpoint(endpoint)
              .setProblemReason(failure.reason().name())
              .setProblem(failure.text())
              .build();
    };
  }

  private static long millis(Optional<Instant> date) {
    return date.map(Instant::toEpochMilli).orElse(0L);
  }
}
