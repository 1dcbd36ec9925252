package carpool.replicator.pair;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import carpool.replicator.v1.DiskState;
import carpool.replicator.v1.RepairSource;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Role;
import carpool.replicator.v1.SyncAction;
import carpool.replicator.v1.SyncRequest;
import carpool.replicator.v1.SyncState;
import carpool.replicator.v1.VerifyAction;
import carpool.replicator.v1.VerifyRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Synchronisation and verification of two real replicators; the figures are printed.
@Tag("peer")
class SyncPairTest {
  private static final int BLOCK_BYTES = 64 << 10;

  @TempDir Path directory;

  private static void fio(Pair pair, String... more) throws Exception {
    var args = new ArrayList<>(List.of("--name=w", "--ioengine=nbd", "--uri=" + pair.uri(1)));
    args.addAll(List.of(more));
    Tools.run("fio", args.toArray(String[]::new));
  }

  /// Incompressible data everywhere but on the last MiB.
  private static void fill(Pair pair) throws Exception {
    fio(pair, "--rw=write", "--bs=1M", "--size=63M", "--refill_buffers", "--iodepth=4");
  }

  private static long wire(Pair pair) {
    var statistics = pair.status(1).getStatistics();
    return statistics.getSentBytes() + statistics.getReceivedBytes();
  }

  private static void print(String figure) {
    System.out.println("[figure] " + figure);
  }

  @Test
  void blankPairOf100GibIsInSyncInSecondsWithLessThanAMebibyte() throws Exception {
    try (var pair = new Pair(directory, "fullsync", 100L << 30, "")) {
      pair.start(1);
      pair.start(2);
      long start = System.nanoTime();
      assertEquals(Role.ROLE_PRIMARY, pair.role(1, Role.ROLE_PRIMARY).getNow(), pair.logs());
      pair.awaitComplete(1);
      double seconds = (System.nanoTime() - start) / 1e9;

      long bytes = wire(pair);

      print("blank 100 GiB: %.2f s, %d bytes on the wire".formatted(seconds, bytes));
      assertTrue(bytes < 1 << 20, bytes + " bytes");
      assertTrue(seconds < 20, seconds + " s");
    }
  }

  @Test
  void outageWith1000ScatteredWritesCostsWhatTheirBlocksHold() throws Exception {
    try (var pair = new Pair(directory, "fullsync", 1L << 30, "")) {
      pair.up();
      pair.kill(2);
      fio(
          pair,
          "--rw=randwrite",
          "--bs=4k",
          "--size=1000M",
          "--io_size=4000k",
          "--refill_buffers",
          "--iodepth=16",
          "--randseed=7");
      var before = pair.await(1, "apart", r -> r.getDirtyBytes() > 0);
      long wireBefore = wire(pair);

      pair.start(2);
      pair.awaitComplete(1);

      long moved = wire(pair) - wireBefore;
      long changed = before.getDirtyBytes();
      print(
          "outage: 1000 writes of 4 KiB, %d blocks of 64 KiB (%d bytes), %d bytes moved: %.3f x"
              .formatted(changed / BLOCK_BYTES, changed, moved, (double) moved / changed));
      assertTrue(changed <= 1000L * BLOCK_BYTES && changed > 500L * BLOCK_BYTES, changed + "");
      assertTrue(moved <= 1.1 * changed, moved + " bytes for " + changed);
    }
  }

  @Test
  void blocksThatAreEqualAreNotSent() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      pair.up();
      fill(pair);
      long before = wire(pair);

      var result = pair.sync(1, SyncRequest.newBuilder().setFull(true));
      assertEquals("", result.getMessage(), pair.logs());
      pair.awaitComplete(1);

      long moved = wire(pair) - before;
      print("full sync of 63 MiB that are equal: %d bytes on the wire".formatted(moved));
      assertTrue(moved < 500_000, moved + " bytes");
      assertEquals(-1, pair.firstDifference());
    }
  }

  @Test
  void synchronisationKeepsTheConfiguredRateAndShowsIt() throws Exception {
    try (var pair = new Pair(directory, "fullsync", Pair.SIZE_BYTES, ", sync-rate: 8MiB/s")) {
      pair.up();
      pair.kill(2);
      fio(pair, "--rw=write", "--bs=1M", "--size=32M", "--refill_buffers");
      pair.start(2);
      pair.await(1, "copying", r -> r.getSync().getState() == SyncState.SYNC_STATE_SOURCE);
      long start = System.nanoTime();
      var shown =
          pair.await(1, "at a rate", r -> r.getSync().getRateBytesPerSecond() > 0).getSync();
      pair.awaitComplete(1);
      double seconds = (System.nanoTime() - start) / 1e9;

      print(
          "32 MiB at 8 MiB/s: %.2f s, shown: %s"
              .formatted(seconds, shown.toString().replace('\n', ' ')));
      assertEquals(8 << 20, shown.getLimitBytesPerSecond());
      assertTrue(shown.getRemainingSeconds() > 0);
      assertTrue(seconds > 3, seconds + " s");
      assertEquals(-1, pair.firstDifference());
    }
  }

  @Test
  void interruptedSynchronisationGoesOnAndTheTargetIsNotServedBefore() throws Exception {
    try (var pair = new Pair(directory, "fullsync", Pair.SIZE_BYTES, ", sync-rate: 5MiB/s")) {
      pair.up();
      pair.kill(2);
      fio(pair, "--rw=write", "--bs=1M", "--size=48M", "--refill_buffers");
      pair.start(2);
      pair.await(1, "half way", r -> r.getSync().getWireBytes() > 36 << 20);
      assertEquals(DiskState.DISK_STATE_INCONSISTENT, pair.status(2).getDisk());
      pair.kill(2);
      pair.start(2);
      long left = pair.await(1, "copying", SyncPairTest::copying).getSync().getLeftBytes();

      // What was copied in the last seconds is not flushed there, and counts as different.
      print("interrupted after 36 of 48 MiB: %d bytes are left".formatted(left));
      assertTrue(left < 40 << 20, "started again with " + left);
      pair.kill(1);
      pair.await(
          2, "apart", r -> r.getLink() != carpool.replicator.v1.LinkState.LINK_STATE_CONNECTED);
      assertEquals("COPY_INCONSISTENT", pair.role(2, Role.ROLE_PRIMARY).getError().getReason());
      pair.start(1);
      assertEquals(Role.ROLE_PRIMARY, pair.role(1, Role.ROLE_PRIMARY).getNow(), pair.logs());
      pair.sync(1, SyncRequest.newBuilder().setRateBytesPerSecond(-1));
      pair.awaitComplete(1);
      assertEquals(-1, pair.firstDifference());
    }
  }

  @Test
  void clientsAreServedWithBoundedLatencyWhileASynchronisationRuns() throws Exception {
    try (var pair = new Pair(directory, "fullsync", 1L << 30, "")) {
      pair.up();
      pair.kill(2);
      fio(pair, "--rw=write", "--bs=1M", "--size=900M", "--refill_buffers", "--iodepth=4");
      pair.start(2);
      pair.await(1, "copying", SyncPairTest::copying);

      double during = slowestOf99Percent(pair);
      boolean still = pair.status(1).getSync().getState() == SyncState.SYNC_STATE_SOURCE;
      pair.awaitComplete(1);
      double idle = slowestOf99Percent(pair);

      print(
          "4 KiB writes at depth 1, 99 %%: %.2f ms during a synchronisation (%s), %.2f ms without"
              .formatted(during, still ? "still running after" : "ended meanwhile", idle));
      assertTrue(during < 100, during + " ms");
    }
  }

  /// Milliseconds within which 99 % of random writes at depth 1 are done.
  private static double slowestOf99Percent(Pair pair) throws Exception {
    var output =
        Tools.run(
            "fio",
            "--name=l",
            "--ioengine=nbd",
            "--uri=" + pair.uri(1),
            "--rw=randwrite",
            "--bs=4k",
            "--iodepth=1",
            "--size=900M",
            "--time_based",
            "--runtime=2",
            "--output-format=terse",
            "--terse-version=3",
            "--percentile_list=99");
    var line = output.lines().filter(l -> l.startsWith("3;")).findFirst().orElseThrow();
    for (var field : line.split(";", -1)) {
      if (field.startsWith("99.000000%=") && !field.endsWith("=0")) {
        return Double.parseDouble(field.substring(field.indexOf('=') + 1)) / 1000;
      }
    }
    throw new AssertionError(output);
  }

  private static boolean copying(Resource resource) {
    return resource.getSync().getState() == SyncState.SYNC_STATE_SOURCE
        && resource.getSync().getTotalBytes() > 0;
  }

  @Test
  void pausedSynchronisationRestsUntilItIsResumed() throws Exception {
    try (var pair = new Pair(directory, "fullsync", Pair.SIZE_BYTES, ", sync-rate: 4MiB/s")) {
      pair.up();
      pair.kill(2);
      fio(pair, "--rw=write", "--bs=1M", "--size=32M", "--refill_buffers");
      pair.start(2);
      pair.await(1, "copying", r -> r.getSync().getWireBytes() > 0);

      pair.sync(1, SyncRequest.newBuilder().setAction(SyncAction.SYNC_ACTION_PAUSE));
      TimeUnit.MILLISECONDS.sleep(500); // what is in flight lands
      long dirty = pair.status(1).getDirtyBytes();
      TimeUnit.MILLISECONDS.sleep(1500);

      assertEquals(dirty, pair.status(1).getDirtyBytes());
      assertTrue(pair.status(1).getSync().getPaused());
      assertTrue(dirty > 0);
      pair.sync(1, SyncRequest.newBuilder().setRateBytesPerSecond(-1));
      pair.awaitComplete(1);
      assertEquals(-1, pair.firstDifference());
    }
  }

  @Test
  void verifyUnderAWriterFindsExactlyTheRottenBlocksAndRepairsThemFromTheNamedSide()
      throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      pair.up();
      fill(pair);
      var writer =
          Tools.start(
              "fio",
              "--name=b",
              "--ioengine=nbd",
              "--uri=" + pair.uri(1),
              "--rw=randwrite",
              "--bs=4k",
              "--iodepth=16",
              "--size=40M",
              "--time_based",
              "--runtime=600");
      try {
        long rot = 44L << 20;
        pair.flipByte(2, rot + 5);
        pair.flipByte(2, rot + 9 * BLOCK_BYTES + 777);
        pair.flipByte(2, rot + 10 * BLOCK_BYTES);
        pair.flipByte(2, (63L << 20) + 100_000); // where there is a hole on the primary

        assertEquals("", pair.verify(1, VerifyRequest.newBuilder()).getMessage());
        var found = awaitVerified(pair);

        print("verify under fio: %s".formatted(found.getSync().toString().replace('\n', ' ')));
        assertEquals(4L * BLOCK_BYTES, found.getSync().getDifferentBytes());
        assertEquals(4L * BLOCK_BYTES, found.getDirtyBytes());
        var rotten = pair.kept(2, rot);
        assertEquals(5, Arrays.mismatch(pair.kept(1, rot), rotten), "both versions are kept");
        assertEquals(4, pair.keptCount(1));
        assertEquals(4, pair.keptCount(2));
        assertEquals(
            "SOURCE_UNKNOWN", pair.sync(1, SyncRequest.newBuilder()).getError().getReason());
        pair.verify(
            1,
            VerifyRequest.newBuilder().setRepair(true).setSource(RepairSource.REPAIR_SOURCE_LOCAL));
        pair.awaitComplete(1);
        pair.verify(1, VerifyRequest.newBuilder());
        pair.verify(1, VerifyRequest.newBuilder().setAction(VerifyAction.VERIFY_ACTION_STOP));
        pair.verify(1, VerifyRequest.newBuilder().setAction(VerifyAction.VERIFY_ACTION_RESUME));
        assertEquals(0, awaitVerified(pair).getSync().getDifferentBytes());
      } finally {
        writer.destroyForcibly().waitFor();
      }
      // Ends the export when everything that the writer left in the socket is on both nodes.
      assertEquals(Role.ROLE_SECONDARY, pair.role(1, Role.ROLE_SECONDARY).getNow());
      assertEquals(-1, pair.firstDifference());
    }
  }

  private static Resource awaitVerified(Pair pair) throws Exception {
    return pair.await(
        1,
        "verified",
        r ->
            r.getSync().getState() != SyncState.SYNC_STATE_VERIFY
                && r.getSync().getVerifiedUnixMillis() > 0);
  }

  @Test
  void verifyIsRefusedOnTheSecondaryAndWithoutAPeer() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      pair.up();

      assertEquals(
          "NOT_PRIMARY", pair.verify(2, VerifyRequest.newBuilder()).getError().getReason());
      pair.kill(2);
      pair.await(1, "apart", r -> !r.getComplete());
      assertEquals(
          "NOT_CONNECTED", pair.verify(1, VerifyRequest.newBuilder()).getError().getReason());
    }
  }

  @Test
  void trimmedAndZeroedRangesAreEqualAfterAHeal() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      pair.up();
      fill(pair);
      pair.kill(2);
      Tools.run(
          "qemu-io",
          "-f",
          "raw",
          "-c",
          "discard 1M 9M",
          "-c",
          "write -z 20M 4M",
          "-c",
          "write -z -u 30M 3M",
          "-c",
          "discard 40960000 12288",
          "-c",
          "write -P 3 2M 4k",
          "-c",
          "flush",
          pair.uri(1));
      long before = wire(pair);

      pair.start(2);
      pair.awaitComplete(1);

      long moved = wire(pair) - before;
      print("heal of 16 MiB trimmed or zeroed: %d bytes on the wire".formatted(moved));
      assertTrue(moved < 400_000, moved + " bytes");
      assertEquals(-1, pair.firstDifference());
    }
  }
}
