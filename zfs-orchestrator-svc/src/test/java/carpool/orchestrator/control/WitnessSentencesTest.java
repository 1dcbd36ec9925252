package carpool.orchestrator.control;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Witness;
import carpool.replicator.v1.WitnessPermission;
import carpool.replicator.v1.WitnessRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class WitnessSentencesTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_000_000_000);

  private static long ago(Duration time) {
    return NOW.minus(time).toEpochMilli();
  }

  private static Witness.Builder witness() {
    return Witness.newBuilder()
        .setPool("tank")
        .setEndpoint("https://pi:2379")
        .setReachable(true)
        .setLatencyMicros(1_200)
        .setSinceUnixMillis(ago(Duration.ofDays(1)))
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
        .setProblem("https://pi:2379 hangs")
        .setSinceUnixMillis(ago(Duration.ofMinutes(5)));
  }

  private static List<Resource> resources(Witness.Builder witness) {
    return List.of(
        Resource.newBuilder().setName("disk1").setWitness(witness).build(),
        Resource.newBuilder().setName("disk2").setWitness(witness).build(),
        Resource.newBuilder().setName("disk3").build());
  }

  private static List<String> warnings(Witness.Builder witness) {
    return new WitnessSentences(NOW).warnings(resources(witness));
  }

  private static List<String> explain(Witness.Builder witness) {
    return new WitnessSentences(NOW).explain(resources(witness));
  }

  @Test
  void aWellWitnessIsOneSentenceAndNoWarning() {
    assertThat(explain(witness()))
        .containsExactly(
            "Witness of pool tank: reachable (https://pi:2379, 1.2 ms); its record says that both"
                + " copies are in sync and either node may go on alone (written by hast1 3 h ago).");
    assertThat(warnings(witness())).isEmpty();
  }

  @Test
  void aLostWitnessIsAWarningThatSaysWhatItCosts() {
    assertThat(warnings(lost()))
        .containsExactly(
            "pool tank: the witness has not answered for 5 min; a node that loses the other one"
                + " meanwhile does not serve (on-loss suspend)");
    assertThat(warnings(lost().setOnLoss("continue")))
        .singleElement()
        .asString()
        .endsWith("goes on as without a witness (on-loss continue)");
    assertThat(explain(lost()).getFirst())
        .contains("not reachable for 5 min (https://pi:2379 hangs); its record", "does not serve");
  }

  @Test
  void beforeTheFirstAnswerThereIsNoWarning() {
    assertThat(warnings(lost().setSinceUnixMillis(0))).isEmpty();
    assertThat(explain(lost().setSinceUnixMillis(0)).getFirst()).contains("not asked yet");
  }

  @Test
  void heldClientsAreToldWithWhatTheyWaitFor() {
    var held =
        lost()
            .setPermission(WitnessPermission.WITNESS_PERMISSION_HOLD)
            .setHeldSinceUnixMillis(ago(Duration.ofSeconds(12)));

    assertThat(warnings(held))
        .containsExactly(
            "pool tank: clients have been held for 12 s: neither the other node nor the witness"
                + " answers; they are served again when one of the two does");
    assertThat(explain(held)).hasSize(2).last().asString().startsWith("Its clients have been held");
    assertThat(
            warnings(
                witness()
                    .setPermission(WitnessPermission.WITNESS_PERMISSION_FAIL)
                    .setHeldSinceUnixMillis(ago(Duration.ofSeconds(1)))
                    .setTrouble("the record names hast2")))
        .containsExactly("pool tank: clients have got I/O errors for 1 s: the record names hast2");
  }

  @Test
  void serviceThatNobodyAllowedIsAWarning() {
    assertThat(warnings(witness().setUnvouched(true)))
        .singleElement()
        .asString()
        .contains("neither the other node nor the witness has allowed it");
    assertThat(explain(witness().setUnvouched(true))).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource({
    "WITNESS_RECORD_ABSENT, carpool witness replace tank",
    "WITNESS_RECORD_FOREIGN, carpool witness reset tank"
  })
  void aRecordThatLetsNobodyGoOnIsAWarning(WitnessRecord record, String command) {
    assertThat(warnings(witness().setRecord(record))).singleElement().asString().endsWith(command);
    assertThat(explain(witness().setRecord(record)).getFirst()).contains(command);
  }

  @Test
  void theRecordOfOneNodeNamesIt() {
    assertThat(
            explain(
                    witness()
                        .setRecord(WitnessRecord.WITNESS_RECORD_ONLY)
                        .setRecordNode("hast1")
                        .setRecordForced(true))
                .getFirst())
        .contains("only hast1 may serve, by force (written by hast1 3 h ago).");
  }

  @Test
  void aWitnessThatIsNotInForceIsNoWarningWhenItIsLost() {
    assertThat(warnings(lost().setIncarnation(""))).isEmpty();
    assertThat(explain(witness().setIncarnation("")).getFirst()).contains("have not agreed");
    assertThat(warnings(lost().setPeerTakesPart(false))).isEmpty();
    assertThat(explain(witness().setPeerTakesPart(false)).getFirst())
        .contains("the other node has none configured");
  }
}
