package carpool.cli;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.orchestrator.v1.Finding;
import carpool.orchestrator.v1.Verdict;
import carpool.replicator.v1.GetWitnessResponse;
import carpool.replicator.v1.Witness;
import carpool.replicator.v1.WitnessMember;
import carpool.replicator.v1.WitnessPermission;
import carpool.replicator.v1.WitnessRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class WitnessFindingsTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_000_000_000);

  private static WitnessMember.Builder member() {
    return WitnessMember.newBuilder()
        .setEndpoint("https://pi:2379")
        .setAnswers(true)
        .setHasLeader(true)
        .setVersion("3.5.16")
        .setLatencyMicros(1_200);
  }

  private static WitnessMember.Builder silent(String endpoint) {
    return WitnessMember.newBuilder().setEndpoint(endpoint).setProblem(endpoint + " hangs up");
  }

  private static Witness.Builder witness() {
    return Witness.newBuilder()
        .setPool("zhast")
        .setReachable(true)
        .setSinceUnixMillis(1)
        .setIncarnation("00000000deadbeef")
        .setPeerTakesPart(true)
        .setRecord(WitnessRecord.WITNESS_RECORD_BOTH);
  }

  private static List<Finding> of(WitnessMember.Builder... members) {
    var answer = GetWitnessResponse.newBuilder();
    for (var member : members) {
      answer.addMembers(member);
    }
    return WitnessFindings.of(answer.build(), NOW);
  }

  private static List<Finding> of(Witness.Builder witness) {
    return WitnessFindings.of(GetWitnessResponse.newBuilder().addWitnesses(witness).build(), NOW);
  }

  private static long in(Duration time) {
    return NOW.plus(time).toEpochMilli();
  }

  @Test
  void aWellWitnessIsOk() {
    assertThat(of(member()))
        .singleElement()
        .satisfies(f -> assertThat(f.getVerdict()).isEqualTo(Verdict.VERDICT_OK))
        .satisfies(f -> assertThat(f.getFound()).isEqualTo("answers in 1.2 ms, etcd 3.5.16"));
    assertThat(of(witness()))
        .singleElement()
        .satisfies(f -> assertThat(f.getVerdict()).isEqualTo(Verdict.VERDICT_OK))
        .satisfies(f -> assertThat(f.getFound()).startsWith("both copies are in sync"));
    assertThat(of()).isEmpty();
  }

  @Test
  void oneSilentEndpointOfTwoIsAWarningAndAllOfThemAreAFault() {
    assertThat(of(member(), silent("https://pi2:2379")))
        .extracting(Finding::getVerdict)
        .containsExactly(Verdict.VERDICT_OK, Verdict.VERDICT_WARNING);
    assertThat(of(silent("https://pi1:2379"), silent("https://pi2:2379")))
        .allSatisfy(f -> assertThat(f.getVerdict()).isEqualTo(Verdict.VERDICT_FAILED))
        .allSatisfy(f -> assertThat(f.getFound()).endsWith("hangs up"))
        .allSatisfy(f -> assertThat(f.getHint()).contains("neither go on nor take over"));
  }

  @ParameterizedTest
  @CsvSource({"500000, VERDICT_OK", "500001, VERDICT_WARNING"})
  void aSlowWitnessIsAWarning(long micros, Verdict verdict) {
    assertThat(of(member().setLatencyMicros(micros)))
        .extracting(Finding::getVerdict)
        .containsExactly(verdict);
  }

  @Test
  void aFullEtcdSaysHowToMakeRoom() {
    assertThat(of(member().addAlarms("NOSPACE")).getLast())
        .satisfies(f -> assertThat(f.getVerdict()).isEqualTo(Verdict.VERDICT_FAILED))
        .satisfies(f ->
            assertThat(f.getHint())
                .contains("etcdctl compact", "etcdctl defrag", "etcdctl alarm disarm"));
    assertThat(of(member().addAlarms("CORRUPT")).getLast().getHint()).contains("alarm list");
  }

  @Test
  void noLeaderIsAFault() {
    assertThat(of(member().setHasLeader(false)).getLast().getFound()).contains("no leader");
  }

  @ParameterizedTest
  @CsvSource({"3.3.25, 2", "2.3.8, 2", "3.4.0, 1", "3.10.1, 1", "4.0.0, 1", "unknown, 1", "'', 1"})
  void anOldEtcdIsAWarning(String version, int findings) {
    assertThat(of(member().setVersion(version))).hasSize(findings);
  }

  @ParameterizedTest
  @CsvSource({
    "P31D, VERDICT_OK, 31 days left",
    "P29D, VERDICT_WARNING, expires in 29d0h",
    "P6DT1H, VERDICT_FAILED, expires in 6d1h",
    "PT-1S, VERDICT_FAILED, expired"
  })
  void certificatesAreToldInTime(Duration left, Verdict verdict, String found) {
    var server = of(member().setServerExpiresUnixMillis(in(left)));
    var client = of(member().setClientExpiresUnixMillis(in(left)));

    assertThat(server.getLast())
        .satisfies(f -> assertThat(f.getCheck()).isEqualTo("certificate of https://pi:2379"))
        .satisfies(f -> assertThat(f.getVerdict()).isEqualTo(verdict))
        .satisfies(f -> assertThat(f.getFound()).isEqualTo(found));
    assertThat(client.getLast())
        .satisfies(f -> assertThat(f.getCheck()).isEqualTo("own certificate for the witness"))
        .satisfies(f -> assertThat(f.getVerdict()).isEqualTo(verdict));
  }

  @Test
  void theOwnCertificateIsToldOnce() {
    var expires = in(Duration.ofDays(99));

    assertThat(
            of(
                member().setClientExpiresUnixMillis(expires),
                member().setEndpoint("https://pi2:2379").setClientExpiresUnixMillis(expires)))
        .filteredOn(f -> f.getCheck().startsWith("own certificate"))
        .hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "WITNESS_RECORD_ABSENT, carpool witness replace zhast",
    "WITNESS_RECORD_FOREIGN, carpool witness reset zhast",
    "WITNESS_RECORD_UNSPECIFIED, ask again in 10 s"
  })
  void aRecordThatLetsNobodyGoOnIsAWarning(WitnessRecord record, String hint) {
    assertThat(of(witness().setRecord(record)))
        .singleElement()
        .satisfies(f -> assertThat(f.getVerdict()).isEqualTo(Verdict.VERDICT_WARNING))
        .satisfies(f -> assertThat(f.getHint()).contains(hint));
  }

  @Test
  void nodesThatDoNotGoByOneWitnessAreAWarning() {
    assertThat(of(witness().setIncarnation("")))
        .singleElement()
        .satisfies(f -> assertThat(f.getFound()).contains("have not agreed", "as without one"));
    assertThat(of(witness().setPeerTakesPart(false)))
        .singleElement()
        .satisfies(f -> assertThat(f.getFound()).contains("other node", "as without one"));
  }

  @Test
  void heldClientsAndUnvouchedServiceAreFaults() {
    var held =
        of(
            witness()
                .setReachable(false)
                .setPermission(WitnessPermission.WITNESS_PERMISSION_HOLD)
                .setHeldSinceUnixMillis(in(Duration.ofSeconds(-12))));
    var unvouched = of(witness().setUnvouched(true));

    assertThat(held.getFirst().getVerdict()).isEqualTo(Verdict.VERDICT_FAILED);
    assertThat(held.getFirst().getFound())
        .startsWith("clients are held for 12s: neither the peer nor the witness answers");
    assertThat(unvouched.getFirst().getVerdict()).isEqualTo(Verdict.VERDICT_FAILED);
  }
}
