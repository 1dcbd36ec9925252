package carpool.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.election.v1.State;
import carpool.orchestrator.v1.GroupNote;
import carpool.orchestrator.v1.Note;
import carpool.orchestrator.v1.PoolNote;
import carpool.orchestrator.v1.PoolState;
import carpool.orchestrator.v1.SwitchoverRequest;
import carpool.replicator.v1.AskPeerResponse;
import carpool.replicator.v1.Role;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/// A pool follows `storage`; `dmz`, on another network, moves with it.
@Timeout(value = 180, threadMode = ThreadMode.SEPARATE_THREAD)
final class SyncGroupProcessTest {
  /// Begins within the first group, as [Bed#withGroup] says.
  private static final String DMZ =
      """
      sync-group: site
        - name: dmz
          interface: lo
          vhid: 2
          password: secret
          addresses: [198.51.100.50/24]
          reachable: []
          sync-group: site\
      """;

  @TempDir Path dir;

  private static AskPeerResponse saying(PoolState state, String... against) {
    return AskPeerResponse.newBuilder()
        .setReached(true)
        .setNode("hast2")
        .setNoteAgeMillis(100)
        .setNote(
            Note.newBuilder()
                .setNode("hast2")
                .addPools(PoolNote.newBuilder().setPool("tank").setState(state))
                .addGroups(
                    GroupNote.newBuilder().setGroup("storage").addAllAgainst(List.of(against)))
                .build()
                .toByteString())
        .build();
  }

  private Bed serving() throws Exception {
    var bed = Bed.withGroup(dir, DMZ);
    bed.election.become("dmz", State.STATE_BACKUP);
    bed.poolOnDisks();
    bed.start();
    bed.await("ready", () -> bed.election.causes().isEmpty());
    bed.await("ready in both", () -> bed.election.causes("dmz").isEmpty());
    bed.election.become(State.STATE_MASTER);
    bed.election.become("dmz", State.STATE_MASTER);
    bed.awaitPool(PoolState.POOL_STATE_SERVING);
    bed.await(
        "both may have the address",
        () -> bed.election.readyGroups().equals(List.of("storage", "dmz")));
    return bed;
  }

  @Test
  void networkThatIsDownTakesTheOtherGroupAlongOnceTheOtherNodeIsReady() throws Exception {
    try (var bed = serving()) {
      bed.replicator.peerAnswers(saying(PoolState.POOL_STATE_STANDBY, "maintenance: kernel"));
      bed.election.become("dmz", State.STATE_INIT);
      bed.await("demoted", () -> bed.election.causes("storage").contains("sync-group"));
      bed.await("asked again", () -> bed.replicator.asked() > 3);
      assertThat(bed.election.resigned()).isEmpty();

      bed.replicator.peerAnswers(saying(PoolState.POOL_STATE_STANDBY));
      bed.await("given away", () -> bed.election.resigned().equals(List.of(List.of("storage"))));
      bed.awaitPool(PoolState.POOL_STATE_STANDBY);

      bed.election.become("dmz", State.STATE_BACKUP);
      bed.await("over", () -> !bed.election.causes("storage").contains("sync-group"));
    }
  }

  @Test
  void whatStandsAgainstOneGroupStandsAgainstAllAndSwitchoverMovesAll() throws Exception {
    try (var bed = serving()) {
      var progress =
          bed.orchestrator().switchover(SwitchoverRequest.newBuilder().addPools("tank").build());
      bed.await(
          "both given away",
          () -> bed.election.resigned().equals(List.of(List.of("storage", "dmz"))));
      bed.replicator.change("role", r -> r.setPeerRole(Role.ROLE_PRIMARY));
      progress.forEachRemaining(_ -> {});
      assertThat(bed.election.state("dmz")).isEqualTo(State.STATE_BACKUP);

      var _ =
          bed.orchestrator()
              .setMaintenance(
                  carpool.orchestrator.v1.SetMaintenanceRequest.newBuilder()
                      .setOn(true)
                      .setCause("kernel")
                      .build());
      bed.await("demoted in both", () -> bed.election.causes("dmz").contains("maintenance"));
      assertThat(bed.election.causes("storage")).contains("maintenance");
    }
  }
}
