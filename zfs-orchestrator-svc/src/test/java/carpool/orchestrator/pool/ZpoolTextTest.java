package carpool.orchestrator.pool;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.orchestrator.pool.ZpoolText.Offer;
import carpool.orchestrator.pool.ZpoolText.Row;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Texts recorded from zfs-fuse 0.7.0-25 where the test says so; the others are written after the
/// forms in OpenZFS 2 (openzfs/zfs:cmd/zpool/zpool_main.c) and were not recorded.
final class ZpoolTextTest {
  @Test
  void listWithoutPoolsHasNoRows() {
    assertThat(ZpoolText.rows("", 3)).isEmpty();
    assertThat(ZpoolText.rows("no pools available\n", 3)).isEmpty();
  }

  @Test
  void listHasOneRowPerPool() {
    assertThat(
            ZpoolText.rows(
                "rpool\tONLINE\t1234567890123456789\nzhast\tDEGRADED\t9876543210987654321\n", 3))
        .containsExactly(
            new Row("rpool", List.of("ONLINE", "1234567890123456789")),
            new Row("zhast", List.of("DEGRADED", "9876543210987654321")));
  }

  @Test
  void importWithoutPoolsOffersNothing() {
    assertThat(ZpoolText.offers("no pools available to import\n")).isEmpty();
    assertThat(ZpoolText.offers("")).isEmpty();
  }

  @Test
  void zfsFuseOffersAPoolOfTheOtherHost() {
    // Recorded from zfs-fuse 0.7.0-25 after a crash of the host that had the pool imported.
    var text =
        """
          pool: zhast
            id: 18414836042858287903
         state: DEGRADED
        status: The pool was last accessed by another system.
        action: The pool can be imported despite missing or damaged devices.  The
        \tfault tolerance of the pool may be compromised if imported.
           see: http://www.sun.com/msg/ZFS-8000-EY
        config:

        \tzhast         DEGRADED
        \t  raidz1-0    DEGRADED
        \t    /d/disk1  ONLINE
        \t    /d/disk2  OFFLINE
        \t    /d/disk3  ONLINE
        """;
    assertThat(ZpoolText.offers(text))
        .containsExactly(
            new Offer(
                "zhast",
                "18414836042858287903",
                "DEGRADED",
                "The pool was last accessed by another system."));
  }

  @Test
  void openZfsOffersTwoPoolsWithComments() {
    var text =
        """
           pool: zhast
             id: 1
          state: DEGRADED
        status: One or more devices contains corrupted data.
         action: The pool can be imported despite missing or damaged devices.  The
        \tfault tolerance of the pool may be compromised if imported.
           see: https://openzfs.github.io/openzfs-docs/msg/ZFS-8000-4J
         config:

        \tzhast       DEGRADED
        \t  raidz1-0  DEGRADED
        \t    disk1   ONLINE
        \t    disk2   UNAVAIL  corrupted data

           pool: other
             id: 2
          state: UNAVAIL
        comment: state: of the art
         config:

        \tother       UNAVAIL  insufficient replicas
        """;
    assertThat(ZpoolText.offers(text))
        .extracting(Offer::name, Offer::guid, Offer::state)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("zhast", "1", "DEGRADED"),
            org.assertj.core.groups.Tuple.tuple("other", "2", "UNAVAIL"));
  }

  @Test
  void statusTellsTheStateOfThePoolAndNotOfItsDevices() {
    // Recorded from zfs-fuse 0.7.0-25.
    var text =
        """
          pool: zhast
         state: DEGRADED
        status: One or more devices has been taken offline by the administrator.
        \tSufficient replicas exist for the pool to continue functioning in a
        \tdegraded state.
        action: Online the device using 'zpool online' or replace the device with
        \t'zpool replace'.
         scrub: none requested
        config:

        \tNAME          STATE     READ WRITE CKSUM
        \tzhast         DEGRADED     0     0     0
        \t  raidz1-0    DEGRADED     0     0     0
        \t    /d/disk1  ONLINE       0     0     0
        \t    /d/disk2  OFFLINE      0     0     0
        \t    /d/disk3  ONLINE       0     0     0

        errors: No known data errors
        """;
    var status = ZpoolText.status(text);
    assertThat(status.state()).isEqualTo("DEGRADED");
    assertThat(status.suspended()).isFalse();
  }

  @Test
  void aSuspendedPoolIsRecognisedInBothForms() {
    var older =
        """
          pool: zhast
         state: UNAVAIL
        status: One or more devices are faulted in response to IO failures.
        action: Make sure the affected devices are connected, then run 'zpool clear'.
           see: http://www.sun.com/msg/ZFS-8000-HC
        """;
    var newer =
        """
          pool: zhast
         state: SUSPENDED
        status: One or more devices are faulted in response to IO failures.
        """;
    assertThat(ZpoolText.status(older).suspended()).isTrue();
    assertThat(ZpoolText.status(newer).suspended()).isTrue();
  }

  /// openzfs/zfs:cmd/zpool/zpool_main.c, ZPOOL_STATUS_IO_FAILURE_MMP.
  @Test
  void poolThatMultihostSuspendedHasAnotherSentence() {
    var text =
        """
          pool: zhast
         state: SUSPENDED
        status: The pool is suspended because multihost writes failed or were delayed;
        \tanother system could import the pool undetected.
        action: Make sure the pool's devices are connected, then reboot your system and
        \timport the pool or run 'zpool clear' to resume the pool.
        """;
    assertThat(ZpoolText.status(text).suspended()).isTrue();
  }

  @Test
  void statusIsThatOfThePoolNamedFirst() {
    var text =
        """
          pool: zhast
         state: ONLINE
        errors: No known data errors

          pool: other
         state: SUSPENDED
        status: One or more devices are faulted in response to IO failures.
        """;
    var status = ZpoolText.status(text);
    assertThat(status.state()).isEqualTo("ONLINE");
  }

  @Test
  void aPoolWithOneFaultedDeviceIsNotSuspended() {
    var text =
        """
          pool: zhast
         state: DEGRADED
        status: One or more devices are faulted in response to persistent errors.
        """;
    assertThat(ZpoolText.status(text).suspended()).isFalse();
  }

  @Test
  void datasetsThatShouldBeMountedAreToldFromThoseThatNeedNot() {
    var datasets =
        ZpoolText.datasets(
            """
            tank\ton\t/tank\tyes\t-
            tank/data\ton\t/tank/data\tno\t-
            tank/secret\ton\t/tank/secret\tno\tunavailable
            tank/os\tnoauto\t/\tno\t-
            tank/legacy\ton\tlegacy\tno\t-
            tank/box\toff\t/tank/box\tno\t-
            """);

    assertThat(datasets.stream().filter(ZpoolText.Dataset::missing).map(ZpoolText.Dataset::name))
        .containsExactly("tank/data", "tank/secret");
    assertThat(datasets.stream().filter(ZpoolText.Dataset::locked).map(ZpoolText.Dataset::name))
        .containsExactly("tank/secret");
    // As zfs-fuse answers.
    assertThat(ZpoolText.datasets("tank\ton\t/tank\tno\n").getFirst().missing()).isTrue();
  }
}
