package carpool.replicator.witness;

import static carpool.replicator.witness.WitnessFixture.LONG;
import static carpool.replicator.witness.WitnessFixture.SHORT;
import static carpool.replicator.witness.WitnessFixture.access;
import static carpool.replicator.witness.WitnessFixture.both;
import static carpool.replicator.witness.WitnessFixture.change;
import static carpool.replicator.witness.WitnessFixture.failed;
import static carpool.replicator.witness.WitnessFixture.only;
import static carpool.replicator.witness.WitnessFixture.open;
import static carpool.replicator.witness.WitnessFixture.record;
import static carpool.replicator.witness.WitnessFixture.records;
import static carpool.replicator.witness.WitnessFixture.within;
import static carpool.replicator.witness.WitnessFixture.won;
import static org.assertj.core.api.Assertions.assertThat;

import carpool.kit.config.HostPort;
import carpool.kit.config.WitnessEndpoint;
import carpool.kit.testing.FreePort;
import carpool.replicator.witness.ChangeAnswer.Lost;
import carpool.replicator.witness.ChangeAnswer.Won;
import carpool.replicator.witness.EtcdClient.Put;
import carpool.replicator.witness.ReadAnswer.Versioned;
import carpool.replicator.witness.WitnessFailure.Reason;
import com.google.protobuf.ByteString;
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Records in a real etcd that is well, and endpoints where none is.
@Tag("peer")
@Timeout(180)
class WitnessTest {
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
  private static EtcdServer etcd;
  private static int tests;

  private Witness witness;
  private String disk1;
  private String disk2;

  @BeforeAll
  static void start(@TempDir Path directory) throws Exception {
    etcd = EtcdServer.start(directory);
  }

  @AfterAll
  static void stop() {
    if (etcd != null) {
      etcd.close();
    }
  }

  /// Each test has resources of its own.
  @BeforeEach
  void connect() throws Exception {
    witness = open(access(etcd.endpoint()));
    disk1 = "disk1-" + ++tests;
    disk2 = "disk2-" + tests;
  }

  @AfterEach
  void close() {
    witness.close();
  }

  private static WitnessEndpoint at(int port) {
    return new WitnessEndpoint(false, new HostPort("127.0.0.1", port));
  }

  /// A listener that never accepts: the kernel makes the connections, nobody answers on them.
  private static ServerSocket silent() throws Exception {
    return new ServerSocket(0, 50, LOOPBACK);
  }

  @Test
  void absentRecordsHaveRevisionZero() {
    var found = records(witness.read(List.of(disk1, disk2), LONG));

    assertThat(found.byResource())
        .isEqualTo(
            Map.of(
                disk1, new Versioned(Optional.empty(), 0),
                disk2, new Versioned(Optional.empty(), 0)));
    assertThat(found.cluster()).isNotZero();
    assertThat(found.revision()).isPositive();
  }

  @Test
  void aWonChangeSetsAllRecordsByOneRevision() {
    var first = both(disk1, "hast1");
    var second = both(disk2, "hast1");

    long revision =
        won(witness.compareAndSet(Map.of(disk1, change(0, first), disk2, change(0, second)), LONG));

    assertThat(records(witness.read(List.of(disk1, disk2), LONG)).byResource())
        .isEqualTo(
            Map.of(
                disk1, new Versioned(Optional.of(first), revision),
                disk2, new Versioned(Optional.of(second), revision)));
  }

  @Test
  void aLostChangeChangesNothingAndShowsWhatIsThere() {
    var there = only(disk1, "hast2");
    long revision = won(witness.compareAndSet(Map.of(disk1, change(0, there)), LONG));

    var answer =
        witness.compareAndSet(
            Map.of(disk1, change(0, only(disk1, "hast1")), disk2, change(0, only(disk2, "hast1"))),
            LONG);

    assertThat(answer)
        .isEqualTo(
            new Lost(
                Map.of(
                    disk1, new Versioned(Optional.of(there), revision),
                    disk2, new Versioned(Optional.empty(), 0))));
    assertThat(record(witness, disk2).modRevision()).isZero();
  }

  @Test
  void ofTwoNodesThatWantTheSameRecordOneWins() throws Exception {
    try (var other = open(access(etcd.endpoint()));
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      long revision = won(witness.compareAndSet(pair(0, "hast1"), LONG));
      for (int round = 0; round < 200; round++) {
        long expected = revision;
        var mine = pair(expected, "hast1");
        var theirs = pair(expected, "hast2");
        var first = CompletableFuture.supplyAsync(() -> witness.compareAndSet(mine, LONG), threads);
        var second =
            CompletableFuture.supplyAsync(() -> other.compareAndSet(theirs, LONG), threads);

        var answers = List.of(first.get(), second.get());

        assertThat(answers).as("round " + round).hasAtLeastOneElementOfType(Won.class);
        assertThat(answers).as("round " + round).hasAtLeastOneElementOfType(Lost.class);
        boolean mineWon = answers.getFirst() instanceof Won;
        revision = won(answers.get(mineWon ? 0 : 1));
        assertThat(((Lost) answers.get(mineWon ? 1 : 0)).present())
            .as("the loser sees the winner's records")
            .isEqualTo(written(mineWon ? mine : theirs, revision));
      }
    }
  }

  private static Map<String, Versioned> written(
      Map<String, ChangeAnswer.Change> changes, long revision) {
    return changes.entrySet().stream()
        .collect(
            Collectors.toMap(
                Map.Entry::getKey,
                change -> new Versioned(Optional.of(change.getValue().record()), revision)));
  }

  private Map<String, ChangeAnswer.Change> pair(long revision, String node) {
    return Map.of(
        disk1, change(revision, only(disk1, node)), disk2, change(revision, only(disk2, node)));
  }

  @Test
  void aValueThatIsNoRecordIsRefusedAndCanBeReplaced() throws Exception {
    var key = "/carpool/storage/resource/" + disk1;
    var _ =
        witness
            .etcd()
            .compareAndSet(
                Map.of(key, new Put(0, ByteString.copyFromUtf8("carpool-witness 9\n"))), LONG);

    failed(
        witness.read(List.of(disk1), LONG),
        Reason.MALFORMED,
        key,
        "it has format 9, this node knows format 1",
        "upgrade this node");
    var lost =
        failed(
            witness.compareAndSet(Map.of(disk1, change(0, only(disk1, "hast1"))), LONG),
            Reason.MALFORMED);
    assertThat(lost.perhapsDone()).isFalse();

    var revisions = witness.revisions(List.of(disk1), LONG);
    assertThat(revisions).isInstanceOf(RevisionsAnswer.Revisions.class);
    long found = ((RevisionsAnswer.Revisions) revisions).byResource().getOrDefault(disk1, 0L);
    var _ = won(witness.compareAndSet(Map.of(disk1, change(found, both(disk1, "hast1"))), LONG));
  }

  @Test
  void aValueLongerThanAnyRecordIsRefused() throws Exception {
    var key = "/carpool/storage/resource/" + disk1;
    var bytes = ByteString.copyFrom(new byte[EtcdClient.VALUE_BYTES_MAX + 1]);
    var _ = witness.etcd().compareAndSet(Map.of(key, new Put(0, bytes)), LONG);

    failed(witness.read(List.of(disk1), LONG), Reason.MALFORMED, "4097 bytes, allowed are 4096");
  }

  @Test
  void anAnswerLongerThanAnyIsRefusedWhileItComesIn() throws Exception {
    var key = "/carpool/storage/resource/" + disk1;
    var bytes = ByteString.copyFrom(new byte[EtcdClient.ANSWER_BYTES_MAX + 1]);
    var _ = witness.etcd().compareAndSet(Map.of(key, new Put(0, bytes)), LONG);

    failed(witness.read(List.of(disk1), LONG), Reason.MALFORMED, "exceeds maximum size");
  }

  @Test
  void anotherClusterIsNotAskedToChangeAnything() throws Exception {
    long cluster = records(witness.read(List.of(disk1), LONG)).cluster();
    try (var strict = open(expecting(cluster + 1))) {
      var refused =
          failed(
              strict.compareAndSet(Map.of(disk1, change(0, both(disk1, "hast1"))), LONG),
              Reason.FOREIGN_CLUSTER,
              "%016x".formatted(cluster),
              "%016x".formatted(cluster + 1),
              "correct the endpoints");
      assertThat(refused.perhapsDone()).isFalse();
      failed(strict.read(List.of(disk1), LONG), Reason.FOREIGN_CLUSTER);
    }
    assertThat(record(witness, disk1).modRevision()).isZero();
    try (var strict = open(expecting(cluster))) {
      var _ = won(strict.compareAndSet(Map.of(disk1, change(0, both(disk1, "hast1"))), LONG));
    }
  }

  private static WitnessAccess expecting(long cluster) {
    return new WitnessAccess(
        List.of(etcd.endpoint()), Optional.empty(), Optional.empty(), OptionalLong.of(cluster));
  }

  @Test
  void aRefusedAndASilentEndpointDoNotKeepFromTheThird() throws Exception {
    try (var silent = silent();
        var through =
            open(access(at(FreePort.find()), at(silent.getLocalPort()), etcd.endpoint()))) {
      var record = both(disk1, "hast1");
      var _ =
          won(
              within(
                  LONG,
                  () ->
                      through.compareAndSet(Map.of(disk1, change(0, record)), LONG.dividedBy(2))));

      assertThat(record(through, disk1).record()).contains(record);
    }
  }

  /// The kernel answers no SYN when the queue of a listener is full.
  @Test
  void anEndpointThatDoesNotEvenConnectCostsItsShareOnly() throws Exception {
    var waiting = new ArrayList<Socket>();
    try (var full = new ServerSocket(0, 1, LOOPBACK)) {
      fill(full, waiting);
      try (var through = open(access(at(full.getLocalPort()), etcd.endpoint()))) {
        records(within(LONG, () -> through.read(List.of(disk1), LONG.dividedBy(2))));
      }
      try (var alone = open(access(at(full.getLocalPort())))) {
        var failure =
            failed(
                within(
                    SHORT,
                    () ->
                        alone.compareAndSet(Map.of(disk1, change(0, both(disk1, "hast1"))), SHORT)),
                Reason.UNREACHABLE);
        assertThat(failure.perhapsDone()).isFalse();
      }
    } finally {
      for (var socket : waiting) {
        socket.close();
      }
    }
  }

  private static void fill(ServerSocket listener, List<Socket> waiting) throws Exception {
    for (int i = 0; i < 64; i++) {
      var socket = new Socket();
      waiting.add(socket);
      try {
        socket.connect(new InetSocketAddress(LOOPBACK, listener.getLocalPort()), 300);
      } catch (SocketTimeoutException e) {
        return;
      }
    }
    throw new IllegalStateException("the queue of a listener never gets full here");
  }

  @Test
  void nobodyThereIsUnreachableAndNothingWasSent() throws Exception {
    try (var silent = silent();
        var nobody = open(access(at(FreePort.find()), at(silent.getLocalPort())))) {
      var failure =
          failed(
              within(
                  SHORT,
                  () ->
                      nobody.compareAndSet(Map.of(disk1, change(0, both(disk1, "hast1"))), SHORT)),
              Reason.UNREACHABLE,
              "Connection refused",
              "did not answer in time");
      assertThat(failure.perhapsDone()).isFalse();
    }
  }

  @Test
  void anUnknownHostIsNamed() throws Exception {
    var endpoint = WitnessEndpoint.parse("http://no-such-host.invalid:2379");
    try (var nobody = open(access(endpoint))) {
      failed(
          within(LONG, () -> nobody.read(List.of(disk1), LONG)),
          Reason.UNREACHABLE,
          "no-such-host.invalid");
    }
  }

  @Test
  void anHttpServerIsNoEtcd() throws Exception {
    var http = HttpServer.create(new InetSocketAddress(LOOPBACK, 0), 0);
    http.start();
    try (var wrong = open(access(at(http.getAddress().getPort())))) {
      failed(
          within(LONG, () -> wrong.read(List.of(disk1), LONG)),
          Reason.UNREACHABLE,
          "answers, but not as an etcd does",
          "usually port 2379");
    } finally {
      http.stop(0);
    }
  }

  /// The win itself is not lost: the next read finds it.
  @Test
  void aWinWhoseAnswerIsLostIsFoundByReading() throws Exception {
    try (var proxy = new LossyProxy(etcd.endpoint().address());
        var through = open(access(proxy.endpoint()))) {
      records(through.read(List.of(disk1), LONG));
      proxy.swallowAnswers();
      var mine = only(disk1, "hast1");

      var failure =
          failed(
              within(SHORT, () -> through.compareAndSet(Map.of(disk1, change(0, mine)), SHORT)),
              Reason.UNREACHABLE,
              "did not answer in time");

      assertThat(failure.perhapsDone()).isTrue();
      assertThat(record(witness, disk1).record()).contains(mine);
    }
  }

  @Test
  void aWinWhoseAnswerIsLostIsFoundThroughTheNextEndpoint() throws Exception {
    try (var proxy = new LossyProxy(etcd.endpoint().address());
        var through = open(access(proxy.endpoint(), etcd.endpoint()))) {
      records(through.read(List.of(disk1), LONG));
      proxy.swallowAnswers();

      long revision =
          won(
              through.compareAndSet(
                  Map.of(
                      disk1, change(0, only(disk1, "hast1")),
                      disk2, change(0, only(disk2, "hast1"))),
                  SHORT.multipliedBy(3)));

      assertThat(record(witness, disk1).modRevision()).isEqualTo(revision);
    }
  }

  @Test
  void aProbeSaysHowTheMemberIs() {
    var answer = witness.probe(LONG);

    assertThat(answer).isInstanceOf(ProbeAnswer.Probe.class);
    var probe = (ProbeAnswer.Probe) answer;
    assertThat(probe.endpoint()).isEqualTo(etcd.endpoint());
    assertThat(probe.hasLeader()).isTrue();
    assertThat(probe.alarms()).isEmpty();
    assertThat(probe.version()).startsWith("3.");
    assertThat(probe.latencyNanos()).isPositive();
    assertThat(probe.serverExpires()).isEmpty();
    assertThat(probe.clientExpires()).isEmpty();
  }

  @Test
  void aProbeOfEachEndpointTellsTheGoodFromTheBad() throws Exception {
    try (var two = open(access(at(FreePort.find()), etcd.endpoint()))) {
      var answers = two.probeEach(LONG);

      failed(answers.getFirst(), Reason.UNREACHABLE);
      assertThat(answers.getLast()).isInstanceOf(ProbeAnswer.Probe.class);
    }
  }

  @Test
  void closingEndsACallThatWaits() throws Exception {
    try (var silent = silent();
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var waiting = open(access(at(silent.getLocalPort())));
      var call =
          CompletableFuture.supplyAsync(
              () -> waiting.read(List.of(disk1), LONG.multipliedBy(4)), threads);
      var connected = silent.accept();

      waiting.close();

      failed(within(SHORT, call::join), Reason.UNREACHABLE, "closed its client");
      failed(waiting.read(List.of(disk1), LONG), Reason.UNREACHABLE, "closed its client");
      var _ = connected.getInputStream().readAllBytes(); // until the other side is gone
      while (!waiting.etcd().endpoints().getFirst().ended()) {
        Thread.onSpinWait();
      }
      connected.close();
    }
  }

  @Test
  void anInterruptedThreadIsNotKept() throws Exception {
    try (var silent = silent();
        var waiting = open(access(at(silent.getLocalPort()), etcd.endpoint()))) {
      Thread.currentThread().interrupt();
      var answer = within(SHORT, () -> waiting.read(List.of(disk1), LONG.multipliedBy(4)));
      assertThat(Thread.interrupted()).isTrue();
      failed(answer, Reason.UNREACHABLE, "interrupted");
    }
  }
}
