package carpool.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.election.v1.State;
import carpool.orchestrator.v1.PoolState;
import carpool.replicator.v1.DiskState;
import carpool.replicator.v1.LinkState;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/// A shutdown of the machine waits for the other copy, as `systemd-inhibit` has it.
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
final class ShutdownProcessTest {
  @TempDir Path dir;

  private Bed servingAlone(String hold) throws Exception {
    var bed =
        new Bed(
            dir,
            """
            pools:
              - { name: tank, follows: storage, resources: [disk1, disk2], hold-shutdown: %s }
            """
                .formatted(hold));
    bed.poolOnDisks();
    bed.start();
    bed.await("ready", () -> bed.election.causes().isEmpty());
    bed.election.become(State.STATE_MASTER);
    bed.awaitPool(PoolState.POOL_STATE_SERVING);
    assertThat(bed.has("inhibited")).isFalse();
    bed.replicator.change("disconnect", r -> r.setLink(LinkState.LINK_STATE_CONNECTING));
    return bed;
  }

  @Test
  void aShutdownIsHeldUntilTheOtherCopyIsComplete() throws Exception {
    try (var bed = servingAlone("60s")) {
      bed.await("held", () -> bed.has("inhibited"));
      assertThat(bed.read("inhibits"))
          .contains("--what=shutdown --mode=delay --who=carpool")
          .contains("disk1 (no connection to hast2), disk2");
      bed.make("shutdown");
      var _ = bed.process().await("the shutdown is held for up to 60 s", Bed.PATIENCE);
      var _ = bed.process().await("set InhibitDelayMaxSec", Bed.PATIENCE);

      bed.replicator.change(
          "syncstart",
          r ->
              r.setLink(LinkState.LINK_STATE_CONNECTED)
                  .setPeerDisk(DiskState.DISK_STATE_INCONSISTENT));
      assertThat(bed.has("inhibited")).isTrue();
      bed.replicator.change("syncdone", r -> r.setPeerDisk(DiskState.DISK_STATE_UP_TO_DATE));
      bed.await("given free", () -> !bed.has("inhibited"));
    }
  }

  @Test
  void aShutdownIsNotHeldForLongerThanConfigured() throws Exception {
    try (var bed = servingAlone("1s")) {
      bed.await("held", () -> bed.has("inhibited"));
      bed.make("shutdown");
      var _ = bed.process().await("the shutdown goes on, and nobody serves", Bed.PATIENCE);
      bed.await("given free", () -> !bed.has("inhibited"));
    }
  }

  @Test
  void theLockGoesWithTheProcess() throws Exception {
    try (var bed = servingAlone("60s")) {
      bed.await("held", () -> bed.has("inhibited"));
      bed.killOrchestrator();
      bed.await("given free", () -> !bed.has("inhibited"));
    }
  }
}
