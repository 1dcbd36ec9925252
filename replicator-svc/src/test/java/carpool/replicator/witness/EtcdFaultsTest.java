package carpool.replicator.witness;

import static carpool.replicator.witness.WitnessFixture.LONG;
import static carpool.replicator.witness.WitnessFixture.SHORT;
import static carpool.replicator.witness.WitnessFixture.access;
import static carpool.replicator.witness.WitnessFixture.awaitRecord;
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

import carpool.kit.config.WitnessEndpoint;
import carpool.replicator.witness.ChangeAnswer.Lost;
import carpool.replicator.witness.ChangeAnswer.Won;
import carpool.replicator.witness.EtcdClient.NoAnswer;
import carpool.replicator.witness.EtcdClient.Put;
import carpool.replicator.witness.ProbeAnswer.Probe;
import carpool.replicator.witness.WitnessFailure.Reason;
import com.google.protobuf.ByteString;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A real etcd that dies, stands still, loses its majority or gets full.
@Tag("peer")
@Timeout(180)
class EtcdFaultsTest {
  @TempDir private Path directory;

  /// Changes one after the other until the etcd is killed below them; the one that failed is there
  /// or not, and nothing else is.
  @Test
  void whatAKilledEtcdLeavesOpenIsToldByReading() throws Exception {
    try (var etcd = EtcdServer.start(directory);
        var witness = open(access(etcd.endpoint()));
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int round = 0; round < 5; round++) {
        var before = record(witness, "disk1");
        var done = new AtomicLong();
        var writer =
            CompletableFuture.supplyAsync(() -> changeUntilItFails(witness, before, done), threads);
        while (done.get() < 3L * (round + 1)) {
          Thread.onSpinWait();
        }
        etcd.kill();
        var broken = writer.get();
        assertThat(broken.failure().reason()).isEqualTo(Reason.UNREACHABLE);

        etcd.start();
        etcd.awaitReady();
        var found = awaitRecord(witness, "disk1");

        if (found.modRevision() != broken.lastRevision()) {
          assertThat(broken.failure().perhapsDone()).isTrue();
          assertThat(found.record()).contains(broken.attempted());
        }
        var _ =
            won(
                witness.compareAndSet(
                    Map.of("disk1", change(found.modRevision(), both("disk1", "hast2"))), LONG));
      }
    }
  }

  private record Broken(long lastRevision, ResourceRecord attempted, WitnessFailure failure) {}

  private static Broken changeUntilItFails(
      Witness witness, ReadAnswer.Versioned from, AtomicLong done) {
    long revision = from.modRevision();
    while (true) {
      var next = only("disk1", "hast1");
      switch (witness.compareAndSet(Map.of("disk1", change(revision, next)), LONG)) {
        case Won(long at) -> {
          revision = at;
          done.incrementAndGet();
        }
        case Lost lost -> throw new AssertionError("nobody else writes: " + lost);
        case WitnessFailure failure -> {
          return new Broken(revision, next, failure);
        }
      }
    }
  }

  @Test
  void anEtcdThatStandsStillKeepsNobodyBeyondTheDeadline() throws Exception {
    try (var etcd = EtcdServer.start(directory);
        var witness = open(access(etcd.endpoint()))) {
      long revision =
          won(witness.compareAndSet(Map.of("disk1", change(0, both("disk1", "hast1"))), LONG));
      etcd.signal("STOP");

      failed(within(SHORT, () -> witness.read(List.of("disk1"), SHORT)), Reason.UNREACHABLE);
      failed(within(SHORT, () -> witness.probe(SHORT)), Reason.UNREACHABLE);
      failed(
          within(
              SHORT,
              () ->
                  witness.compareAndSet(
                      Map.of("disk1", change(revision, only("disk1", "hast1"))), SHORT)),
          Reason.UNREACHABLE);

      etcd.signal("CONT");
      assertThat(awaitRecord(witness, "disk1").modRevision()).isGreaterThanOrEqualTo(revision);
    }
  }

  /// What was on its way when the etcd stopped is carried out when it goes on: the caller was told.
  @Test
  void aChangeSentToAnEtcdThatStoodStillMayBeCarriedOutLate() throws Exception {
    try (var etcd = EtcdServer.start(directory);
        var witness = open(access(etcd.endpoint()))) {
      records(witness.read(List.of("disk1"), LONG));
      etcd.signal("STOP");
      var late = only("disk1", "hast1");

      var failure =
          failed(
              within(SHORT, () -> witness.compareAndSet(Map.of("disk1", change(0, late)), SHORT)),
              Reason.UNREACHABLE,
              "did not answer in time");
      assertThat(failure.perhapsDone()).isTrue();

      etcd.signal("CONT");
      var found = awaitRecord(witness, "disk1");
      assertThat(found.record().isEmpty() || found.record().get().equals(late)).isTrue();
    }
  }

  @Test
  void oneMemberOfThreeHasNoQuorum() throws Exception {
    var members = EtcdServer.startCluster(directory, 3);
    try (var witness =
        open(access(members.stream().map(EtcdServer::endpoint).toArray(WitnessEndpoint[]::new)))) {
      long revision =
          won(witness.compareAndSet(Map.of("disk1", change(0, both("disk1", "hast1"))), LONG));
      members.get(0).kill();
      var _ = awaitRecord(witness, "disk1");
      members.get(1).kill();

      var deadline = SHORT.multipliedBy(3);
      failed(
          within(deadline, () -> witness.read(List.of("disk1"), deadline)),
          Reason.NO_QUORUM,
          "only while a majority of its members run");
      var mine = only("disk1", "hast1");
      failed(
          within(
              deadline,
              () -> witness.compareAndSet(Map.of("disk1", change(revision, mine)), deadline)),
          Reason.NO_QUORUM);

      members.get(0).start();
      var found = awaitRecord(witness, "disk1");
      assertThat(found.modRevision() == revision || found.record().orElseThrow().equals(mine))
          .isTrue();
    } finally {
      members.forEach(EtcdServer::close);
    }
  }

  @Test
  void aMemberWithoutLeaderSaysSo() throws Exception {
    var members = EtcdServer.startCluster(directory, 3);
    try (var witness = open(access(members.get(2).endpoint()))) {
      members.get(0).kill();
      members.get(1).kill();

      var failure = witness.read(List.of("disk1"), LONG);
      while (!(failure instanceof WitnessFailure known
          && known.text().contains("knows of no leader"))) {
        failure = failed(witness.read(List.of("disk1"), LONG), Reason.NO_QUORUM);
      }

      var answer = witness.probe(LONG);
      assertThat(answer).isInstanceOf(Probe.class);
      assertThat(((Probe) answer).hasLeader()).isFalse();
    } finally {
      members.forEach(EtcdServer::close);
    }
  }

  @Test
  void aFullEtcdTakesNoChangesButIsRead() throws Exception {
    try (var etcd = EtcdServer.start(directory, "--quota-backend-bytes=" + 4 * 1024 * 1024);
        var witness = open(access(etcd.endpoint()))) {
      long revision =
          won(witness.compareAndSet(Map.of("disk1", change(0, both("disk1", "hast1"))), LONG));
      fill(witness);

      var failure =
          failed(
              witness.compareAndSet(
                  Map.of("disk1", change(revision, only("disk1", "hast1"))), LONG),
              Reason.NO_SPACE,
              "has reached its quota",
              "etcdctl alarm disarm");
      assertThat(failure.perhapsDone())
          .as("etcd says this also of the change that reaches the quota, which it carries out")
          .isTrue();
      assertThat(record(witness, "disk1").modRevision()).isEqualTo(revision);
      var probe = witness.probe(LONG);
      while (probe instanceof Probe(_, _, _, var alarms, _, _, _, _) && alarms.isEmpty()) {
        probe = witness.probe(LONG); // raised by a request of its own
      }
      assertThat(((Probe) probe).alarms()).containsExactly("NOSPACE");
    }
  }

  private static void fill(Witness witness) throws Exception {
    var value = ByteString.copyFrom(new byte[EtcdClient.VALUE_BYTES_MAX]);
    for (int round = 0; round < 100; round++) {
      var puts = new LinkedHashMap<String, Put>();
      for (int i = 0; i < EtcdClient.KEYS_MAX; i++) {
        puts.put("/full/" + round + "/" + i, new Put(0, value));
      }
      try {
        var _ = witness.etcd().compareAndSet(puts, LONG);
      } catch (NoAnswer e) {
        assertThat(e.failure().reason()).isEqualTo(Reason.NO_SPACE);
        return;
      }
    }
    throw new AssertionError("the etcd does not get full");
  }
}
