package carpool.orchestrator.control;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.orchestrator.v1.Finding;
import carpool.orchestrator.v1.NetworkInterface;
import carpool.orchestrator.v1.Note;
import carpool.orchestrator.v1.Verdict;
import carpool.replicator.v1.AskPeerResponse;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PairDiagnosisTest {
  private static final Note OWN = note("hast1", 9000, "1.0");

  @Test
  void equalNodesAreWell() {
    assertThat(findings(answer(0, "d1"), note("hast2", 9000, "1.0")))
        .allSatisfy(finding -> assertThat(finding.getVerdict()).isEqualTo(Verdict.VERDICT_OK))
        .extracting(Finding::getCheck)
        .containsExactly(
            "peer", "clocks", "configuration of the pair", "MTU replication", "version");
  }

  @Test
  void clocksThatDifferAreShownAndBeyondASecondAWarning() {
    assertThat(found("clocks", answer(400, "d1")).getFound())
        .isEqualTo("the one of hast2 is 400.0 ms ahead, to 1.4 ms");
    var far = found("clocks", answer(-5_000, "d1"));
    assertThat(far.getVerdict()).isEqualTo(Verdict.VERDICT_WARNING);
    assertThat(far.getFound()).isEqualTo("the one of hast2 is 5.0 s behind, to 1.4 ms");
  }

  @Test
  void differentConfigurationFails() {
    assertThat(found("configuration of the pair", answer(0, "d2")).getVerdict())
        .isEqualTo(Verdict.VERDICT_FAILED);
  }

  @Test
  void afterAReloadTheFilesOfBothReplicatorsAreCompared() {
    var reloaded = answer(0, "d2").toBuilder().setOwnConfigDigest("d2").build();

    assertThat(found("configuration of the pair", reloaded).getVerdict())
        .isEqualTo(Verdict.VERDICT_OK);
  }

  @Test
  void differentMtuAndVersionAreWarnings() {
    assertThat(findings(answer(0, "d1"), note("hast2", 1500, "0.9")))
        .filteredOn(finding -> finding.getVerdict() == Verdict.VERDICT_WARNING)
        .extracting(Finding::getFound)
        .containsExactly("repl0 9000 here, repl0 1500 on hast2", "1.0 here, 0.9 on hast2");
  }

  @Test
  void aPeerThatIsNotReachedIsOneWarning() {
    var findings =
        new PairDiagnosis(Couple.Other.unreached("no route to host"), OWN, "d1").findings();
    assertThat(findings).hasSize(1);
    assertThat(findings.getFirst().getVerdict()).isEqualTo(Verdict.VERDICT_WARNING);
    assertThat(findings.getFirst().getFound()).isEqualTo("no route to host");
  }

  @Test
  void aPeerWithoutAnOrchestratorIsToldApart() {
    assertThat(findings(answer(0, "d1"), Note.getDefaultInstance()))
        .extracting(Finding::getCheck)
        .contains("peer's orchestrator");
  }

  private static Finding found(String check, AskPeerResponse answer) {
    return findings(answer, note("hast2", 9000, "1.0")).stream()
        .filter(finding -> finding.getCheck().equals(check))
        .findFirst()
        .orElseThrow();
  }

  private static List<Finding> findings(AskPeerResponse answer, Note theirs) {
    return new PairDiagnosis(new Couple.Other(answer, theirs), OWN, "d1").findings();
  }

  private static AskPeerResponse answer(long aheadMillis, String digest) {
    return AskPeerResponse.newBuilder()
        .setReached(true)
        .setNode("hast2")
        .setAddress("10.0.0.2")
        .setConfigDigest(digest)
        .setOwnUnixMillis(1_000_000)
        .setPeerUnixMillis(1_000_000 + aheadMillis)
        .setRoundTripMicros(800)
        .build();
  }

  private static Note note(String node, int mtu, String version) {
    return Note.newBuilder()
        .setNode(node)
        .setVersion(version)
        .addInterfaces(
            NetworkInterface.newBuilder().setUse("replication").setName("repl0").setMtu(mtu))
        .build();
  }
}
