package carpool.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.cli.rehearsal.SampleNode;
import carpool.orchestrator.v1.Failback;
import carpool.orchestrator.v1.GetStatusResponse;
import carpool.replicator.v1.DiskState;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Role;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatusPageTest {

  @Test
  void wholePageIsAlignedAndPlainWithoutColours() {
    var bytes = new ByteArrayOutputStream();
    new StatusPage(
            new PrintStream(bytes, true, StandardCharsets.UTF_8),
            Paint.PLAIN,
            Instant.ofEpochSecond(9))
        .print(SampleNode.status());

    assertThat(bytes.toString(StandardCharsets.UTF_8).replaceAll("carpool [^\\s]+", "carpool V"))
        .isEqualTo(
            """
            node hast1  cluster sample  carpool V
            carp storage  MASTER  vhid 1 on em0  advskew 0  192.168.3.50/24 (here)  since -  (master timed out)
            pool zhast  serving  ONLINE  since -
              service nginx  running
            RESOURCE  ROLE     STATUS    DISK        LINK       PEER             DIRTY  SYNC
            disk1     primary  complete  up-to-date  connected  hast2 secondary  0B     -
            disk2     primary  degraded  up-to-date  connected  hast2 secondary  6.0MB  source [########------------]  40% 2.0MB/s 3s left
            """);
  }

  @Test
  void aFailbackIsShownBelowItsGroup() {
    var bytes = new ByteArrayOutputStream();
    new StatusPage(
            new PrintStream(bytes, true, StandardCharsets.UTF_8),
            Paint.PLAIN,
            Instant.ofEpochSecond(9))
        .print(
            GetStatusResponse.newBuilder()
                .addFailbacks(
                    Failback.newBuilder().setGroup("storage").setNode("hast1").setText("in 42 s"))
                .build());

    assertThat(bytes.toString(StandardCharsets.UTF_8))
        .contains("failback of storage to hast1: in 42 s");
  }

  @Test
  void aResourceThatWaitsForItsRoleIsShownAsResuming() {
    var bytes = new ByteArrayOutputStream();
    new StatusPage(
            new PrintStream(bytes, true, StandardCharsets.UTF_8),
            Paint.PLAIN,
            Instant.ofEpochSecond(9))
        .resources(
            List.of(
                Resource.newBuilder()
                    .setName("disk1")
                    .setRole(Role.ROLE_SECONDARY)
                    .setResuming(true)
                    .build()));

    assertThat(bytes.toString(StandardCharsets.UTF_8))
        .contains("disk1     secondary  resuming")
        .contains("warning  disk1: I/O is held; the replicator was restarted");
  }

  private static String page(Resource.Builder resource) {
    var bytes = new ByteArrayOutputStream();
    new StatusPage(
            new PrintStream(bytes, true, StandardCharsets.UTF_8),
            Paint.PLAIN,
            Instant.ofEpochSecond(9))
        .resources(List.of(resource.setName("disk1").setRole(Role.ROLE_PRIMARY).build()));
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void whoWaitsBecauseOfAFencedPrimaryIsTold() {
    assertThat(page(Resource.newBuilder().setFenced(true)))
        .contains("warning  disk1: fenced, clients wait")
        .contains("by hand: carpool role secondary disk1");
  }

  /// The primary's block may be the rotten one.
  @Test
  void whatAVerificationFoundIsNotAdvisedToBeCopied() {
    var found = Resource.newBuilder().setDirtyBytes(65_536);
    found.getSyncBuilder().setDifferentBytes(65_536);
    assertThat(page(found))
        .contains("both versions are kept. Find out which copy is right")
        .doesNotContain("carpool sync");
    assertThat(page(found.setDirtyBytes(0))).doesNotContain("repaired");
  }

  @ParameterizedTest
  @CsvSource({
    "100, 100, '[--------------------]   0%'",
    "100, 50, '[##########----------]  50%'",
    "1000, 1, '[###################-]  99%'",
    "100, 0, '[####################] 100%'",
    "0, 0, '[####################] 100%'"
  })
  void onlyWhatIsFinishedIsHundredPercent(long total, long left, String bar) {
    assertThat(StatusPage.bar(total, left)).isEqualTo(bar);
  }

  @Test
  void enumsBecomeTheirWords() {
    assertThat(Words.of(Role.ROLE_PRIMARY)).isEqualTo("primary");
    assertThat(Words.of(DiskState.DISK_STATE_UP_TO_DATE)).isEqualTo("up-to-date");
    assertThat(Words.of(Role.ROLE_UNSPECIFIED)).isEqualTo("-");
    assertThat(Words.of(Role.UNRECOGNIZED)).isEqualTo("unknown");
  }

  @ParameterizedTest
  @CsvSource({"4, 4s", "192, 3m12s", "7260, 2h1m", "270000, 3d3h"})
  void spanShowsItsTwoLargestUnits(long seconds, String shown) {
    assertThat(Words.span(Duration.ofSeconds(seconds))).isEqualTo(shown);
  }
}
