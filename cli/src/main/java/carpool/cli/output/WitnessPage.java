package carpool.cli.output;

import carpool.replicator.v1.GetWitnessResponse;
import carpool.replicator.v1.Witness;
import carpool.replicator.v1.WitnessMember;
import java.io.PrintStream;
import java.time.Instant;
import java.util.List;

/// The page of `carpool witness show`: each endpoint, then each pool.
public final class WitnessPage {
  private final PrintStream out;
  private final Paint paint;
  private final Instant now;

  /// A page printed to `out`; ages are measured from `now`.
  public WitnessPage(PrintStream out, Paint paint, Instant now) {
    this.out = out;
    this.paint = paint;
    this.now = now;
  }

  /// Prints everything the replicator told.
  public void print(GetWitnessResponse answer) {
    members(answer.getMembersList());
    answer.getWitnessesList().forEach(this::pool);
  }

  private void members(List<WitnessMember> members) {
    if (members.isEmpty()) {
      return;
    }
    var table =
        new Table(
            "ENDPOINT", "ANSWERS", "ETCD", "LATENCY", "LEADER", "ALARMS", "CERTIFICATE", "OWN");
    for (var member : members) {
      boolean answers = member.getAnswers();
      table.row(
          member.getEndpoint(),
          answers ? paint.good("yes") : paint.bad("no"),
          Words.orDash(member.getVersion()),
          answers ? WitnessWords.latency(member.getLatencyMicros()) : "-",
          answers ? (member.getHasLeader() ? "yes" : paint.bad("no")) : "-",
          member.getAlarmsCount() == 0 ? "-" : paint.bad(String.join(" ", member.getAlarmsList())),
          WitnessWords.daysLeft(member.getServerExpiresUnixMillis(), now),
          WitnessWords.daysLeft(member.getClientExpiresUnixMillis(), now));
    }
    table.print(out, "");
    for (var member : members) {
      if (!member.getProblem().isEmpty()) {
        out.println(paint.warning("warning") + "  " + member.getProblem());
      }
    }
  }

  private void pool(Witness witness) {
    out.println(
        paint.bold("pool " + witness.getPool())
            + "  "
            + (witness.getIncarnation().isEmpty()
                ? "no incarnation"
                : "incarnation " + witness.getIncarnation())
            + "  on-loss "
            + witness.getOnLoss());
    out.println("  record  " + WitnessWords.record(witness, now));
    out.println("  clients  " + clients(witness));
    for (var alarm : WitnessWords.alarms(witness, now)) {
      out.println("  " + paint.warning("warning") + "  " + alarm);
    }
  }

  private String clients(Witness witness) {
    var word =
        switch (witness.getPermission()) {
          case WITNESS_PERMISSION_NOT_PRIMARY -> "none: this node is not primary";
          case WITNESS_PERMISSION_ANSWER -> "are answered";
          case WITNESS_PERMISSION_HOLD -> paint.bad("are held");
          case WITNESS_PERMISSION_FAIL -> paint.bad("get I/O errors");
          case WITNESS_PERMISSION_UNSPECIFIED, UNRECOGNIZED -> "unknown";
        };
    return witness.getHeldSinceUnixMillis() == 0
        ? word
        : word + ", for " + Words.since(witness.getHeldSinceUnixMillis(), now);
  }
}
