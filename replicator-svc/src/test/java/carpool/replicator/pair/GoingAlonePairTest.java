package carpool.replicator.pair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import carpool.replicator.v1.Role;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A primary asks its peer before it goes on alone, with real processes and sockets.
@Tag("peer")
final class GoingAlonePairTest {
  @TempDir Path directory;

  @Test
  void primaryThatStoodStillAnswersNothingWhenItsPeerHasTakenOver() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      pair.up();
      Tools.run("qemu-io", "-f", "raw", "-c", "write -P 17 0 1M", "-c", "flush", pair.uri(1));
      pair.stop(1);
      var late = Tools.start("qemu-io", "-f", "raw", "-c", "write -P 34 2M 64k", pair.uri(1));
      pair.await(2, "apart", r -> r.getPeerRole() != Role.ROLE_PRIMARY);
      assertEquals(Role.ROLE_PRIMARY, pair.role(2, Role.ROLE_PRIMARY).getNow(), pair.logs());
      Tools.run("qemu-io", "-f", "raw", "-c", "write -P 51 3M 64k", "-c", "flush", pair.uri(2));

      pair.go(1);

      pair.await(1, "fenced", r -> r.getFenced());
      assertFalse(late.waitFor(1, TimeUnit.SECONDS), "the late write was answered");
      assertEquals(Role.ROLE_SECONDARY, pair.role(1, Role.ROLE_SECONDARY).getNow(), pair.logs());
      assertTrue(late.waitFor(20, TimeUnit.SECONDS), "the late write hangs");
      pair.awaitComplete(2);
      assertThat(pair.logs()).doesNotContain("SPLIT_BRAIN");
      Tools.run(
          "qemu-io",
          "-f",
          "raw",
          "-c",
          "read -P 17 0 1M",
          "-c",
          "read -P 0 2M 64k",
          "-c",
          "read -P 51 3M 64k",
          pair.uri(2));
      pair.terminate(1);
      pair.terminate(2);
      assertEquals(-1, pair.firstDifference());
    }
  }

  /// A stop that is shorter than the peer's patience ends nothing.
  @Test
  void primaryThatStoodStillForAMomentGoesOnInStep() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      pair.up();
      long reconnects = pair.status(1).getStatistics().getReconnects();

      pair.stop(1);
      TimeUnit.MILLISECONDS.sleep(1800); // longer than a gap that counts, shorter than dead-after
      pair.go(1);
      Tools.run("qemu-io", "-f", "raw", "-c", "write -P 17 0 1M", "-c", "flush", pair.uri(1));

      pair.awaitComplete(1);
      assertEquals(reconnects, pair.status(1).getStatistics().getReconnects(), pair.logs());
    }
  }
}
