package carpool.orchestrator.control;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.election.v1.Demotion;
import carpool.election.v1.Group;
import carpool.election.v1.HeardMaster;
import carpool.election.v1.State;
import carpool.orchestrator.v1.GetStatusResponse;
import carpool.orchestrator.v1.Pool;
import carpool.orchestrator.v1.PoolState;
import carpool.replicator.v1.LinkState;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Role;
import carpool.replicator.v1.Sync;
import carpool.replicator.v1.SyncState;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What `carpool why` says in the states that an administrator asks about.
class SentencesTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_000_000_000);

  private static Resource.Builder secondary() {
    return Resource.newBuilder()
        .setName("disk2")
        .setRole(Role.ROLE_SECONDARY)
        .setPeerNode("hast1")
        .setLink(LinkState.LINK_STATE_CONNECTED);
  }

  private static String explain(GetStatusResponse.Builder status) {
    return String.join("\n", Sentences.explain(status.build(), NOW));
  }

  @Test
  void backupThatIsBeingSynchronisedSaysWhoServesWhenItWouldAndWhatItLacks() {
    var page =
        explain(
            GetStatusResponse.newBuilder()
                .addGroups(
                    Group.newBuilder()
                        .setName("storage")
                        .setState(State.STATE_BACKUP)
                        .setEligible(true)
                        .setMasterDownMillis(3200)
                        .setHeard(
                            HeardMaster.newBuilder()
                                .setSourceAddress("hast1")
                                .setAdvskew(0)
                                .setSilentMillis(400)))
                .addResources(
                    secondary()
                        .setPromotionRefusal("COPY_INCONSISTENT")
                        .setSync(
                            Sync.newBuilder()
                                .setState(SyncState.SYNC_STATE_TARGET)
                                .setTotalBytes(100)
                                .setLeftBytes(6))));

    assertThat(page)
        .contains(
            "Group storage is BACKUP: hast1 is MASTER with advskew 0, heard 0.4 s ago; it would"
                + " take over after 3.2 s of silence.",
            "Resource disk2 is secondary, 94 % synchronised; it may not become primary here: a"
                + " synchronisation into this copy has not finished.");
  }

  @Test
  void splitBrainIsSaidInWords() {
    var page =
        explain(
            GetStatusResponse.newBuilder()
                .addResources(
                    secondary()
                        .setLink(LinkState.LINK_STATE_REFUSED)
                        .setPromotionRefusal("SPLIT_BRAIN")));

    assertThat(page)
        .contains(
            "Resource disk2 is secondary, without a connection to hast1; it may not become primary"
                + " here: both copies were written while apart.");
  }

  @ParameterizedTest
  @CsvSource({
    "WITNESS_NAMES_PEER, 'only the other node may serve. What to do: start that node'",
    "WITNESS_FOREIGN, 'no record that the nodes trust. What to do: start the other node, then'",
    "WITNESS_UNHEARD, 'neither the other node nor the witness answers. What to do: bring back'"
  })
  void aRefusalOfTheWitnessHasItsWayOut(String reason, String sentence) {
    assertThat(
            explain(
                GetStatusResponse.newBuilder()
                    .addResources(secondary().setPromotionRefusal(reason))))
        .contains("it may not become primary here: ", sentence);
  }

  @Test
  void thatThePeerIsPrimaryIsNoFault() {
    var page =
        explain(
            GetStatusResponse.newBuilder()
                .addResources(
                    secondary().setComplete(true).setPromotionRefusal("PEER_IS_PRIMARY")));

    assertThat(page).contains("Resource disk2 is secondary, both copies are in step.");
  }

  @Test
  void blockedPoolSaysWhyAndWhatToDo() {
    var page =
        explain(
            GetStatusResponse.newBuilder()
                .addPools(
                    Pool.newBuilder()
                        .setName("zhast")
                        .setState(PoolState.POOL_STATE_BLOCKED)
                        .setProblem("disk1: COPY_OUTDATED: the peer went on without this copy")
                        .setHint("connect the peer and let it synchronise")));

    assertThat(page)
        .contains(
            "Pool zhast should be served here and cannot be: disk1: COPY_OUTDATED: the peer went on"
                + " without this copy. What to do: connect the peer and let it synchronise.");
  }

  @Test
  void maintenanceIsACauseLikeTheOthers() {
    var page =
        explain(
            GetStatusResponse.newBuilder()
                .setMaintenance(true)
                .addDemotions(
                    Demotion.newBuilder()
                        .setAmount(240)
                        .setCause("maintenance")
                        .setText("an operator works on this node")));

    assertThat(page)
        .contains("Demoted by 240 because of maintenance: an operator works on this node.");
  }
}
