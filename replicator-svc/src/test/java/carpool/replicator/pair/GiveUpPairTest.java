package carpool.replicator.pair;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.v1.Role;
import io.grpc.Status;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The link breaks in the second in which the role moves, with two real replicators.
@Tag("peer")
final class GiveUpPairTest {
  @TempDir private Path directory = Path.of("");

  @Test
  @Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aPrimaryThatIsAboutToGiveUpDoesNotGoOnAloneUntilThatIsTakenBack() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      pair.up();
      assertThat(pair.announceGiveUp(1, false).hasError()).isFalse();
      pair.kill(2);
      var write = Tools.start("qemu-io", "-f", "raw", "-c", "write -P 3 1M 64k", pair.uri(1));
      try {
        pair.await(1, "the write is held", r -> r.getStatistics().getHeld() > 0);
        assertThat(write.isAlive()).isTrue();
        assertThat(pair.status(1).getRole()).isEqualTo(Role.ROLE_PRIMARY);

        assertThat(pair.announceGiveUp(1, true).hasError()).isFalse();

        assertThat(write.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(write.exitValue()).isZero();
      } finally {
        write.destroyForcibly();
      }
      pair.start(2);
      pair.awaitComplete(1);
      pair.terminate(1);
      pair.terminate(2);
      assertThat(pair.firstDifference()).isEqualTo(-1);
    }
  }

  /// The promotion was asked for before the demotion is done, and given up: it must not come after
  /// what was answered since (seed 45960 of the pair's simulator).
  @Test
  @Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void promotionThatNobodyWaitsForDoesNotFollowADemotion() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      pair.up();
      pair.announceGiveUp(1, false);
      pair.kill(2);
      var write = Tools.start("qemu-io", "-f", "raw", "-c", "write -P 3 1M 64k", pair.uri(1));
      try {
        pair.await(1, "the write is held", r -> r.getStatistics().getHeld() > 0);
        var demotion = CompletableFuture.supplyAsync(() -> pair.role(1, Role.ROLE_SECONDARY));
        pair.await(1, "giving up", r -> r.getExport().getNbdSocket().isEmpty());

        var promotion = pair.abandonedRole(1, Role.ROLE_PRIMARY);

        assertThat(promotion).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        assertThat(demotion.get(60, TimeUnit.SECONDS).getNow()).isEqualTo(Role.ROLE_SECONDARY);
        assertThat(pair.role(1, Role.ROLE_SECONDARY).getPrevious())
            .as(pair.logs())
            .isEqualTo(Role.ROLE_SECONDARY);
      } finally {
        write.destroyForcibly();
      }
    }
  }
}
