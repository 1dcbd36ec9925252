package carpool.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.election.v1.State;
import carpool.orchestrator.v1.PoolState;
import carpool.orchestrator.v1.SetMaintenanceRequest;
import carpool.orchestrator.v1.SetMaintenanceResponse;
import carpool.orchestrator.v1.SetUnmanagedRequest;
import carpool.replicator.v1.DiskState;
import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What an operator wants of the whole node: answered truly, and kept.
final class IntentProcessTest {
  @TempDir Path dir;

  private static SetMaintenanceResponse maintenance(Bed bed, boolean on) {
    return bed.orchestrator()
        .setMaintenance(SetMaintenanceRequest.newBuilder().setOn(on).setCause("disks").build());
  }

  @Test
  void maintenanceThatIsRefusedSaysSoAndIsNotOn() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.poolOnDisks();
      bed.start();
      bed.election.become(State.STATE_MASTER);
      bed.awaitPool(PoolState.POOL_STATE_SERVING);
      bed.replicator.change("syncstart", r -> r.setPeerDisk(DiskState.DISK_STATE_INCONSISTENT));
      bed.await("seen", () -> !bed.status().getReadiness().getReady());

      assertThatThrownBy(() -> maintenance(bed, true))
          .isInstanceOf(StatusRuntimeException.class)
          .hasMessageContaining("nothing was changed: pool tank: the only complete copy is here");
      assertThat(bed.status().getMaintenance()).isFalse();
      assertThat(bed.pool().getState()).isEqualTo(PoolState.POOL_STATE_SERVING);
    }
  }

  @Test
  void maintenanceOutlivesRestartsOfEverythingWithoutAGap() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.poolOnDisks();
      bed.start();
      bed.election.become(State.STATE_MASTER);
      bed.awaitPool(PoolState.POOL_STATE_SERVING);
      var answer = maintenance(bed, true);
      assertThat(answer.getResults(0).getPool()).isEqualTo("tank");
      assertThat(answer.getResults(0).getText()).isEqualTo("is being given up");
      bed.await("ruled out", () -> bed.election.causes().contains("maintenance"));

      bed.killOrchestrator();
      bed.start();
      bed.await("ready", () -> !bed.election.causes().contains("not-ready"));
      assertThat(bed.election.undemoted()).doesNotContain("maintenance");
      assertThat(bed.status().getMaintenance()).isTrue();

      // A reboot: the election remembers nothing either.
      bed.killOrchestrator();
      bed.election.forget();
      bed.election.become(State.STATE_MASTER);
      bed.start();
      bed.await("ruled out again", () -> bed.election.causes().contains("maintenance"));
      assertThat(bed.has("imported")).isFalse();

      maintenance(bed, false);
      bed.await("eligible", () -> !bed.election.causes().contains("maintenance"));
      bed.killOrchestrator();
      bed.start();
      assertThat(bed.status().getMaintenance()).isFalse();
    }
  }

  @Test
  void maintenanceThatCannotBeKeptFailsAndNothingHappens() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.poolOnDisks();
      // A file where the directory should be.
      Files.writeString(dir.resolve("state"), "");
      bed.start();
      bed.election.become(State.STATE_MASTER);
      bed.awaitPool(PoolState.POOL_STATE_SERVING);

      assertThatThrownBy(() -> maintenance(bed, true))
          .hasMessageContaining("cannot write " + dir.resolve("state/orchestrator.json"));
      assertThat(bed.status().getMaintenance()).isFalse();
      assertThat(bed.pool().getState()).isEqualTo(PoolState.POOL_STATE_SERVING);
    }
  }

  @Test
  void aNodeWithHooksOnlyLeavesItsGroupAndRunsThem() throws Exception {
    try (var bed = new Bed(dir, "")) {
      bed.start();
      bed.election.become(State.STATE_MASTER);
      bed.await("master hook", () -> hooks(bed).contains("master hast1"));

      var answer = maintenance(bed, true);

      assertThat(answer.getResults(0).getGroup()).isEqualTo("storage");
      assertThat(answer.getResults(0).getText()).isEqualTo("leaves MASTER");
      bed.await("ruled out", () -> bed.election.causes().contains("maintenance"));
      bed.await("hook", () -> hooks(bed).contains("maintenance hast1"));
      assertThat(bed.status().getMaintenance()).isTrue();
      bed.killOrchestrator();
      bed.start();
      bed.await("reported", () -> bed.election.reports() > 3);
      assertThat(bed.election.undemoted()).doesNotContain("maintenance");
    }
  }

  private static String hooks(Bed bed) {
    try {
      return bed.read("hooks");
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void anUnmanagedPoolOutlivesTheRoleAndTheProcess() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.poolOnDisks();
      bed.start();
      bed.election.become(State.STATE_MASTER);
      bed.awaitPool(PoolState.POOL_STATE_SERVING);
      var _ = bed.orchestrator().setUnmanaged(SetUnmanagedRequest.newBuilder().setOn(true).build());

      bed.process().signal("TERM");
      var _ = bed.process().exitCode(java.time.Duration.ofSeconds(20));
      bed.election.become(State.STATE_BACKUP);
      bed.start();
      bed.await("looked at", () -> bed.pool().getState() == PoolState.POOL_STATE_SERVING);

      assertThat(bed.has("imported")).isTrue();
      assertThat(bed.has("web")).isTrue();
      assertThat(bed.status().getUnmanaged()).isTrue();
    }
  }
}
