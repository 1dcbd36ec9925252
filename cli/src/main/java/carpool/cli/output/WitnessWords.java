package carpool.cli.output;

import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Witness;
import carpool.replicator.v1.WitnessPermission;
import carpool.replicator.v1.WitnessRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What the replicator tells of the witness of a pool, in words. Pure: ages are measured from the
/// instant that is given.
public final class WitnessWords {
  private WitnessWords() {}

  /// The witness of each pool; the resources of one pool share it.
  public static Map<String, Witness> byPool(Collection<Resource> resources) {
    var out = new LinkedHashMap<String, Witness>();
    for (var resource : resources) {
      if (resource.hasWitness()) {
        out.putIfAbsent(resource.getWitness().getPool(), resource.getWitness());
      }
    }
    return out;
  }

  /// Both nodes go by the witness; false: everything is as without one.
  public static boolean inForce(Witness witness) {
    return !witness.getIncarnation().isEmpty() && witness.getPeerTakesPart();
  }

  /// It was asked and does not answer. Before the first answer nothing is known.
  public static boolean lost(Witness witness) {
    return !witness.getReachable() && witness.getSinceUnixMillis() != 0;
  }

  /// While the witness is lost, a dead node means an outage. Not with `on-loss: continue`, which
  /// serves as without a witness.
  public static boolean neededForTakeover(Witness witness) {
    return inForce(witness) && !witness.getOnLoss().equals("continue");
  }

  /// `reachable (https://pi:2379, 1.2 ms), record: both, since 3h0m`.
  public static String line(Witness witness, Instant now, Paint paint) {
    return reach(witness, now, paint) + ", record: " + shortRecord(witness, now, paint);
  }

  private static String reach(Witness witness, Instant now, Paint paint) {
    if (witness.getReachable()) {
      return paint.good("reachable")
          + " ("
          + witness.getEndpoint()
          + ", "
          + latency(witness.getLatencyMicros())
          + ")";
    }
    return lost(witness)
        ? paint.warning("not reachable")
            + " for "
            + Words.since(witness.getSinceUnixMillis(), now)
            + " ("
            + witness.getProblem()
            + ")"
        : "not asked yet";
  }

  private static String shortRecord(Witness witness, Instant now, Paint paint) {
    var word =
        switch (witness.getRecord()) {
          case WITNESS_RECORD_BOTH -> "both";
          case WITNESS_RECORD_ONLY ->
              "only " + witness.getRecordNode() + (witness.getRecordForced() ? " (by force)" : "");
          case WITNESS_RECORD_ABSENT -> paint.warning("absent");
          case WITNESS_RECORD_FOREIGN -> paint.warning("of another incarnation");
          case WITNESS_RECORD_UNSPECIFIED, UNRECOGNIZED -> "not read yet";
        };
    return witness.getRecordUnixMillis() == 0
        ? word
        : word + ", since " + Words.since(witness.getRecordUnixMillis(), now);
  }

  /// What the record says, in a sentence.
  public static String record(Witness witness, Instant now) {
    return switch (witness.getRecord()) {
      case WITNESS_RECORD_BOTH ->
          "both copies are in sync: either node may go on alone" + written(witness, now);
      case WITNESS_RECORD_ONLY ->
          "only "
              + witness.getRecordNode()
              + " may serve"
              + written(witness, now)
              + (witness.getRecordForced() ? ", by force" : "");
      case WITNESS_RECORD_ABSENT ->
          "there is none: no node could go on alone. On the primary of a connected pair: carpool"
              + " witness replace "
              + witness.getPool();
      case WITNESS_RECORD_FOREIGN ->
          "it belongs to another incarnation than the one that the nodes trust: no node could go on"
              + " alone. On the primary of a connected pair: carpool witness reset "
              + witness.getPool();
      case WITNESS_RECORD_UNSPECIFIED, UNRECOGNIZED -> "not read yet";
    };
  }

  private static String written(Witness witness, Instant now) {
    if (witness.getRecordUnixMillis() == 0) {
      return "";
    }
    var by =
        witness.getRecordWriter().isEmpty()
            ? ""
            : " (written by " + witness.getRecordWriter() + ")";
    return ", since " + Words.since(witness.getRecordUnixMillis(), now) + by;
  }

  /// What an operator must not overlook; empty when all is well.
  public static List<String> alarms(Witness witness, Instant now) {
    var out = new ArrayList<String>();
    if (witness.getHeldSinceUnixMillis() != 0) {
      out.add(held(witness, now));
    }
    if (witness.getUnvouched()) {
      out.add(
          "serves although neither the peer nor the witness has allowed it (on-loss continue, or"
              + " force): the other node may be serving, too");
    }
    if (!witness.getPeerTakesPart()) {
      out.add(
          "the other node has no witness configured: everything is as without one; give both nodes"
              + " the same carpool.yaml");
    } else if (witness.getIncarnation().isEmpty()) {
      out.add(
          "not agreed yet: as without a witness; the nodes agree when they are connected and the"
              + " witness answers");
    }
    if (inForce(witness)
        && (witness.getRecord() == WitnessRecord.WITNESS_RECORD_ABSENT
            || witness.getRecord() == WitnessRecord.WITNESS_RECORD_FOREIGN)) {
      out.add("the record: " + record(witness, now));
    }
    if (witness.getHeldSinceUnixMillis() == 0 && !witness.getTrouble().isEmpty()) {
      out.add(witness.getTrouble());
    }
    return out;
  }

  /// Since when clients wait, and for what.
  public static String held(Witness witness, Instant now) {
    var what =
        witness.getPermission() == WitnessPermission.WITNESS_PERMISSION_FAIL
            ? "clients get I/O errors for "
            : "clients are held for ";
    var why =
        lost(witness)
            ? "neither the peer nor the witness answers; connect either of them"
            : witness.getTrouble().isEmpty()
                ? "the peer does not answer, and the witness is being asked"
                : witness.getTrouble();
    return what + Words.since(witness.getHeldSinceUnixMillis(), now) + ": " + why;
  }

  /// `1.2 ms`.
  public static String latency(long micros) {
    return String.format(Locale.ROOT, "%.1f ms", micros / 1e3);
  }

  /// `89 days`, `expired`; `-` without a certificate.
  public static String daysLeft(long expiresUnixMillis, Instant now) {
    if (expiresUnixMillis == 0) {
      return "-";
    }
    var left = Duration.between(now, Instant.ofEpochMilli(expiresUnixMillis));
    return left.isNegative() ? "expired" : left.toDays() + " days";
  }
}
