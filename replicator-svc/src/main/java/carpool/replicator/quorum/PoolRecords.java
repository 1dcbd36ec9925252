package carpool.replicator.quorum;

import carpool.replicator.core.witness.WitnessRecord;
import carpool.replicator.core.witness.WitnessView;
import carpool.replicator.witness.ChangeAnswer;
import carpool.replicator.witness.ChangeAnswer.Change;
import carpool.replicator.witness.Holder;
import carpool.replicator.witness.ProbeAnswer;
import carpool.replicator.witness.ReadAnswer;
import carpool.replicator.witness.ReadAnswer.Versioned;
import carpool.replicator.witness.ResourceRecord;
import carpool.replicator.witness.RevisionsAnswer;
import carpool.replicator.witness.Witness;
import carpool.replicator.witness.WitnessFailure;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// The records of a pool's resources in the witness as the one record that the rule knows. They are
/// written in one transaction, so they say the same; where they do not (a resource was added, or
/// somebody wrote by hand) nobody may win on them, and the rule reads *absent*.
///
/// Safe for any thread; calls block for at most the deadline.
final class PoolRecords {
  private static final Pattern INCARNATION = Pattern.compile("[0-9a-f]{16}");

  private final Witness witness;
  private final String cluster;
  private final String pool;
  private final List<String> resources;
  private final String node;
  private final Duration deadline;

  /// The revision of each key when the pool's was `seenRevision`. Guarded by this.
  private Map<String, Long> seen = Map.of();

  private long seenRevision;

  PoolRecords(
      Witness witness,
      String cluster,
      String pool,
      List<String> resources,
      String node,
      Duration deadline) {
    this.witness = witness;
    this.cluster = cluster;
    this.pool = pool;
    this.resources = List.copyOf(resources);
    this.node = node;
    this.deadline = deadline;
  }

  /// What came of a call.
  sealed interface Outcome {
    /// What is there.
    ///
    /// @param writer of the newest record; empty when there is none
    /// @param writtenUnixMillis by its clock; 0 when there is none
    record Read(WitnessView view, String writer, long writtenUnixMillis) implements Outcome {}

    /// The transaction was carried out.
    record Won(long revision) implements Outcome {}

    /// It was not; that is there.
    record Lost(WitnessView view) implements Outcome {}

    /// No answer that counts.
    record Failed(WitnessFailure failure) implements Outcome {}
  }

  Outcome read() {
    return switch (witness.read(resources, deadline)) {
      case ReadAnswer.Records records -> {
        var newest =
            records.byResource().values().stream()
                .flatMap(each -> each.record().stream())
                .max((a, b) -> a.written().compareTo(b.written()));
        yield new Outcome.Read(
            view(records.byResource()),
            newest.map(ResourceRecord::writer).orElse(""),
            newest.map(each -> each.written().toEpochMilli()).orElse(0L));
      }
      case WitnessFailure failure -> new Outcome.Failed(failure);
    };
  }

  /// @param fresh drawn for this call
  Outcome write(long fresh, long incarnation, long expectedRevision, WitnessRecord record) {
    Map<String, Long> expected;
    synchronized (this) {
      expected = expectedRevision != 0 && expectedRevision == seenRevision ? seen : Map.of();
    }
    return write(fresh, incarnation, expected, expectedRevision, record);
  }

  /// @param expected the revision of each key; what is not in it must have `otherwise`
  Outcome write(
      long fresh,
      long incarnation,
      Map<String, Long> expected,
      long otherwise,
      WitnessRecord record) {
    var holder =
        switch (record) {
          case WitnessRecord.Only(var only, long generation, boolean forced) ->
              (Holder) new Holder.Only(only, generation, forced);
          case WitnessRecord.Both _ -> new Holder.Both(fresh);
          case WitnessRecord.Absent _ -> throw new IllegalArgumentException("nothing to write");
        };
    var now = Instant.now();
    var changes = new HashMap<String, Change>();
    for (var resource : resources) {
      changes.put(
          resource,
          new Change(
              expected.getOrDefault(resource, otherwise),
              new ResourceRecord(cluster, pool, resource, text(incarnation), holder, node, now)));
    }
    return switch (witness.compareAndSet(changes, deadline)) {
      case ChangeAnswer.Won(long revision) -> {
        remember(Map.of(), revision);
        yield new Outcome.Won(revision);
      }
      case ChangeAnswer.Lost(var present) -> new Outcome.Lost(view(present));
      case WitnessFailure failure -> new Outcome.Failed(failure);
    };
  }

  /// The revision of each key, whatever is in it.
  RevisionsAnswer revisions() {
    return witness.revisions(resources, deadline);
  }

  ProbeAnswer probe() {
    return witness.probe(deadline);
  }

  private synchronized void remember(Map<String, Long> revisions, long revision) {
    seen = revisions;
    seenRevision = revision;
  }

  private WitnessView view(Map<String, Versioned> byResource) {
    var revisions = new HashMap<String, Long>();
    long newest = 0;
    for (var entry : byResource.entrySet()) {
      long revision = entry.getValue().modRevision();
      revisions.put(entry.getKey(), revision);
      newest = Math.max(newest, revision);
    }
    remember(revisions, newest);
    var records = byResource.values().stream().flatMap(each -> each.record().stream()).toList();
    if (records.isEmpty()) {
      return new WitnessView(0, new WitnessRecord.Absent(), 0);
    }
    var first = records.getFirst();
    boolean alike =
        records.stream()
            .allMatch(each ->
                each.incarnation().equals(first.incarnation())
                    && each.holder().equals(first.holder()));
    boolean complete = records.size() == resources.size() && alike;
    return new WitnessView(
        number(first.incarnation()),
        complete ? record(first.holder()) : new WitnessRecord.Absent(),
        newest);
  }

  private static WitnessRecord record(Holder holder) {
    return switch (holder) {
      case Holder.Both _ -> new WitnessRecord.Both();
      case Holder.Only(var only, long generation, boolean forced) ->
          new WitnessRecord.Only(only, generation, forced);
    };
  }

  static String text(long incarnation) {
    return "%016x".formatted(incarnation);
  }

  /// An identity that this version does not write is somebody else's.
  private static long number(String incarnation) {
    return INCARNATION.matcher(incarnation).matches() ? Long.parseUnsignedLong(incarnation, 16) : 1;
  }
}
