package carpool.orchestrator.control;

import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Witness;
import carpool.replicator.v1.WitnessPermission;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;

/// What the state of the witness means for each pool, for people. Pure.
///
/// @param now ages are measured from it
record WitnessSentences(Instant now) {

  /// What an operator should see without asking. None of it moves a pool.
  List<String> warnings(Collection<Resource> resources) {
    var out = new ArrayList<String>();
    for (var witness : byPool(resources)) {
      var pool = "pool " + witness.getPool() + ": ";
      if (witness.getHeldSinceUnixMillis() != 0) {
        out.add(pool + held(witness));
      } else if (lost(witness) && inForce(witness)) {
        out.add(
            pool
                + "the witness has not answered for "
                + age(witness.getSinceUnixMillis())
                + "; "
                + consequence(witness));
      }
      if (witness.getUnvouched()) {
        out.add(pool + unvouched());
      }
      if (inForce(witness)) {
        switch (witness.getRecord()) {
          case WITNESS_RECORD_ABSENT ->
              out.add(pool + "the witness has no record; " + onThePrimary("replace", witness));
          case WITNESS_RECORD_FOREIGN ->
              out.add(
                  pool
                      + "the record of the witness belongs to another incarnation; "
                      + onThePrimary("reset", witness));
          case WITNESS_RECORD_BOTH,
              WITNESS_RECORD_ONLY,
              WITNESS_RECORD_UNSPECIFIED,
              UNRECOGNIZED -> {}
        }
      }
    }
    return out;
  }

  /// One sentence for each pool, more when something is wrong.
  List<String> explain(Collection<Resource> resources) {
    var out = new ArrayList<String>();
    for (var witness : byPool(resources)) {
      out.add("Witness of pool " + witness.getPool() + ": " + state(witness) + ".");
      if (witness.getHeldSinceUnixMillis() != 0) {
        out.add("Its " + held(witness) + ".");
      }
      if (witness.getUnvouched()) {
        out.add("It " + unvouched() + ".");
      }
    }
    return out;
  }

  private String state(Witness witness) {
    if (!witness.getPeerTakesPart()) {
      return "the other node has none configured, so everything is as without one";
    }
    var reach =
        witness.getReachable()
            ? String.format(
                Locale.ROOT,
                "reachable (%s, %.1f ms)",
                witness.getEndpoint(),
                witness.getLatencyMicros() / 1e3)
            : lost(witness)
                ? "not reachable for "
                    + age(witness.getSinceUnixMillis())
                    + " ("
                    + witness.getProblem()
                    + ")"
                : "not asked yet";
    if (witness.getIncarnation().isEmpty()) {
      return reach + "; the nodes have not agreed on it yet, so everything is as without one";
    }
    return reach
        + "; "
        + record(witness)
        + (lost(witness) && witness.getHeldSinceUnixMillis() == 0
            ? "; " + consequence(witness)
            : "")
        + (witness.getTrouble().isEmpty() || witness.getHeldSinceUnixMillis() != 0
            ? ""
            : "; " + witness.getTrouble());
  }

  private String record(Witness witness) {
    var written =
        witness.getRecordUnixMillis() == 0
            ? ""
            : " (written by "
                + witness.getRecordWriter()
                + " "
                + age(witness.getRecordUnixMillis())
                + " ago)";
    return switch (witness.getRecord()) {
      case WITNESS_RECORD_BOTH ->
          "its record says that both copies are in sync and either node may go on alone" + written;
      case WITNESS_RECORD_ONLY ->
          "its record says that only "
              + witness.getRecordNode()
              + " may serve"
              + (witness.getRecordForced() ? ", by force" : "")
              + written;
      case WITNESS_RECORD_ABSENT ->
          "it has no record, so no node could go on alone; " + onThePrimary("replace", witness);
      case WITNESS_RECORD_FOREIGN ->
          "its record belongs to another incarnation, so no node could go on alone; "
              + onThePrimary("reset", witness);
      case WITNESS_RECORD_UNSPECIFIED, UNRECOGNIZED -> "its record was not read yet";
    };
  }

  private String held(Witness witness) {
    var what =
        witness.getPermission() == WitnessPermission.WITNESS_PERMISSION_FAIL
            ? "clients have got I/O errors for "
            : "clients have been held for ";
    var why =
        lost(witness)
            ? "neither the other node nor the witness answers; they are served again when one of"
                + " the two does"
            : witness.getTrouble().isEmpty()
                ? "the other node does not answer, and the witness is being asked"
                : witness.getTrouble();
    return what + age(witness.getHeldSinceUnixMillis()) + ": " + why;
  }

  private static String unvouched() {
    return "is served although neither the other node nor the witness has allowed it (on-loss"
        + " continue, or force): the other node may serve, too";
  }

  /// What happens when a node dies while the witness is silent.
  private static String consequence(Witness witness) {
    return witness.getOnLoss().equals("continue")
        ? "a node that loses the other one meanwhile goes on as without a witness (on-loss"
            + " continue)"
        : "a node that loses the other one meanwhile does not serve (on-loss "
            + witness.getOnLoss()
            + ")";
  }

  private static String onThePrimary(String command, Witness witness) {
    return "on the primary of a connected pair: carpool witness "
        + command
        + " "
        + witness.getPool();
  }

  /// Both nodes go by it.
  private static boolean inForce(Witness witness) {
    return witness.getPeerTakesPart() && !witness.getIncarnation().isEmpty();
  }

  private static boolean lost(Witness witness) {
    return !witness.getReachable() && witness.getSinceUnixMillis() != 0;
  }

  /// The resources of one pool share their witness.
  private static Collection<Witness> byPool(Collection<Resource> resources) {
    var out = new LinkedHashMap<String, Witness>();
    for (var resource : resources) {
      if (resource.hasWitness()) {
        out.putIfAbsent(resource.getWitness().getPool(), resource.getWitness());
      }
    }
    return out.values();
  }

  private String age(long unixMillis) {
    var seconds = Math.max(0, Duration.between(Instant.ofEpochMilli(unixMillis), now).toSeconds());
    if (seconds < 120) {
      return seconds + " s";
    }
    return seconds < 7_200 ? seconds / 60 + " min" : seconds / 3_600 + " h";
  }
}
