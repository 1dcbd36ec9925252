package carpool.orchestrator.control;

import static carpool.orchestrator.control.Diagnosis.finding;

import carpool.orchestrator.v1.Finding;
import carpool.orchestrator.v1.Note;
import carpool.orchestrator.v1.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Checks that need both nodes: is the other one to be reached, do the clocks, the configuration,
/// the versions and the interfaces agree. Pure.
///
/// @param digest of this node's configuration
record PairDiagnosis(Couple.Other other, Note own, String digest) {
  /// Nothing in carpool depends on equal clocks; logs and timelines are read side by side.
  private static final long SKEW_MAX_MICROS = 1_000_000;

  List<Finding> findings() {
    var answer = other.answer();
    if (!answer.getReached()) {
      return List.of(
          finding(
              "peer",
              Verdict.VERDICT_WARNING,
              answer.getProblem(),
              "is carpool-replicator running there, and the replication network up? clocks,"
                  + " configuration and MTU of the two nodes were not compared"));
    }
    var out = new ArrayList<Finding>();
    out.add(
        finding(
            "peer",
            Verdict.VERDICT_OK,
            "%s answers at %s in %s"
                .formatted(
                    answer.getNode(), answer.getAddress(), millis(answer.getRoundTripMicros())),
            ""));
    out.add(clocks());
    out.add(configuration());
    if (other.note().getNode().isEmpty()) {
      out.add(
          finding(
              "peer's orchestrator",
              Verdict.VERDICT_WARNING,
              "has left no word since its replicator was started",
              "is carpool-orchestrator running on " + answer.getNode() + "?"));
    } else {
      out.addAll(interfaces());
      out.add(versions());
    }
    return out;
  }

  private Finding clocks() {
    var ahead = other.aheadMicros();
    var exact = other.exactMicros();
    var far = Math.abs(ahead) - exact > SKEW_MAX_MICROS;
    var text =
        Math.abs(ahead) <= exact
            ? "equal to %s".formatted(millis(exact))
            : "the one of %s is %s %s, to %s"
                .formatted(
                    other.answer().getNode(),
                    millis(Math.abs(ahead)),
                    ahead > 0 ? "ahead" : "behind",
                    millis(exact));
    return finding(
        "clocks",
        far ? Verdict.VERDICT_WARNING : Verdict.VERDICT_OK,
        text,
        far ? "run a time service (chrony, ntpd) on both nodes" : "");
  }

  private Finding configuration() {
    // After a reload the replicators go by other files than this process, which read them at its
    // start.
    var own = other.answer().getOwnConfigDigest();
    var mine = own.isEmpty() ? digest : own;
    var same = other.answer().getConfigDigest().equals(mine);
    return finding(
        "configuration of the pair",
        same ? Verdict.VERDICT_OK : Verdict.VERDICT_FAILED,
        same
            ? "the same on both nodes"
            : "differs: %.12s here, %.12s on %s"
                .formatted(mine, other.answer().getConfigDigest(), other.answer().getNode()),
        same
            ? ""
            : "compare hast.conf and carpool.yaml of both nodes (carpool config check prints what"
                + " each node read), then restart or carpool reload");
  }

  private List<Finding> interfaces() {
    var out = new ArrayList<Finding>();
    for (var mine : own.getInterfacesList()) {
      for (var theirs : other.note().getInterfacesList()) {
        if (mine.getUse().equals(theirs.getUse())) {
          var same = mine.getMtu() == theirs.getMtu();
          out.add(
              finding(
                  "MTU " + mine.getUse(),
                  same ? Verdict.VERDICT_OK : Verdict.VERDICT_WARNING,
                  "%s %d here, %s %d on %s"
                      .formatted(
                          mine.getName(),
                          mine.getMtu(),
                          theirs.getName(),
                          theirs.getMtu(),
                          other.answer().getNode()),
                  same ? "" : "give both ends of one network the same MTU"));
        }
      }
    }
    return out;
  }

  private Finding versions() {
    var same = own.getVersion().equals(other.note().getVersion());
    return finding(
        "version",
        same ? Verdict.VERDICT_OK : Verdict.VERDICT_WARNING,
        own.getVersion()
            + (same
                ? " on both nodes"
                : " here, " + other.note().getVersion() + " on " + other.answer().getNode()),
        same ? "" : "run the same version on both nodes");
  }

  private static String millis(long micros) {
    return micros < 1_000_000
        ? String.format(Locale.ROOT, "%.1f ms", micros / 1e3)
        : String.format(Locale.ROOT, "%.1f s", micros / 1e6);
  }
}
