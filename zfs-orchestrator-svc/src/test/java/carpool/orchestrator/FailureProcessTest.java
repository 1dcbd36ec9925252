package carpool.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.election.v1.State;
import carpool.orchestrator.v1.ClearFailuresRequest;
import carpool.orchestrator.v1.FailCount;
import carpool.orchestrator.v1.Note;
import carpool.orchestrator.v1.PoolState;
import carpool.orchestrator.v1.ServiceState;
import carpool.replicator.v1.AskPeerResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A service that does not come up, with what the other node says of it.
final class FailureProcessTest {
  private static final String POOLS =
      """
      pools:
        - name: tank
          follows: storage
          resources: [disk1, disk2]
          services:
            - { name: web, start: [touch, %1$s/web], stop: [rm, -f, %1$s/web], check: [test, -e, %1$s/good] }
            - { name: mail, start: [touch, %1$s/mail], stop: [rm, -f, %1$s/mail] }
          timeouts: { promote: 2s, device: 2s, import: 5s, export: 2s, demote: 2s }
      """
          .replace("mail] }", "mail], timeout: 1s }")
          .replace("good] }", "good], timeout: 1s }");

  @TempDir Path dir;

  private static AskPeerResponse saying(FailCount... counts) {
    return AskPeerResponse.newBuilder()
        .setReached(true)
        .setNode("hast2")
        .setNoteAgeMillis(100)
        .setNote(
            Note.newBuilder()
                .setNode("hast2")
                .addAllFailCounts(java.util.List.of(counts))
                .build()
                .toByteString())
        .build();
  }

  @Test
  void aServiceThatIsBrokenOnBothNodesStaysFailedAndTheOthersRun() throws Exception {
    try (var bed = new Bed(dir, POOLS)) {
      bed.poolOnDisks();
      bed.replicator.peerAnswers(
          saying(
              FailCount.newBuilder()
                  .setNode("hast2")
                  .setPool("tank")
                  .setWhat("service web")
                  .setText("no page")
                  .build()));
      bed.start();
      bed.await("the other node was heard", () -> bed.status().getFailCountsCount() == 1);

      bed.election.become(State.STATE_MASTER);
      bed.awaitPool(PoolState.POOL_STATE_SERVING);

      assertThat(bed.pool().getServices(0).getState()).isEqualTo(ServiceState.SERVICE_STATE_FAILED);
      assertThat(bed.has("mail")).isTrue();
      assertThat(bed.pool().getProblem()).contains("it failed on the other node, too");
      assertThat(bed.election.resignations()).isZero();
    }
  }

  @Test
  void aFailureIsToldToTheOtherNodeAndKeptUntilItIsCleared() throws Exception {
    try (var bed = new Bed(dir, POOLS)) {
      bed.poolOnDisks();
      bed.replicator.peerAnswers(saying());
      bed.start();
      bed.await("ready", () -> bed.election.causes().isEmpty());
      bed.election.become(State.STATE_MASTER);
      bed.await("failed over", () -> bed.election.resignations() == 1);
      bed.await("demoted", () -> bed.election.causes().contains("service"));
      bed.await("told", () -> note(bed).getFailCountsCount() == 1);

      bed.killOrchestrator();
      bed.start();
      bed.await("demoted still", () -> bed.election.causes().equals(java.util.Set.of("service")));

      var cleared = bed.orchestrator().clearFailures(ClearFailuresRequest.getDefaultInstance());
      assertThat(cleared.getCleared(0).getWhat()).isEqualTo("service web");
      bed.await("good again", () -> bed.election.causes().isEmpty());
    }
  }

  private static Note note(Bed bed) {
    try {
      return Note.parseFrom(bed.replicator.left());
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }
}
