package carpool.cli;

import carpool.cli.output.WitnessWords;
import carpool.cli.output.Words;
import carpool.orchestrator.v1.Finding;
import carpool.orchestrator.v1.Verdict;
import carpool.replicator.v1.GetWitnessResponse;
import carpool.replicator.v1.Witness;
import carpool.replicator.v1.WitnessMember;
import carpool.replicator.v1.WitnessRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// What `carpool doctor` says of the witness. Pure. The clock of the witness is not looked at: no
/// decision uses it.
final class WitnessFindings {
  /// A takeover and a primary that loses its peer wait for a few of these.
  private static final long SLOW_MICROS = 500_000;

  private static final Duration RENEW = Duration.ofDays(30);
  private static final Duration URGENT = Duration.ofDays(7);
  private static final String CERTIFICATE_HINT =
      "make a new one; the replicator reads the files of this node anew without a restart, an etcd"
          + " its own at the next connection";

  private final Instant now;
  private final List<Finding> out = new ArrayList<>();

  private WitnessFindings(Instant now) {
    this.now = now;
  }

  /// Everything there is to say; empty without a witness.
  static List<Finding> of(GetWitnessResponse answer, Instant now) {
    var findings = new WitnessFindings(now);
    boolean nobody = answer.getMembersList().stream().noneMatch(WitnessMember::getAnswers);
    answer.getMembersList().forEach(member -> findings.member(member, nobody));
    answer.getMembersList().stream()
        .mapToLong(WitnessMember::getClientExpiresUnixMillis)
        .filter(millis -> millis != 0)
        .min()
        .ifPresent(millis -> findings.certificate("own certificate for the witness", millis));
    answer.getWitnessesList().forEach(findings::pool);
    return List.copyOf(findings.out);
  }

  private void member(WitnessMember member, boolean nobody) {
    var check = "witness " + member.getEndpoint();
    if (!member.getAnswers()) {
      add(
          check,
          nobody ? Verdict.VERDICT_FAILED : Verdict.VERDICT_WARNING,
          member.getProblem(),
          nobody
              ? "until one endpoint answers, a node that loses the other one can neither go on nor"
                  + " take over"
              : "another endpoint answers; repair this one before that fails, too");
      return;
    }
    boolean slow = member.getLatencyMicros() > SLOW_MICROS;
    add(
        check,
        slow ? Verdict.VERDICT_WARNING : Verdict.VERDICT_OK,
        "answers in "
            + WitnessWords.latency(member.getLatencyMicros())
            + ", etcd "
            + member.getVersion(),
        slow
            ? "clients wait for a few of these when a node is lost; see the network and the disk of"
                + " the witness"
            : "");
    if (!member.getHasLeader()) {
      add(
          check,
          Verdict.VERDICT_FAILED,
          "knows of no leader: it takes no change",
          "start the other members of this etcd, or check the network between them");
    }
    member.getAlarmsList().forEach(alarm -> alarm(check, alarm));
    if (isOlderThan34(member.getVersion())) {
      add(
          check,
          Verdict.VERDICT_WARNING,
          "etcd " + member.getVersion() + " was never tried",
          "use etcd 3.4 or later");
    }
    if (member.getServerExpiresUnixMillis() != 0) {
      certificate("certificate of " + member.getEndpoint(), member.getServerExpiresUnixMillis());
    }
  }

  private void alarm(String check, String alarm) {
    if (alarm.equals("NOSPACE")) {
      add(
          check,
          Verdict.VERDICT_FAILED,
          "alarm NOSPACE: it is full and takes no change",
          "etcdctl compact REVISION (etcdctl endpoint status -w json has it), etcdctl defrag, then"
              + " etcdctl alarm disarm; or raise --quota-backend-bytes");
    } else {
      add(
          check,
          Verdict.VERDICT_FAILED,
          "alarm " + alarm,
          "etcdctl alarm list; with CORRUPT replace that member");
    }
  }

  /// What cannot be read as a version is not judged.
  private static boolean isOlderThan34(String version) {
    var parts = version.split("\\.", 3);
    try {
      int major = Integer.parseInt(parts[0]);
      return major < 3 || (major == 3 && Integer.parseInt(parts.length > 1 ? parts[1] : "0") < 4);
    } catch (NumberFormatException _) {
      return false;
    }
  }

  private void certificate(String check, long expiresUnixMillis) {
    var left = Duration.between(now, Instant.ofEpochMilli(expiresUnixMillis));
    if (left.isNegative()) {
      add(check, Verdict.VERDICT_FAILED, "expired", CERTIFICATE_HINT);
    } else if (left.compareTo(RENEW) < 0) {
      add(
          check,
          left.compareTo(URGENT) < 0 ? Verdict.VERDICT_FAILED : Verdict.VERDICT_WARNING,
          "expires in " + Words.span(left),
          CERTIFICATE_HINT);
    } else {
      add(check, Verdict.VERDICT_OK, left.toDays() + " days left", "");
    }
  }

  private void pool(Witness witness) {
    var check = "witness of " + witness.getPool();
    if (witness.getHeldSinceUnixMillis() != 0) {
      add(
          check,
          Verdict.VERDICT_FAILED,
          WitnessWords.held(witness, now),
          "connect the other node or bring the witness back");
    }
    if (witness.getUnvouched()) {
      add(
          check,
          Verdict.VERDICT_FAILED,
          "serves although neither the peer nor the witness has allowed it",
          "connect the other node; if both were written, carpool split-brain show");
    }
    if (!witness.getPeerTakesPart()) {
      add(
          check,
          Verdict.VERDICT_WARNING,
          "the other node has no witness configured: everything is as without one",
          "give both nodes the same carpool.yaml, then restart the replicator there");
    } else if (witness.getIncarnation().isEmpty()) {
      add(
          check,
          Verdict.VERDICT_WARNING,
          "the nodes have not agreed on a witness: everything is as without one",
          "connect the other node while the witness answers; after that: carpool witness replace "
              + witness.getPool());
    } else {
      record(check, witness);
    }
    if (!witness.getTrouble().isEmpty() && witness.getHeldSinceUnixMillis() == 0) {
      add(check, Verdict.VERDICT_WARNING, witness.getTrouble(), "");
    }
  }

  private void record(String check, Witness witness) {
    switch (witness.getRecord()) {
      case WITNESS_RECORD_BOTH, WITNESS_RECORD_ONLY ->
          add(check, Verdict.VERDICT_OK, WitnessWords.record(witness, now), "");
      case WITNESS_RECORD_ABSENT, WITNESS_RECORD_FOREIGN ->
          add(
              check,
              Verdict.VERDICT_WARNING,
              witness.getRecord() == WitnessRecord.WITNESS_RECORD_ABSENT
                  ? "has no record: no node could go on alone"
                  : "has the record of another incarnation: no node could go on alone",
              "on the primary of a connected pair: carpool witness "
                  + (witness.getRecord() == WitnessRecord.WITNESS_RECORD_ABSENT
                      ? "replace "
                      : "reset ")
                  + witness.getPool());
      case WITNESS_RECORD_UNSPECIFIED, UNRECOGNIZED ->
          add(
              check,
              Verdict.VERDICT_WARNING,
              "its record was not read yet",
              "ask again in 10 s; if it stays so, see whether the witness answers");
    }
  }

  private void add(String check, Verdict verdict, String found, String hint) {
    out.add(
        Finding.newBuilder()
            .setCheck(check)
            .setVerdict(verdict)
            .setFound(found)
            .setHint(hint)
            .build());
  }
}
