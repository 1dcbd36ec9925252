package carpool.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.election.v1.State;
import carpool.orchestrator.v1.ClearFailuresRequest;
import carpool.orchestrator.v1.ExplainRequest;
import carpool.orchestrator.v1.Failback;
import carpool.orchestrator.v1.GroupNote;
import carpool.orchestrator.v1.Note;
import carpool.orchestrator.v1.PoolNote;
import carpool.orchestrator.v1.PoolState;
import carpool.orchestrator.v1.SetMaintenanceRequest;
import carpool.replicator.v1.AskPeerResponse;
import carpool.replicator.v1.DiskState;
import carpool.replicator.v1.Role;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/// hast1 runs, and its replicator brings what hast2's orchestrator says.
@Timeout(value = 180, threadMode = ThreadMode.SEPARATE_THREAD)
final class AgreedSwitchoverProcessTest {
  @TempDir Path dir;

  private static AskPeerResponse saying(
      int advskew, PoolState state, boolean wanted, String... against) {
    return AskPeerResponse.newBuilder()
        .setReached(true)
        .setNode("hast2")
        .setNoteAgeMillis(100)
        .setNote(
            Note.newBuilder()
                .setNode("hast2")
                .addPools(PoolNote.newBuilder().setPool("tank").setState(state).setWanted(wanted))
                .addGroups(
                    GroupNote.newBuilder()
                        .setGroup("storage")
                        .setAdvskew(advskew)
                        .addAllAgainst(List.of(against)))
                .build()
                .toByteString())
        .build();
  }

  private static Bed serving(Path dir, String group) throws Exception {
    var bed = Bed.withGroup(dir, group);
    bed.poolOnDisks();
    bed.start();
    bed.await("ready", () -> bed.election.causes().isEmpty());
    serve(bed);
    return bed;
  }

  private static void serve(Bed bed) throws Exception {
    bed.election.become(State.STATE_MASTER);
    bed.awaitPool(PoolState.POOL_STATE_SERVING);
  }

  private static Failback failback(Bed bed) {
    var all = bed.status().getFailbacksList();
    return all.isEmpty() ? Failback.getDefaultInstance() : all.getFirst();
  }

  private static String kept(Bed bed) {
    try {
      return bed.read("state/orchestrator.json");
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static Note note(Bed bed) {
    try {
      return Note.parseFrom(bed.replicator.left());
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void theNodeThatServesMovesThePoolToThePreferredOneThatAsksAndOnceOnly() throws Exception {
    try (var bed = serving(dir, "advskew: 100")) {
      bed.replicator.peerAnswers(saying(0, PoolState.POOL_STATE_STANDBY, true));
      bed.await("given up", () -> bed.election.resignations() == 1);
      bed.replicator.change("role", r -> r.setPeerRole(Role.ROLE_PRIMARY));
      bed.await("kept", () -> kept(bed).contains("failback"));
      assertThat(bed.status().getLastFailovers(0).getCause())
          .isEqualTo("failback: hast2 is preferred and ready");

      bed.killOrchestrator();
      bed.replicator.change("role", r -> r.setPeerRole(Role.ROLE_SECONDARY));
      bed.start();
      serve(bed);
      bed.await("refused", () -> !failback(bed).getProblem().isEmpty());
      assertThat(failback(bed).getText())
          .startsWith("wanted by hast2, and refused, because it was moved for this reason");
      bed.await("told", () -> note(bed).getGroups(0).getRefusal().startsWith("it was moved"));
      assertThat(bed.election.resignations()).isEqualTo(1);

      var _ = bed.orchestrator().clearFailures(ClearFailuresRequest.getDefaultInstance());
      bed.await("given up again", () -> bed.election.resignations() == 2);
    }
  }

  @Test
  void thePreferredNodeAsksWhenItIsReadyAndSaysWhyItDoesNot() throws Exception {
    try (var bed = Bed.withGroup(dir, "preempt: true\n    preempt-delay: 0s")) {
      bed.poolOnDisks();
      bed.replicator.peerAnswers(saying(100, PoolState.POOL_STATE_SERVING, false));
      bed.start();
      bed.await(
          "asked for", () -> note(bed).getPoolsCount() == 1 && note(bed).getPools(0).getWanted());
      assertThat(failback(bed).getText()).isEqualTo("wanted");

      var _ =
          bed.orchestrator()
              .setMaintenance(
                  SetMaintenanceRequest.newBuilder().setOn(true).setCause("new disks").build());
      bed.await("no more", () -> !note(bed).getPools(0).getWanted());
      assertThat(failback(bed).getText()).isEqualTo("not wanted, because maintenance: new disks");
      assertThat(bed.orchestrator().explain(ExplainRequest.getDefaultInstance()).getSentencesList())
          .contains(
              "Failback of group storage to hast1, the preferred node: not wanted, because"
                  + " maintenance: new disks.");
    }
  }

  @Test
  void aFailedDiskMovesThePoolWhenTheOtherNodeIsReady() throws Exception {
    try (var bed = serving(dir, "advskew: 0")) {
      bed.replicator.peerAnswers(
          saying(100, PoolState.POOL_STATE_STANDBY, false, "maintenance: kernel"));
      bed.await("heard", () -> bed.replicator.asked() > 0);
      bed.replicator.change("disk", r -> r.setDisk(DiskState.DISK_STATE_FAILED));
      bed.await(
          "said why not",
          () ->
              bed.status().getWarningsList().stream()
                  .anyMatch(w -> w.startsWith("disk failed on hast1: disk1, disk2; the pools")));
      assertThat(bed.election.resignations()).isZero();

      bed.replicator.peerAnswers(saying(100, PoolState.POOL_STATE_STANDBY, false));
      bed.await("given up", () -> bed.election.resignations() == 1);
      bed.await(
          "in the timeline",
          () ->
              bed.status()
                  .getLastFailovers(0)
                  .getCause()
                  .equals("disk failed on hast1: disk1, disk2"));
    }
  }
}
