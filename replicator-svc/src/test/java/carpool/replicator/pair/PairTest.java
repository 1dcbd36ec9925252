package carpool.replicator.pair;

import static org.junit.jupiter.api.Assertions.assertEquals;

import carpool.replicator.v1.DiskState;
import carpool.replicator.v1.Role;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("peer")
class PairTest {
  private static final int KILL_ROUNDS = Integer.getInteger("carpool.pair.rounds", 6);

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"fullsync", "memsync", "async"})
  void whatIsWrittenOnThePrimaryIsOnBothNodesAndSurvivesASwitch(String mode) throws Exception {
    try (var pair = new Pair(directory, mode)) {
      pair.up();

      Tools.run(
          "qemu-io",
          "-f",
          "raw",
          "-c",
          "write -P 0x5a 1M 3M",
          "-c",
          "write -P 7 63 5",
          "-c",
          "write -z 2M 64k",
          "-c",
          "discard 3M 64k",
          "-c",
          "flush",
          pair.uri(1));
      assertEquals(Role.ROLE_SECONDARY, pair.role(1, Role.ROLE_SECONDARY).getNow());
      assertEquals(Role.ROLE_PRIMARY, pair.role(2, Role.ROLE_PRIMARY).getNow(), pair.logs());
      pair.awaitComplete(2);

      Tools.run(
          "qemu-io",
          "-f",
          "raw",
          "-c",
          "read -P 0x5a 1M 1M",
          "-c",
          "read -P 7 63 5",
          "-c",
          "read -P 0 2M 64k",
          "-c",
          "read -P 0 3M 64k",
          pair.uri(2));
      assertEquals(-1, pair.firstDifference());
    }
  }

  @Test
  void secondaryRefusesPromotionWhileThePeerIsPrimaryAndShowsNoExport() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      pair.up();

      var refusal = pair.role(2, Role.ROLE_PRIMARY);

      assertEquals("PEER_IS_PRIMARY", refusal.getError().getReason());
      assertEquals(Role.ROLE_SECONDARY, refusal.getNow());
      assertEquals("", pair.status(2).getExport().getNbdSocket());
    }
  }

  @Test
  void writesGoOnWhileTheSecondaryIsKilledAndOnlyTheDifferenceIsCopied() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      pair.up();
      var random = new Random(1);
      for (int round = 0; round < KILL_ROUNDS; round++) {
        var fio =
            Tools.start(
                "fio",
                "--name=w",
                "--ioengine=nbd",
                "--uri=" + pair.uri(1),
                "--rw=randwrite",
                "--bs=4k",
                "--iodepth=16",
                "--size=48M",
                "--verify=crc32c",
                "--verify_fatal=1",
                "--verify_state_save=0",
                "--randseed=" + round);
        TimeUnit.MILLISECONDS.sleep(random.nextInt(900));
        pair.kill(2);
        pair.start(2);
        var output = new String(fio.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, fio.waitFor(), output + pair.logs());
        pair.awaitComplete(1);
        assertEquals(-1, pair.firstDifference(), "round " + round);
      }
    }
  }

  private static int pattern(int round) {
    return 1 + round % 255;
  }

  @Test
  void secondaryServesWhatWasAcknowledgedWhenThePrimaryIsKilled() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      pair.up();
      int serving = 1;
      for (int round = 0; round < KILL_ROUNDS; round++) {
        Tools.run(
            "qemu-io",
            "-f",
            "raw",
            "-c",
            "write -P " + pattern(round) + " " + round % 32 + "M 1M",
            pair.uri(serving));
        // Something is in flight when it falls.
        var busy =
            Tools.start(
                "fio",
                "--name=b",
                "--ioengine=nbd",
                "--uri=" + pair.uri(serving),
                "--rw=randwrite",
                "--bs=16k",
                "--iodepth=16",
                "--offset=32M",
                "--size=24M",
                "--loops=20");
        TimeUnit.MILLISECONDS.sleep(300);
        pair.kill(serving);
        busy.destroyForcibly().waitFor();
        int other = 3 - serving;
        pair.await(
            other,
            "apart",
            r ->
                r.getDisk() == DiskState.DISK_STATE_UP_TO_DATE
                    && r.getLink() != carpool.replicator.v1.LinkState.LINK_STATE_CONNECTED);
        assertEquals(Role.ROLE_PRIMARY, pair.role(other, Role.ROLE_PRIMARY).getNow(), pair.logs());
        for (int i = Math.max(0, round - 31); i <= round; i++) {
          Tools.run(
              "qemu-io",
              "-f",
              "raw",
              "-c",
              "read -P " + pattern(i) + " " + i % 32 + "M 1M",
              pair.uri(other));
        }
        pair.start(serving);
        pair.awaitComplete(other);
        assertEquals(Role.ROLE_SECONDARY, pair.status(serving).getRole());
        assertEquals(-1, pair.firstDifference(), "round " + round);
        serving = other;
      }
    }
  }

  @Test
  void nodeThatComesBackAloneRefusesToServeWhatMayBeOld() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      pair.up();
      pair.kill(2);
      Tools.run("qemu-io", "-f", "raw", "-c", "write -P 9 0 64k", pair.uri(1));
      pair.kill(1);
      pair.start(2);

      var refusal = pair.role(2, Role.ROLE_PRIMARY);

      assertEquals("CURRENCY_UNKNOWN", refusal.getError().getReason());
      pair.start(1);
      assertEquals(Role.ROLE_PRIMARY, pair.role(1, Role.ROLE_PRIMARY).getNow(), "it went on alone");
      pair.awaitComplete(1);
      assertEquals(-1, pair.firstDifference());
    }
  }

  /// What scripts written for hastd do at a stop and at a takeover. The peer is up, and its word is
  /// a moment away.
  @Test
  void primaryRightAfterInitOnAHealthyPairIsPrimary() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      pair.up();
      Tools.run("qemu-io", "-f", "raw", "-c", "write -P 9 0 64k", "-c", "flush", pair.uri(1));
      for (int node : new int[] {1, 2}) {
        assertEquals(Role.ROLE_INIT, pair.role(node, Role.ROLE_INIT).getNow());

        var result = pair.role(node, Role.ROLE_PRIMARY);

        assertEquals("", result.getError().getReason(), pair.logs());
        assertEquals(Role.ROLE_PRIMARY, result.getNow());
        pair.awaitComplete(node);
        pair.role(node, Role.ROLE_SECONDARY);
      }
    }
  }

  @Test
  void refusedPromotionLeavesTheRoleInit() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      pair.up();
      pair.role(2, Role.ROLE_INIT);

      var refusal = pair.role(2, Role.ROLE_PRIMARY);

      assertEquals("PEER_IS_PRIMARY", refusal.getError().getReason(), pair.logs());
      assertEquals(Role.ROLE_INIT, refusal.getNow());
      assertEquals(Role.ROLE_INIT, pair.status(2).getRole());
      assertEquals(Role.ROLE_SECONDARY, pair.role(2, Role.ROLE_SECONDARY).getNow());
      pair.awaitComplete(1);
    }
  }

  @Test
  void orderlyStopIsExitCodeZero() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      pair.up();

      pair.terminate(1);
      pair.terminate(2);
    }
  }
}
