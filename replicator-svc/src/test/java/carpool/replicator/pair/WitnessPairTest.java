package carpool.replicator.pair;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.v1.LinkState;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Role;
import carpool.replicator.v1.WitnessPermission;
import carpool.replicator.v1.WitnessRecord;
import carpool.replicator.witness.EtcdServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Two real replicators and a real etcd: who serves when they do not reach each other.
@Tag("peer")
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class WitnessPairTest {
  @TempDir private Path directory = Path.of("");

  private Pair pair(EtcdServer etcd) throws Exception {
    var witness = "witness: { endpoints: [ \"" + etcd.endpoint() + "\" ] }\n";
    return new Pair(directory.resolve("pair"), "fullsync", new Pair.Extras("", witness, witness));
  }

  private static boolean says(Resource resource, WitnessRecord record) {
    return resource.getWitness().getRecord() == record
        && !resource.getWitness().getIncarnation().isEmpty();
  }

  private static void up(Pair pair) throws Exception {
    pair.up();
    pair.await(1, "agreed on the witness", r -> says(r, WitnessRecord.WITNESS_RECORD_BOTH));
    pair.await(2, "agreed on the witness", r -> says(r, WitnessRecord.WITNESS_RECORD_BOTH));
    assertThat(pair.status(1).getWitness().getIncarnation())
        .isEqualTo(pair.status(2).getWitness().getIncarnation());
  }

  private static void write(Pair pair, int node, int pattern) throws Exception {
    Tools.run(
        "qemu-io",
        "-f",
        "raw",
        "-c",
        "write -P " + pattern + " 1M 64k",
        "-c",
        "flush",
        pair.uri(node));
  }

  private static void deleteAll(Path tree) throws Exception {
    try (var paths = Files.walk(tree)) {
      for (var path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  private static void read(Pair pair, int node, int pattern) throws Exception {
    Tools.run("qemu-io", "-f", "raw", "-c", "read -P " + pattern + " 1M 64k", pair.uri(node));
  }

  @Test
  void primaryThatLosesItsPeerGoesOnWithTheWitnessAndTheOtherMayNot() throws Exception {
    try (var etcd = EtcdServer.start(directory.resolve("etcd"));
        var pair = pair(etcd)) {
      up(pair);
      write(pair, 1, 3);
      pair.kill(2);

      write(pair, 1, 4);

      pair.await(
          1,
          "the only one",
          r ->
              says(r, WitnessRecord.WITNESS_RECORD_ONLY)
                  && r.getWitness().getRecordNode().equals("hast1"));
      pair.kill(1);
      pair.start(2);
      var refusal = pair.role(2, Role.ROLE_PRIMARY);
      assertThat(refusal.getError().getReason())
          .as(refusal + pair.logs())
          .isEqualTo("WITNESS_NAMES_PEER");
      // The other way: the one that the record names serves unattended.
      pair.terminate(2);
      pair.start(1);
      var promotion = pair.role(1, Role.ROLE_PRIMARY);
      assertThat(promotion.getNow()).as(promotion + pair.logs()).isEqualTo(Role.ROLE_PRIMARY);
      read(pair, 1, 4);
      pair.start(2);
      pair.awaitComplete(1);
      pair.await(1, "both again", r -> says(r, WitnessRecord.WITNESS_RECORD_BOTH));
      pair.terminate(1);
      pair.terminate(2);
      assertThat(pair.firstDifference()).isEqualTo(-1);
    }
  }

  @Test
  void eitherNodeServesAloneAfterBothLostPower() throws Exception {
    for (int survivor = 1; survivor <= 2; survivor++) {
      var home = directory.resolve("s" + survivor);
      try (var etcd = EtcdServer.start(home.resolve("etcd"))) {
        var witness = "witness: { endpoints: [ \"" + etcd.endpoint() + "\" ] }\n";
        try (var pair =
            new Pair(home.resolve("pair"), "fullsync", new Pair.Extras("", witness, witness))) {
          up(pair);
          write(pair, 1, 5);
          pair.kill(1);
          pair.kill(2);

          pair.start(survivor);
          var promotion = pair.role(survivor, Role.ROLE_PRIMARY);

          assertThat(promotion.getNow()).as(promotion + pair.logs()).isEqualTo(Role.ROLE_PRIMARY);
          read(pair, survivor, 5);
          write(pair, survivor, 6);
        }
      }
    }
  }

  @Test
  void primaryWithoutPeerAndWitnessHoldsAndServesAgainWhenTheWitnessIsBack() throws Exception {
    try (var etcd = EtcdServer.start(directory.resolve("etcd"));
        var pair = pair(etcd)) {
      up(pair);
      write(pair, 1, 7);
      etcd.kill();
      pair.await(1, "warned", r -> !r.getWitness().getReachable());
      write(pair, 1, 8); // a connected pair needs no witness
      pair.kill(2);
      pair.await(
          1,
          "held",
          r -> r.getWitness().getPermission() == WitnessPermission.WITNESS_PERMISSION_HOLD);

      var read = Tools.start("qemu-io", "-f", "raw", "-c", "read -P 8 1M 64k", pair.uri(1));
      try {
        assertThat(read.waitFor(3, TimeUnit.SECONDS)).as("a read is answered").isFalse();
        etcd.start();
        assertThat(read.waitFor(60, TimeUnit.SECONDS)).as(pair.logs()).isTrue();
        assertThat(read.exitValue()).isZero();
      } finally {
        read.destroyForcibly();
      }
      write(pair, 1, 9);
    }
  }

  @Test
  void primaryThatStoodStillWhileTheOtherWasPromotedAnswersNothing() throws Exception {
    try (var etcd = EtcdServer.start(directory.resolve("etcd"));
        var pair = pair(etcd)) {
      up(pair);
      write(pair, 1, 10);
      pair.stop(1);
      pair.await(2, "apart", r -> r.getLink() != LinkState.LINK_STATE_CONNECTED);
      var promotion = pair.role(2, Role.ROLE_PRIMARY);
      assertThat(promotion.getNow()).as(promotion + pair.logs()).isEqualTo(Role.ROLE_PRIMARY);
      write(pair, 2, 11);

      var read = Tools.start("qemu-io", "-f", "raw", "-c", "read -P 10 1M 64k", pair.uri(1));
      try {
        pair.go(1);
        pair.await(1, "fenced", Resource::getFenced);
        assertThat(read.isAlive() || read.exitValue() != 0).as("a stale read").isTrue();
      } finally {
        read.destroyForcibly();
      }
      assertThat(pair.role(1, Role.ROLE_SECONDARY).getNow()).isEqualTo(Role.ROLE_SECONDARY);
      pair.awaitComplete(2);
      read(pair, 2, 11);
      pair.terminate(1);
      pair.terminate(2);
      assertThat(pair.firstDifference()).isEqualTo(-1);
    }
  }

  @Test
  void switchoverOfAConnectedPairNeedsNoWitness() throws Exception {
    try (var etcd = EtcdServer.start(directory.resolve("etcd"));
        var pair = pair(etcd)) {
      up(pair);
      etcd.kill();
      write(pair, 1, 12);
      assertThat(pair.role(1, Role.ROLE_SECONDARY).getNow()).isEqualTo(Role.ROLE_SECONDARY);

      var promotion = pair.role(2, Role.ROLE_PRIMARY);

      assertThat(promotion.getNow()).as(promotion + pair.logs()).isEqualTo(Role.ROLE_PRIMARY);
      read(pair, 2, 12);
      write(pair, 2, 13);
    }
  }

  /// An etcd that was set up anew: one command on the primary of the connected pair.
  @Test
  void emptiedWitnessIsReplacedByOneCommand() throws Exception {
    try (var etcd = EtcdServer.start(directory.resolve("etcd"));
        var pair = pair(etcd)) {
      up(pair);
      var before = pair.status(1).getWitness().getIncarnation();
      etcd.kill();
      deleteAll(directory.resolve("etcd/m0"));
      etcd.start();
      pair.await(1, "without a record", r -> says(r, WitnessRecord.WITNESS_RECORD_ABSENT));
      write(pair, 1, 14); // a warning, no outage

      var elsewhere = pair.renewWitness(2, false, false);
      assertThat(elsewhere.getError().getReason()).isEqualTo("WITNESS_FAILED");
      assertThat(elsewhere.getMessage()).contains("not primary");
      var here = pair.renewWitness(1, false, false);

      assertThat(here.getError().getReason()).as(here + pair.logs()).isEmpty();
      for (int node = 1; node <= 2; node++) {
        var now = pair.await(node, "both", r -> says(r, WitnessRecord.WITNESS_RECORD_BOTH));
        assertThat(now.getWitness().getIncarnation()).isNotEqualTo(before);
      }
      assertThat(pair.renewWitness(1, false, false).getMessage()).contains("has records");
      assertThat(pair.renewWitness(1, true, false).getError().getReason()).isEmpty();
      pair.kill(2);
      write(pair, 1, 15);
    }
  }

  /// The files differ: the node that has a witness says so, and all is as without one.
  @Test
  void aPeerWithoutAWitnessIsNoReasonToStopServing() throws Exception {
    try (var etcd = EtcdServer.start(directory.resolve("etcd"))) {
      var witness = "witness: { endpoints: [ \"" + etcd.endpoint() + "\" ] }\n";
      try (var pair =
          new Pair(directory.resolve("pair"), "fullsync", new Pair.Extras("", witness, ""))) {
        pair.up();
        pair.await(1, "warned", r -> !r.getWitness().getPeerTakesPart());
        assertThat(pair.status(1).getWitness().getIncarnation()).isEmpty();
        write(pair, 1, 16);
        pair.kill(2);

        write(pair, 1, 17);
        pair.start(2);
        pair.awaitComplete(1);
        assertThat(pair.role(1, Role.ROLE_SECONDARY).getNow()).isEqualTo(Role.ROLE_SECONDARY);
        assertThat(pair.role(2, Role.ROLE_PRIMARY).getNow()).isEqualTo(Role.ROLE_PRIMARY);
        read(pair, 2, 17);
      }
    }
  }

  @Test
  void onLossContinueServesAndSaysSo() throws Exception {
    try (var etcd = EtcdServer.start(directory.resolve("etcd"))) {
      var witness = "witness: { endpoints: [ \"" + etcd.endpoint() + "\" ], on-loss: continue }\n";
      try (var pair =
          new Pair(directory.resolve("pair"), "fullsync", new Pair.Extras("", witness, witness))) {
        up(pair);
        etcd.kill();
        pair.kill(2);

        write(pair, 1, 18);

        assertThat(pair.status(1).getWitness().getUnvouched()).isTrue();
      }
    }
  }

  @Test
  void onLossIoErrorAnswersWithErrorsUntilSomebodyAnswers() throws Exception {
    try (var etcd = EtcdServer.start(directory.resolve("etcd"))) {
      var witness = "witness: { endpoints: [ \"" + etcd.endpoint() + "\" ], on-loss: io-error }\n";
      try (var pair =
          new Pair(directory.resolve("pair"), "fullsync", new Pair.Extras("", witness, witness))) {
        up(pair);
        write(pair, 1, 19);
        etcd.kill();
        pair.kill(2);
        pair.await(
            1,
            "refusing",
            r -> r.getWitness().getPermission() == WitnessPermission.WITNESS_PERMISSION_FAIL);

        var read = Tools.start("qemu-io", "-f", "raw", "-c", "read -P 19 1M 64k", pair.uri(1));

        assertThat(read.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(read.exitValue()).isNotZero();
        etcd.start();
        pair.await(
            1,
            "serving",
            r -> r.getWitness().getPermission() == WitnessPermission.WITNESS_PERMISSION_ANSWER);
        read(pair, 1, 19);
      }
    }
  }
}
