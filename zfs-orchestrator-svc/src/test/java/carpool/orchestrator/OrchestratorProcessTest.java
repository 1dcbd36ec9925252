package carpool.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.election.v1.State;
import carpool.orchestrator.v1.ClientNetwork;
import carpool.orchestrator.v1.DiagnoseRequest;
import carpool.orchestrator.v1.Failover;
import carpool.orchestrator.v1.GetTimelineRequest;
import carpool.orchestrator.v1.ImportPoolRequest;
import carpool.orchestrator.v1.NetworkEvidence;
import carpool.orchestrator.v1.Note;
import carpool.orchestrator.v1.PoolState;
import carpool.orchestrator.v1.Step;
import carpool.orchestrator.v1.StepOutcome;
import carpool.orchestrator.v1.SwitchoverProgress;
import carpool.orchestrator.v1.SwitchoverRequest;
import carpool.orchestrator.v1.WatchRequest;
import carpool.replicator.v1.AskPeerResponse;
import carpool.replicator.v1.LinkState;
import carpool.replicator.v1.Role;
import carpool.replicator.v1.Witness;
import carpool.replicator.v1.WitnessRecord;
import com.google.protobuf.InvalidProtocolBufferException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OrchestratorProcessTest {
  @TempDir Path dir;

  @Test
  void followsItsMasterFromStartToServingAndBack() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.poolOnDisks();
      bed.start();
      bed.await("ready", () -> bed.election.causes().isEmpty());
      assertThat(bed.replicator.calls()).containsExactly("ROLE_SECONDARY");

      bed.election.become(State.STATE_MASTER);
      bed.awaitPool(PoolState.POOL_STATE_SERVING);
      assertThat(bed.has("imported")).isTrue();
      assertThat(bed.has("web")).isTrue();
      assertThat(bed.pool().getHealth()).isEqualTo("ONLINE");
      assertThat(bed.pool().getGuid()).isEqualTo("42");
      assertThat(bed.pool().getSizeBytes()).isEqualTo(10_000);
      bed.await("readiness is told", () -> bed.election.readyGroups().contains("storage"));
      assertThat(bed.read("calls")).contains("import -f -d " + dir + "/dev -o cachefile=none tank");

      bed.election.become(State.STATE_BACKUP);
      bed.awaitPool(PoolState.POOL_STATE_STANDBY);
      assertThat(bed.has("imported")).isFalse();
      assertThat(bed.has("web")).isFalse();
      bed.await("hooks", () -> hooks(bed).contains("stopped hast1"));
      assertThat(hooks(bed))
          .contains("backup hast1", "master hast1", "serving hast1", "stopped hast1");
    }
  }

  private static List<String> hooks(Bed bed) {
    try {
      return bed.read("hooks").lines().toList();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void adoptsThePoolAfterItsOwnCrash() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.poolOnDisks();
      bed.start();
      bed.election.become(State.STATE_MASTER);
      bed.awaitPool(PoolState.POOL_STATE_SERVING);
      bed.killOrchestrator();

      bed.start();
      bed.awaitPool(PoolState.POOL_STATE_SERVING);

      assertThat(bed.replicator.calls()).containsOnlyOnce("ROLE_PRIMARY");
      assertThat(bed.read("calls")).doesNotContain("export");
      assertThat(bed.status().getLastFailovers(0).getStepsList())
          .extracting(step -> step.getName())
          .containsExactly("check web");
    }
  }

  /// Each import reads all labels and, with multihost=on, waits for signs of another host: the pool
  /// of a crashed node was imported at the third attempt, which could outlast the step's minute.
  @Test
  void thePoolOfACrashedNodeIsImportedByOneCommand() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.poolOnDisks();
      bed.make("foreign");
      bed.start();
      bed.election.become(State.STATE_MASTER);
      bed.awaitPool(PoolState.POOL_STATE_SERVING);
      assertThat(bed.read("calls").lines().filter(call -> call.startsWith("zpool import")))
          .containsExactly("zpool import -f -d " + dir + "/dev -o cachefile=none tank");
    }
  }

  private static Bed fencing(Path dir, String verdict) throws Exception {
    var bed =
        new Bed(
            dir,
            Bed.POOLS
                + """
                fencing: { run: [/bin/sh, -c, "echo $CARPOOL_NODE $CARPOOL_PEER $CARPOOL_POOL >>%%1$s/fenced; %s"], timeout: 5s }
                """
                    .formatted(verdict));
    bed.poolOnDisks();
    bed.start();
    bed.await("ready", () -> bed.election.causes().isEmpty());
    bed.replicator.peerUnreachable();
    bed.election.become(State.STATE_MASTER);
    return bed;
  }

  @Test
  void anUnreachablePeerIsFencedBeforeThePoolIsServedWithoutItsWord() throws Exception {
    try (var bed = fencing(dir, "exit 0")) {
      bed.awaitPool(PoolState.POOL_STATE_SERVING);
      assertThat(bed.read("fenced")).isEqualTo("hast1 hast2 tank\n");
    }
  }

  @Test
  void aVetoKeepsThePoolFromBeingServed() throws Exception {
    try (var bed = fencing(dir, "echo still on >&2; exit 1")) {
      bed.await("the reason is told", () -> bed.pool().getProblem().contains("still on"));
      assertThat(bed.pool().getProblem()).startsWith("not fenced: ");
      assertThat(bed.pool().getHint()).contains("carpool takeover --force tank");
      assertThat(bed.has("imported")).isFalse();
    }
  }

  @Test
  void noServiceStartsWhileADatasetIsNotMounted() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.poolOnDisks();
      bed.make("unmounted");
      bed.make("notempty");
      bed.start();
      bed.await("ready", () -> bed.election.causes().isEmpty());
      // The other node could not serve either, so this one goes on trying.
      bed.replicator.change("disconnect", r -> r.setLink(LinkState.LINK_STATE_CONNECTING));
      bed.election.become(State.STATE_MASTER);
      bed.awaitPool(PoolState.POOL_STATE_BLOCKED);

      assertThat(bed.has("imported")).isTrue();
      assertThat(bed.has("web")).isFalse();
      assertThat(bed.pool().getProblem())
          .contains("cannot mount dataset tank/data at /tank/data: directory is not empty");
      assertThat(bed.pool().getHint()).contains("carpool pool import tank");

      java.nio.file.Files.delete(dir.resolve("notempty"));
      var end =
          last(
              bed.orchestrator()
                  .importPool(ImportPoolRequest.newBuilder().setPool("tank").build()));
      assertThat(end.getDone()).isTrue();
      assertThat(bed.has("web")).isTrue();
      assertThat(bed.has("unmounted")).isFalse();
    }
  }

  @Test
  void theKeyOfAnEncryptedDatasetIsLoadedBeforeItIsMounted() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.poolOnDisks();
      bed.make("unmounted");
      bed.make("locked");
      bed.start();
      bed.election.become(State.STATE_MASTER);
      bed.awaitPool(PoolState.POOL_STATE_SERVING);

      assertThat(bed.read("calls"))
          .containsSubsequence("zfs load-key -r tank", "zfs mount tank/data");
    }
  }

  @Test
  void adoptsAPoolThatWasMadeByHand() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.start();
      bed.election.become(State.STATE_MASTER);
      bed.awaitPool(PoolState.POOL_STATE_NO_POOL);
      assertThat(bed.pool().getHint()).contains("zpool create");

      bed.make("imported");
      var end =
          last(
              bed.orchestrator()
                  .importPool(ImportPoolRequest.newBuilder().setPool("tank").build()));

      assertThat(end.getDone()).isTrue();
      assertThat(bed.pool().getState()).isEqualTo(PoolState.POOL_STATE_SERVING);
    }
  }

  @Test
  void tellsWhatBothNodesDidAndPlansByIt() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.poolOnDisks();
      bed.start();
      bed.election.become(State.STATE_MASTER);
      bed.awaitPool(PoolState.POOL_STATE_SERVING);
      bed.await(
          "word for the other node",
          () ->
              note(bed).getFailoversList().stream().anyMatch(f -> f.getKind().equals("takeover")));
      var own = note(bed).getFailovers(0);
      // The other clock is an hour ahead; there the pool was given up a second before.
      var hour = 3_600_000L;
      var away =
          Failover.newBuilder()
              .setPool("tank")
              .setNode("hast2")
              .setKind("give-up")
              .setStartedUnixMillis(own.getStartedUnixMillis() + hour - 1_000)
              .setDurationMillis(500)
              .setDone(true)
              .addSteps(
                  Step.newBuilder()
                      .setName("export")
                      .setOutcome(StepOutcome.STEP_OUTCOME_DONE)
                      .setStartedUnixMillis(own.getStartedUnixMillis() + hour - 1_000));
      bed.replicator.peerAnswers(
          AskPeerResponse.newBuilder()
              .setReached(true)
              .setNode("hast2")
              .setOwnUnixMillis(0)
              .setPeerUnixMillis(hour)
              .setNote(Note.newBuilder().setNode("hast2").addFailovers(away).build().toByteString())
              .build());

      var timeline = bed.orchestrator().getTimeline(GetTimelineRequest.getDefaultInstance());

      assertThat(timeline.getPeer().getClockAheadMicros()).isEqualTo(hour * 1000);
      assertThat(timeline.getMoves(0).getStepsList())
          .extracting(line -> line.getNode() + " " + line.getStep().getName())
          .startsWith("hast2 export", "hast1 promote")
          .endsWith("hast1 check web");
      var plan =
          last(bed.orchestrator().switchover(SwitchoverRequest.newBuilder().setPlan(true).build()));
      assertThat(plan.getExpectedSeconds()).isGreaterThan(0.5).isLessThan(30);
      assertThat(
              bed.orchestrator().diagnose(DiagnoseRequest.getDefaultInstance()).getFindingsList())
          .extracting(finding -> finding.getCheck() + " " + finding.getVerdict())
          .contains("clocks VERDICT_WARNING", "configuration of the pair VERDICT_FAILED")
          .anyMatch(text -> text.startsWith("capabilities "))
          .anyMatch(text -> text.startsWith("device drivers "));
    }
  }

  @Test
  void aDifferenceOfTheConfigurationFiresItsHookOnce() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.start();
      bed.replicator.peerAnswers(peer("theirs", ClientNetwork.getDefaultInstance()));
      bed.await("the hook", () -> hooks(bed).contains("config-difference hast1"));

      bed.replicator.peerAnswers(peer("ours", ClientNetwork.getDefaultInstance()));
      bed.await("a look at equal files", () -> bed.replicator.asked() > 2);
      assertThat(hooks(bed)).containsOnlyOnce("config-difference hast1");
    }
  }

  @Test
  void theLossOfTheWitnessAndItsReturnAreToldAndMoveNothing() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.poolOnDisks();
      bed.start();
      bed.election.become(State.STATE_MASTER);
      bed.awaitPool(PoolState.POOL_STATE_SERVING);
      var calls = bed.replicator.calls();
      bed.replicator.change("witness", r -> r.setWitness(witness(true, 1_000)));
      bed.replicator.change("witness", r -> r.setWitness(witness(false, 2_000)));
      bed.await("the hook", () -> hooks(bed).contains("witness-lost hast1"));
      assertThat(bed.status().getWarningsList())
          .anyMatch(text -> text.startsWith("pool tank: the witness has not answered for"));

      bed.replicator.change("witness", r -> r.setWitness(witness(true, 3_000)));
      bed.await("the hook", () -> hooks(bed).contains("witness-back hast1"));
      assertThat(hooks(bed))
          .containsOnlyOnce("witness-lost hast1")
          .containsOnlyOnce("witness-back hast1");
      assertThat(
              bed.orchestrator()
                  .getTimeline(GetTimelineRequest.getDefaultInstance())
                  .getWitnessChangesList())
          .extracting(change -> change.getReachable() + " " + change.getProblem())
          .containsExactly("true ", "false connection refused");
      assertThat(bed.replicator.calls()).isEqualTo(calls);
      assertThat(bed.pool().getState()).isEqualTo(PoolState.POOL_STATE_SERVING);
    }
  }

  private static Witness witness(boolean reachable, long sinceUnixMillis) {
    return Witness.newBuilder()
        .setPool("tank")
        .setEndpoint("http://127.0.0.1:2379")
        .setReachable(reachable)
        .setProblem(reachable ? "" : "connection refused")
        .setSinceUnixMillis(sinceUnixMillis)
        .setIncarnation("00000000deadbeef")
        .setPeerTakesPart(true)
        .setRecord(WitnessRecord.WITNESS_RECORD_BOTH)
        .setOnLoss("suspend")
        .build();
  }

  @Test
  void twoMastersThatHearEachOtherByReplicationAreToldToAnOperator() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.poolOnDisks();
      bed.start();
      bed.election.become(State.STATE_MASTER);
      bed.awaitPool(PoolState.POOL_STATE_SERVING);
      bed.await(
          "127.0.0.1 answers",
          () -> note(bed).getClientNetworksList().stream().anyMatch(n -> n.getMaster()));
      bed.replicator.peerAnswers(
          peer(
              "ours",
              ClientNetwork.newBuilder()
                  .setGroup("storage")
                  .setMaster(true)
                  .setEvidence(NetworkEvidence.NETWORK_EVIDENCE_TARGET)
                  .setSilentMillis(12_000)
                  .setCut(true)
                  .setText("no answer from 192.0.2.1 for 12 s")
                  .build()));

      bed.await("the hook", () -> hooks(bed).contains("client-network hast1"));
      assertThat(bed.status().getWarningsList())
          .contains(
              "this node and hast2 are both MASTER: the client network is cut between them, there (no"
                  + " answer from 192.0.2.1 for 12 s); it should give way");
      assertThat(bed.status().getClientNetworks(0).getText()).isEqualTo("127.0.0.1 answers");
      assertThat(bed.pool().getState()).isEqualTo(PoolState.POOL_STATE_SERVING);
    }
  }

  private static AskPeerResponse peer(String digest, ClientNetwork network) {
    return AskPeerResponse.newBuilder()
        .setReached(true)
        .setNode("hast2")
        .setConfigDigest(digest)
        .setOwnConfigDigest("ours")
        .setNoteAgeMillis(500)
        .setNote(
            Note.newBuilder().setNode("hast2").addClientNetworks(network).build().toByteString())
        .build();
  }

  private static Note note(Bed bed) {
    try {
      return Note.parseFrom(bed.replicator.left());
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void switchesOverWithoutALostStep() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.poolOnDisks();
      bed.start();
      bed.election.become(State.STATE_MASTER);
      bed.awaitPool(PoolState.POOL_STATE_SERVING);

      var stream = bed.orchestrator().switchover(SwitchoverRequest.getDefaultInstance());
      var steps = new ArrayList<String>();
      var progress = stream.next();
      while (!progress.getFinished()) {
        steps.add(progress.getStep().getName());
        if (steps.getLast().equals("demote")) {
          bed.await("resigned", () -> bed.election.resignations() == 1);
          bed.replicator.change("role", r -> r.setPeerRole(Role.ROLE_PRIMARY));
        }
        progress = stream.next();
      }

      assertThat(steps).containsExactly("stop web", "export", "demote");
      assertThat(progress.getDone()).isTrue();
    }
  }

  @Test
  void refusesASwitchoverToAPeerThatCouldNotServe() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.poolOnDisks();
      bed.start();
      bed.election.become(State.STATE_MASTER);
      bed.awaitPool(PoolState.POOL_STATE_SERVING);
      bed.replicator.change("disconnect", r -> r.setLink(LinkState.LINK_STATE_CONNECTING));
      bed.await(
          "warning about the link",
          () ->
              bed.status().getWarningsList().stream()
                  .anyMatch(text -> text.contains("is written on this node only")));

      var end = last(bed.orchestrator().switchover(SwitchoverRequest.getDefaultInstance()));

      assertThat(end.getError().getReason()).isEqualTo("PEER_UNREACHABLE");
      bed.replicator.change("dirty", r -> r.setDirtyBytes(4096));
      var plan =
          last(bed.orchestrator().switchover(SwitchoverRequest.newBuilder().setPlan(true).build()));
      assertThat(plan.getDone()).isFalse();
      assertThat(plan.getError().getReason()).isEqualTo("PEER_UNREACHABLE");
      assertThat(plan.getMessage()).contains("it would be refused", "does not have: 8192 bytes");
      assertThat(bed.status().getReadiness().getReasonsList())
          .contains("disk1 is not connected to hast2");
      assertThat(bed.pool().getState()).isEqualTo(PoolState.POOL_STATE_SERVING);
    }
  }

  @Test
  void cutsTheDevicesOffWhenExportDoesNotEnd() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.poolOnDisks();
      bed.start();
      bed.election.become(State.STATE_MASTER);
      bed.awaitPool(PoolState.POOL_STATE_SERVING);
      bed.make("hang");

      bed.election.become(State.STATE_BACKUP);
      bed.await("cut off", () -> bed.replicator.calls().contains("CUT_OFF"));
      bed.await("demoted", () -> bed.replicator.calls().getLast().equals("ROLE_SECONDARY"));

      assertThat(bed.pool().getState()).isEqualTo(PoolState.POOL_STATE_CUT_OFF);
      bed.await("cause", () -> bed.election.causes().contains("pool-cut-off"));
    }
  }

  @Test
  void theLastResortEndsAPoolThatHangsOnDevicesThatWereCutOff() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.poolOnDisks();
      bed.make("mendable");
      bed.start();
      bed.election.become(State.STATE_MASTER);
      bed.awaitPool(PoolState.POOL_STATE_SERVING);
      bed.make("hang");

      bed.election.become(State.STATE_BACKUP);
      bed.awaitPool(PoolState.POOL_STATE_STANDBY);

      assertThat(bed.replicator.calls()).contains("CUT_OFF");
      assertThat(bed.has("imported")).isFalse();
      bed.await("no cause", () -> bed.election.causes().isEmpty());
    }
  }

  @Test
  void aPoolThatTurnsUpOnAStandbyIsExported() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.start();
      bed.awaitPool(PoolState.POOL_STATE_STANDBY);
      bed.make("imported");

      bed.await("exported", () -> !bed.has("imported"));

      bed.awaitPool(PoolState.POOL_STATE_STANDBY);
    }
  }

  @Test
  void aTermSignalGivesThePoolUpAndResigns() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.poolOnDisks();
      bed.start();
      bed.election.become(State.STATE_MASTER);
      bed.awaitPool(PoolState.POOL_STATE_SERVING);

      // Somebody watches: that must not hold the end up.
      var watcher = bed.orchestrator().watch(WatchRequest.getDefaultInstance());
      assertThat(watcher.next().getEvent()).isEqualTo("snapshot");

      bed.process().signal("TERM");

      assertThat(bed.process().exitCode(Duration.ofSeconds(20))).isZero();
      assertThat(bed.has("imported")).isFalse();
      assertThat(bed.election.resignations()).isEqualTo(1);
      assertThat(bed.election.causes()).contains("not-ready");
    }
  }

  @Test
  void aStopThatCouldNotGiveThePoolUpEndsWithFailure() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.poolOnDisks();
      bed.start();
      bed.election.become(State.STATE_MASTER);
      bed.awaitPool(PoolState.POOL_STATE_SERVING);
      bed.make("hang");

      bed.process().signal("TERM");

      assertThat(bed.process().exitCode(Duration.ofSeconds(60))).isEqualTo(1);
      assertThat(bed.process().output())
          .contains("not given up: pool tank: the devices were cut off");
      assertThat(bed.replicator.calls()).contains("CUT_OFF");
    }
  }

  @Test
  void anOldPrimaryThatGivesUpIsFollowedAtOnce() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.poolOnDisks();
      bed.make("foreign");
      bed.start();
      bed.await("ready", () -> bed.election.causes().isEmpty());
      bed.replicator.change("role", r -> r.setPeerRole(Role.ROLE_PRIMARY));
      bed.replicator.refuse("PEER_IS_PRIMARY");
      bed.election.become(State.STATE_MASTER);
      bed.await("asked", () -> bed.replicator.calls().contains("ROLE_PRIMARY"));
      assertThat(bed.has("imported")).isFalse();

      bed.replicator.refuse("");
      bed.replicator.change("role", r -> r.setPeerRole(Role.ROLE_SECONDARY));
      bed.awaitPool(PoolState.POOL_STATE_SERVING);

      assertThat(bed.read("calls")).contains("zpool import -f ");
      assertThat(bed.status().getLastFailovers(0).getSteps(0).getAttempts()).isGreaterThan(1);
    }
  }

  @Test
  void aCopyThatIsNotCurrentIsNotPromoted() throws Exception {
    try (var bed = new Bed(dir)) {
      bed.poolOnDisks();
      bed.start();
      bed.await("ready", () -> bed.election.causes().isEmpty());
      bed.replicator.refuse("COPY_OUTDATED");
      bed.election.become(State.STATE_MASTER);
      bed.await("demoted", () -> bed.election.causes().contains("data-not-current"));

      // Not eligible: this election takes the role away at once, as the real one does.
      bed.awaitPool(PoolState.POOL_STATE_STANDBY);
      assertThat(bed.pool().getProblem()).contains("COPY_OUTDATED");
      assertThat(bed.has("imported")).isFalse();
    }
  }

  private static SwitchoverProgress last(Iterator<SwitchoverProgress> stream) {
    var progress = stream.next();
    while (stream.hasNext()) {
      progress = stream.next();
    }
    return progress;
  }
}
