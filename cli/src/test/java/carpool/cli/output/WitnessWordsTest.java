package carpool.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.orchestrator.v1.GetStatusResponse;
import carpool.orchestrator.v1.Pool;
import carpool.orchestrator.v1.PoolState;
import carpool.orchestrator.v1.Readiness;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Witness;
import carpool.replicator.v1.WitnessPermission;
import carpool.replicator.v1.WitnessRecord;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What the pages say of a witness in each of its states.
final class WitnessWordsTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_000_000_000);

  private static long ago(Duration time) {
    return NOW.minus(time).toEpochMilli();
  }

  private static Witness.Builder witness() {
    return Witness.newBuilder()
        .setPool("zhast")
        .setReachable(true)
        .setSinceUnixMillis(ago(Duration.ofDays(1)))
        .setEndpoint("https://pi:2379")
        .setLatencyMicros(1_200)
        .setIncarnation("00000000deadbeef")
        .setPeerTakesPart(true)
        .setRecord(WitnessRecord.WITNESS_RECORD_BOTH)
        .setRecordWriter("hast1")
        .setRecordUnixMillis(ago(Duration.ofHours(3)))
        .setOnLoss("suspend");
  }

  private static Witness.Builder lost() {
    return witness()
        .setReachable(false)
        .setSinceUnixMillis(ago(Duration.ofMinutes(3)))
        .setProblemReason("UNREACHABLE")
        .setProblem("https://pi:2379 cannot be reached: connection refused");
  }

  private static String page(Witness.Builder witness) {
    var bytes = new ByteArrayOutputStream();
    new StatusPage(new PrintStream(bytes, true, StandardCharsets.UTF_8), Paint.PLAIN, NOW)
        .print(
            GetStatusResponse.newBuilder()
                .setReadiness(Readiness.newBuilder().setReady(true))
                .addPools(Pool.newBuilder().setName("zhast").setState(PoolState.POOL_STATE_SERVING))
                .addResources(Resource.newBuilder().setName("disk1").setWitness(witness))
                .addResources(Resource.newBuilder().setName("disk2").setWitness(witness))
                .build());
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void aPoolHasOneLineForItsWitness() {
    assertThat(page(witness()))
        .contains(
            "ready to fail over  yes\n",
            "\n  witness  reachable (https://pi:2379, 1.2 ms), record: both, since 3h0m\nRESOURCE")
        .containsOnlyOnce("witness");
  }

  @Test
  void aWitnessOfNoShownPoolHasItsLineBelow() {
    assertThat(page(witness().setPool("disk1"))).contains("\nwitness of disk1  reachable (");
  }

  @Test
  void aLostWitnessIsAWarningBesideTheVerdictAndNoMissingReadiness() {
    assertThat(page(lost()))
        .contains(
            "ready to fail over  yes  the witness does not answer: when a node dies",
            "witness  not reachable for 3m0s (https://pi:2379 cannot be reached: connection"
                + " refused), record: both")
        .doesNotContain("WITNESS");
    assertThat(page(lost().setOnLoss("continue"))).contains("ready to fail over  yes\n");
    assertThat(page(lost().setSinceUnixMillis(0)))
        .contains("ready to fail over  yes\n", "witness  not asked yet");
  }

  @Test
  void heldClientsAreToldLoudly() {
    assertThat(
            page(
                lost()
                    .setPermission(WitnessPermission.WITNESS_PERMISSION_HOLD)
                    .setHeldSinceUnixMillis(ago(Duration.ofSeconds(12)))))
        .contains(
            "  WITNESS  clients are held for 12s: neither the peer nor the witness answers; connect");
    assertThat(
            page(
                witness()
                    .setPermission(WitnessPermission.WITNESS_PERMISSION_FAIL)
                    .setHeldSinceUnixMillis(ago(Duration.ofSeconds(2)))
                    .setTrouble("the record names hast2")))
        .contains("  WITNESS  clients get I/O errors for 2s: the record names hast2");
  }

  @Test
  void serviceThatNobodyAllowedIsToldLoudly() {
    assertThat(page(witness().setUnvouched(true)))
        .contains("  WITNESS  serves although neither the peer nor the witness has allowed it");
  }

  @Test
  void aWitnessThatIsNotInForceSaysSo() {
    assertThat(page(lost().setIncarnation("")))
        .contains("ready to fail over  yes\n", "witness  not agreed yet: as without a witness");
    assertThat(page(witness().setPeerTakesPart(false)))
        .contains("witness  the other node has no witness configured");
  }

  @ParameterizedTest
  @CsvSource({
    "WITNESS_RECORD_ONLY, 'only hast1 (by force), since 3h0m'",
    "WITNESS_RECORD_ABSENT, absent",
    "WITNESS_RECORD_FOREIGN, of another incarnation",
    "WITNESS_RECORD_UNSPECIFIED, not read yet"
  })
  void theRecordIsSaidInWords(WitnessRecord record, String words) {
    assertThat(page(witness().setRecord(record).setRecordNode("hast1").setRecordForced(true)))
        .contains("1.2 ms), record: " + words);
  }

  @Test
  void theSentenceOfARecordSaysWhoWroteItAndWhatItAllows() {
    var only = witness().setRecord(WitnessRecord.WITNESS_RECORD_ONLY).setRecordNode("hast1");

    assertThat(WitnessWords.record(witness().build(), NOW))
        .isEqualTo(
            "both copies are in sync: either node may go on alone, since 3h0m (written by hast1)");
    assertThat(WitnessWords.record(only.setRecordForced(true).build(), NOW))
        .isEqualTo("only hast1 may serve, since 3h0m (written by hast1), by force");
    assertThat(
            WitnessWords.record(
                witness()
                    .setRecord(WitnessRecord.WITNESS_RECORD_ABSENT)
                    .setRecordUnixMillis(0)
                    .build(),
                NOW))
        .endsWith("carpool witness replace zhast");
  }
}
