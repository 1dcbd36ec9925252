package carpool.replicator.witness;

import carpool.replicator.witness.ChangeAnswer.Change;
import carpool.replicator.witness.ChangeAnswer.Lost;
import carpool.replicator.witness.ChangeAnswer.Won;
import carpool.replicator.witness.EtcdClient.NoAnswer;
import carpool.replicator.witness.EtcdClient.Put;
import carpool.replicator.witness.EtcdClient.Value;
import carpool.replicator.witness.ReadAnswer.Records;
import carpool.replicator.witness.ReadAnswer.Versioned;
import carpool.replicator.witness.RevisionsAnswer.Revisions;
import carpool.replicator.witness.WitnessFailure.Reason;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// The records of a pair's resources in an etcd, at the keys `PREFIX/resource/NAME`.
///
/// Thread-safe. Each call blocks its thread until there is an answer, at the longest for its
/// deadline, which holds for all endpoints together; whoever must not wait calls on another thread.
/// Failures are values. Nothing is repeated later: a call that has returned sends nothing more, but
/// what it had sent may still be on its way ([WitnessFailure#perhapsDone()]).
public final class Witness implements AutoCloseable {
  private final String cluster;
  private final String prefix;
  private final EtcdClient etcd;

  private Witness(String cluster, String prefix, EtcdClient etcd) {
    this.cluster = cluster;
    this.prefix = prefix;
    this.etcd = etcd;
  }

  /// Makes a client; it connects when it is used.
  ///
  /// @param cluster the pair's name; records of another are refused
  /// @param prefix of all keys, without a slash at its end
  /// @throws IOException when the certificates cannot be used; says which files
  public static Witness open(String cluster, String prefix, WitnessAccess access)
      throws IOException {
    return new Witness(cluster, prefix, EtcdClient.open(access));
  }

  /// Reads the records of resources, all as of one moment. Linearizable: what was set before is
  /// seen. One record that cannot be understood makes the whole answer MALFORMED.
  ///
  /// @param resources 1 to 128
  public ReadAnswer read(Collection<String> resources, Duration deadline) {
    var keys = keys(resources);
    try {
      var found = etcd.read(keys.sequencedKeySet(), deadline);
      return new Records(records(keys, found.byKey(), false), found.cluster(), found.revision());
    } catch (NoAnswer e) {
      return e.failure();
    }
  }

  /// Reads the versions of records without looking into them, to replace what cannot be understood.
  ///
  /// @param resources 1 to 128
  public RevisionsAnswer revisions(Collection<String> resources, Duration deadline) {
    var keys = keys(resources);
    try {
      var found = etcd.read(keys.sequencedKeySet(), deadline);
      var revisions = new LinkedHashMap<String, Long>();
      found
          .byKey()
          .forEach((key, value) -> revisions.put(resource(keys, key), value.modRevision()));
      return new Revisions(revisions, found.cluster());
    } catch (NoAnswer e) {
      return e.failure();
    }
  }

  /// Sets the records of resources, all or none, if each one still has the expected revision.
  ///
  /// Each record's holder needs a generation that no other call has used: by it a win is recognised
  /// whose answer got lost, here while another endpoint is asked, and by the caller's next read.
  ///
  /// @param changes by resource, 1 to 128
  public ChangeAnswer compareAndSet(Map<String, Change> changes, Duration deadline) {
    var keys = keys(changes.keySet());
    var puts = new LinkedHashMap<String, Put>();
    keys.forEach((key, resource) -> {
      var change = changes.get(resource);
      if (change == null
          || !change.record().resource().equals(resource)
          || !change.record().cluster().equals(cluster)) {
        throw new IllegalArgumentException("the record of another resource for " + resource);
      }
      puts.put(
          key,
          new Put(
              change.expectedRevision(),
              ByteString.copyFrom(RecordFormat.encode(change.record()))));
    });
    try {
      var outcome = etcd.compareAndSet(puts, deadline);
      return outcome.won()
          ? new Won(outcome.revision())
          : new Lost(records(keys, outcome.present(), outcome.perhapsDone()));
    } catch (NoAnswer e) {
      return e.failure();
    }
  }

  /// Asks the endpoint that answered last, else the next one, how it is. Cheap: two calls that the
  /// member answers from memory.
  public ProbeAnswer probe(Duration deadline) {
    try {
      return etcd.probe(deadline);
    } catch (NoAnswer e) {
      return e.failure();
    }
  }

  /// Asks every endpoint how it is, in the order of the configuration; for a diagnosis.
  public List<ProbeAnswer> probeEach(Duration deadline) {
    return etcd.probeEach(deadline);
  }

  /// Closes all connections, without waiting. Calls that are under way, and later ones, answer
  /// UNREACHABLE.
  @Override
  public void close() {
    etcd.close();
  }

  EtcdClient etcd() {
    return etcd;
  }

  /// The resource of each key.
  private SequencedMap<String, String> keys(Collection<String> resources) {
    var keys = new LinkedHashMap<String, String>();
    resources.forEach(resource -> keys.put(prefix + "/resource/" + resource, resource));
    return keys;
  }

  private static String resource(Map<String, String> keys, String key) {
    return keys.getOrDefault(key, key);
  }

  /// @param perhapsDone whether the change that was asked for may have been carried out
  private Map<String, Versioned> records(
      Map<String, String> keys, Map<String, Value> values, boolean perhapsDone) throws NoAnswer {
    var records = new LinkedHashMap<String, Versioned>();
    for (var entry : values.entrySet()) {
      var resource = resource(keys, entry.getKey());
      var value = entry.getValue();
      try {
        records.put(
            resource,
            new Versioned(
                value.modRevision() == 0
                    ? Optional.empty()
                    : Optional.of(
                        RecordFormat.decode(
                            value.bytes().asReadOnlyByteBuffer(), cluster, resource)),
                value.modRevision()));
      } catch (RecordFormat.Refused e) {
        throw new NoAnswer(
            new WitnessFailure(
                Reason.MALFORMED,
                "the witness has a record that is not understood, `%s`: %s"
                    .formatted(entry.getKey(), e.getMessage()),
                perhapsDone));
      }
    }
    return records;
  }
}
