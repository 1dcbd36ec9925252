package carpool.cli.output;

import carpool.orchestrator.v1.Counterpart;
import carpool.orchestrator.v1.GetTimelineResponse;
import carpool.orchestrator.v1.Move;
import carpool.orchestrator.v1.WitnessChange;
import java.io.PrintStream;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/// The page of `carpool timeline`: what both nodes did in each move of a pool, on one scale of
/// time.
public final class TimelinePage {
  private static final DateTimeFormatter CLOCK =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private final PrintStream out;
  private final Paint paint;
  private final Instant now;

  /// A page printed to `out`; ages are measured from `now`.
  public TimelinePage(PrintStream out, Paint paint, Instant now) {
    this.out = out;
    this.paint = paint;
    this.now = now;
  }

  /// Prints everything that was told.
  public void print(GetTimelineResponse answer) {
    peer(answer.getPeer());
    if (answer.getMovesCount() == 0) {
      out.println("no failover since the orchestrators began to remember");
    }
    answer.getMovesList().forEach(this::move);
    answer.getWitnessChangesList().forEach(this::witness);
  }

  private void witness(WitnessChange change) {
    out.println(
        paint.bold("witness")
            + "  "
            + CLOCK.format(Instant.ofEpochMilli(change.getUnixMillis()))
            + "  "
            + Words.since(change.getUnixMillis(), now)
            + " ago  "
            + (change.getReachable()
                ? paint.good("answers again") + "  (" + change.getEndpoint() + ")"
                : paint.warning("lost") + "  " + change.getProblem()));
  }

  private void peer(Counterpart peer) {
    if (!peer.getReached()) {
      out.println(
          paint.warning("warning")
              + "  this node's part only: "
              + (peer.getProblem().isEmpty() ? "the other node was not asked" : peer.getProblem()));
      return;
    }
    var ahead = peer.getClockAheadMicros();
    out.println(
        String.format(
            Locale.ROOT,
            "clock of %s: %.3f s %s (known to %.3f s); its times are shown by this node's clock",
            peer.getNode(),
            Math.abs(ahead) / 1e6,
            ahead < 0 ? "behind" : "ahead",
            peer.getClockExactMicros() / 1e6));
  }

  private void move(Move move) {
    out.println(
        paint.bold("pool " + move.getPool())
            + "  "
            + CLOCK.format(Instant.ofEpochMilli(move.getStartedUnixMillis()))
            + "  "
            + Words.since(move.getStartedUnixMillis(), now)
            + " ago, took "
            + Words.seconds(move.getDurationMillis())
            + "  "
            + (move.getDone() ? paint.good("done") : paint.bad("not done")));
    for (var part : move.getPartsList()) {
      out.println(
          "  %s: %s%s%s"
              .formatted(
                  part.getNode(),
                  part.getKind(),
                  part.getCause().isEmpty() ? "" : " (" + part.getCause() + ")",
                  part.getProblem().isEmpty() ? "" : "  " + part.getProblem()));
    }
    var table = new Table("AFTER", "NODE", "STEP", "TOOK", "OUTCOME", "");
    for (var line : move.getStepsList()) {
      var step = line.getStep();
      table.row(
          Words.seconds(step.getStartedUnixMillis() - move.getStartedUnixMillis()),
          line.getNode(),
          step.getName() + (step.getAttempts() > 1 ? " (" + step.getAttempts() + " times)" : ""),
          Words.seconds(step.getDurationMillis()),
          Words.of(step.getOutcome()),
          step.getText());
    }
    table.print(out, "  ");
  }
}
