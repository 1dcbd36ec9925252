package carpool.replicator.witness;

import carpool.kit.grpc.ClientTls;
import carpool.replicator.witness.WitnessAccess.Trust;
import carpool.replicator.witness.WitnessFailure.Reason;
import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import io.grpc.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SequencedSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// Keys and bytes in an etcd, over several endpoints of it. Thread-safe; a call blocks its thread,
/// but never beyond its deadline, and needs no other.
///
/// The endpoint that answered last is asked first. Each one has an equal share of the time that is
/// left, so one that swallows everything costs its share and no more, and a refused connection
/// costs nothing.
///
/// A compare-and-set may be sent to a second endpoint although the first may have carried it out:
/// whichever comes first changes the revisions that the other one compares, so at most one of them
/// is ever carried out. When the second one finds exactly the values that were to be set, all
/// changed by one revision, the first has won. This needs values that nobody else writes: they have
/// to contain a random part.
final class EtcdClient implements AutoCloseable {
  /// etcd's bound of operations in a transaction (--max-txn-ops).
  static final int KEYS_MAX = 128;

  static final int VALUE_BYTES_MAX = 2 * RecordFormat.BYTES_MAX;

  /// A longer answer is refused while it comes in.
  static final int ANSWER_BYTES_MAX = KEYS_MAX * (VALUE_BYTES_MAX + 1024);

  private final List<EtcdEndpoint> endpoints;
  private volatile EtcdEndpoint preferred;

  private EtcdClient(List<EtcdEndpoint> endpoints) {
    this.endpoints = endpoints;
    preferred = endpoints.getFirst();
  }

  /// Connects to nobody yet.
  ///
  /// @throws IOException when the certificates cannot be used; says which files
  static EtcdClient open(WitnessAccess access) throws IOException {
    Optional<ClientTls> tls =
        access.trust().isEmpty()
            ? Optional.empty()
            : Optional.of(
                switch (access.trust().get()) {
                  case Trust.ServerOnly(var ca) -> ClientTls.serverOnly(ca);
                  case Trust.Mutual(var files) -> ClientTls.mutual(files);
                });
    return new EtcdClient(
        access.endpoints().stream()
            .map(address ->
                new EtcdEndpoint(access, address, address.tls() ? tls : Optional.empty()))
            .toList());
  }

  /// The value of a key.
  ///
  /// @param modRevision of its last change; 0: there is no such key, `bytes` is empty
  record Value(ByteString bytes, long modRevision) {}

  /// All values as of one revision.
  record Values(Map<String, Value> byKey, long cluster, long revision) {}

  /// @param expectedRevision 0: the key must not exist
  record Put(long expectedRevision, ByteString bytes) {}

  /// @param won else `present` has what was found instead
  record Outcome(boolean won, long revision, Map<String, Value> present, boolean perhapsDone) {}

  /// No endpoint gave an answer that counts.
  static final class NoAnswer extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient WitnessFailure failure;

    NoAnswer(WitnessFailure failure) {
      super(failure.text(), null, false, false);
      this.failure = failure;
    }

    WitnessFailure failure() {
      return failure;
    }
  }

  @FunctionalInterface
  private interface Attempt<A> {
    /// @param perhapsDone whether an earlier attempt may have been carried out
    A at(EtcdEndpoint endpoint, Deadline share, boolean perhapsDone) throws EtcdTrouble;
  }

  /// Reads keys, linearizable.
  Values read(SequencedSet<String> keys, Duration deadline) throws NoAnswer {
    requireSize(keys.size());
    var request = TxnRequest.newBuilder().addAllSuccess(gets(keys)).build();
    return overEndpoints(
        deadline,
        (endpoint, share, _) -> {
          var answer = endpoint.txn(request, false, share);
          return new Values(
              values(endpoint, keys, answer, false),
              answer.getHeader().getClusterId(),
              answer.getHeader().getRevision());
        });
  }

  /// Sets all keys if each one still has its expected revision; else reads them all.
  Outcome compareAndSet(Map<String, Put> puts, Duration deadline) throws NoAnswer {
    requireSize(puts.size());
    var keys = new LinkedHashMap<>(puts).sequencedKeySet();
    var request = TxnRequest.newBuilder().addAllFailure(gets(keys));
    puts.forEach((key, put) -> {
      var name = ByteString.copyFromUtf8(key);
      request
          .addCompare(
              Compare.newBuilder()
                  .setKey(name)
                  .setTarget(Compare.CompareTarget.MOD)
                  .setResult(Compare.CompareResult.EQUAL)
                  .setModRevision(put.expectedRevision()))
          .addSuccess(
              RequestOp.newBuilder()
                  .setRequestPut(PutRequest.newBuilder().setKey(name).setValue(put.bytes())));
    });
    var transaction = request.build();
    return overEndpoints(
        deadline,
        (endpoint, share, perhapsDone) -> {
          var answer = endpoint.txn(transaction, true, share);
          long revision = answer.getHeader().getRevision();
          if (answer.getSucceeded()) {
            return new Outcome(true, revision, Map.of(), false);
          }
          var present = values(endpoint, keys, answer, perhapsDone);
          var own = perhapsDone ? ownWin(puts, present) : OptionalLong.empty();
          return own.isPresent()
              ? new Outcome(true, own.getAsLong(), Map.of(), false)
              : new Outcome(false, revision, present, perhapsDone);
        });
  }

  /// The first endpoint that gives an account of itself.
  ProbeAnswer.Probe probe(Duration deadline) throws NoAnswer {
    return overEndpoints(deadline, (endpoint, share, _) -> probe(endpoint, share));
  }

  /// Every endpoint's account, within an equal share of the time for each; in the order of the
  /// configuration.
  List<ProbeAnswer> probeEach(Duration deadline) {
    var whole = Deadline.after(deadline.toNanos(), TimeUnit.NANOSECONDS);
    var found = new ArrayList<ProbeAnswer>();
    for (int i = 0; i < endpoints.size(); i++) {
      try {
        found.add(probe(endpoints.get(i), share(whole, endpoints.size() - i)));
      } catch (EtcdTrouble e) {
        found.add(new WitnessFailure(e.reason(), e.text(), false));
      }
    }
    return List.copyOf(found);
  }

  /// Ends everything, without waiting: calls that are under way fail.
  @Override
  public void close() {
    endpoints.forEach(EtcdEndpoint::close);
  }

  List<EtcdEndpoint> endpoints() {
    return endpoints;
  }

  private static ProbeAnswer.Probe probe(EtcdEndpoint endpoint, Deadline share) throws EtcdTrouble {
    // The first call may have to connect: the second one is measured.
    var _ = endpoint.account(share);
    long begin = System.nanoTime();
    var account = endpoint.account(share);
    long latencyNanos = System.nanoTime() - begin;
    return new ProbeAnswer.Probe(
        endpoint.address(),
        latencyNanos,
        account.hasLeader(),
        account.alarms(),
        account.status().getVersion(),
        account.status().getHeader().getClusterId(),
        account.wire().serverCertificate().map(found -> found.getNotAfter().toInstant()),
        endpoint.clientExpires());
  }

  private <A> A overEndpoints(Duration deadline, Attempt<A> attempt) throws NoAnswer {
    var whole = Deadline.after(deadline.toNanos(), TimeUnit.NANOSECONDS);
    var order = order();
    var troubles = new ArrayList<EtcdTrouble>();
    boolean perhapsDone = false;
    for (int i = 0; i < order.size() && !whole.isExpired(); i++) {
      var endpoint = order.get(i);
      try {
        var answer = attempt.at(endpoint, share(whole, order.size() - i), perhapsDone);
        preferred = endpoint;
        return answer;
      } catch (EtcdTrouble e) {
        troubles.add(e);
        perhapsDone |= e.perhapsDone();
        if (!e.worthAnotherEndpoint() || Thread.currentThread().isInterrupted()) {
          break;
        }
      }
    }
    throw new NoAnswer(failure(troubles, deadline, perhapsDone));
  }

  private static WitnessFailure failure(
      List<EtcdTrouble> troubles, Duration deadline, boolean perhapsDone) {
    if (troubles.isEmpty()) {
      return new WitnessFailure(
          Reason.UNREACHABLE,
          "a deadline of %d ms had passed before the witness was asked"
              .formatted(deadline.toMillis()),
          false);
    }
    var reason =
        troubles.stream().map(EtcdTrouble::reason).max(Comparator.naturalOrder()).orElseThrow();
    return new WitnessFailure(
        reason,
        troubles.stream().map(EtcdTrouble::text).collect(Collectors.joining(" | ")),
        perhapsDone);
  }

  /// The one that answered last, then the others as configured.
  private List<EtcdEndpoint> order() {
    var order = new ArrayList<EtcdEndpoint>();
    var first = preferred;
    order.add(first);
    endpoints.stream().filter(other -> other != first).forEach(order::add);
    return order;
  }

  private static Deadline share(Deadline whole, int endpointsLeft) {
    return Deadline.after(
        whole.timeRemaining(TimeUnit.NANOSECONDS) / endpointsLeft, TimeUnit.NANOSECONDS);
  }

  private static void requireSize(int count) {
    if (count < 1 || count > KEYS_MAX) {
      throw new IllegalArgumentException(
          count + " records in one transaction; etcd takes 1 to " + KEYS_MAX);
    }
  }

  private static List<RequestOp> gets(SequencedSet<String> keys) {
    return keys.stream()
        .map(key ->
            RequestOp.newBuilder()
                .setRequestRange(RangeRequest.newBuilder().setKey(ByteString.copyFromUtf8(key)))
                .build())
        .toList();
  }

  /// Nothing is believed that does not answer exactly what was asked.
  private static Map<String, Value> values(
      EtcdEndpoint endpoint, SequencedSet<String> keys, TxnResponse answer, boolean perhapsDone)
      throws EtcdTrouble {
    if (answer.getResponsesCount() != keys.size()) {
      throw endpoint
          .words()
          .malformed(
              "%d results for %d keys".formatted(answer.getResponsesCount(), keys.size()),
              perhapsDone);
    }
    var found = new LinkedHashMap<String, Value>();
    int index = 0;
    for (var key : keys) {
      found.put(
          key, value(endpoint, key, answer.getResponses(index++).getResponseRange(), perhapsDone));
    }
    return found;
  }

  private static Value value(
      EtcdEndpoint endpoint, String key, RangeResponse range, boolean perhapsDone)
      throws EtcdTrouble {
    if (range.getKvsCount() == 0) {
      return new Value(ByteString.EMPTY, 0);
    }
    var kv = range.getKvs(0);
    if (range.getKvsCount() > 1 || !kv.getKey().equals(ByteString.copyFromUtf8(key))) {
      throw endpoint.words().malformed("other keys than `" + key + "`", perhapsDone);
    }
    if (kv.getModRevision() <= 0) {
      throw endpoint.words().malformed("a key that exists without a revision", perhapsDone);
    }
    if (kv.getValue().size() > VALUE_BYTES_MAX) {
      throw endpoint
          .words()
          .malformed(
              "`%s` has %d bytes, allowed are %d"
                  .formatted(key, kv.getValue().size(), VALUE_BYTES_MAX),
              perhapsDone);
    }
    return new Value(kv.getValue(), kv.getModRevision());
  }

  /// The revision by which the values to be set were set, all of them; empty when they were not.
  private static OptionalLong ownWin(Map<String, Put> puts, Map<String, Value> present) {
    long revision = 0;
    for (var put : puts.entrySet()) {
      var found = present.get(put.getKey());
      if (found == null
          || !found.bytes().equals(put.getValue().bytes())
          || found.modRevision() <= put.getValue().expectedRevision()
          || (revision != 0 && found.modRevision() != revision)) {
        return OptionalLong.empty();
      }
      revision = found.modRevision();
    }
    return OptionalLong.of(revision);
  }
}
