package carpool.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.v1.DiskState;
import carpool.replicator.v1.LinkState;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Role;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class OnlyCopiesTest {
  private static Resource.Builder resource() {
    return Resource.newBuilder().setName("disk1").setPeerNode("hast2").setRemoteAddress("10.0.0.2");
  }

  @ParameterizedTest
  @CsvSource({
    "PRIMARY, UP_TO_DATE, CONNECTED, UP_TO_DATE, ''",
    "PRIMARY, UP_TO_DATE, CONNECTED, INCONSISTENT, disk1 (not up to date on hast2)",
    "PRIMARY, UP_TO_DATE, CONNECTING, UNSPECIFIED, disk1 (no connection to hast2)",
    "PRIMARY, FAILED, CONNECTED, UP_TO_DATE, ''",
    "SECONDARY, UP_TO_DATE, CONNECTED, FAILED, disk1 (not up to date on hast2)",
    "SECONDARY, UP_TO_DATE, CONNECTING, UNSPECIFIED, ''",
    "SECONDARY, INCONSISTENT, CONNECTED, UP_TO_DATE, ''",
    "INIT, UP_TO_DATE, CONNECTING, UNSPECIFIED, ''",
  })
  void theOnlyCompleteCopyIsHere(
      String role, String disk, String link, String peerDisk, String expected) {
    var resource =
        resource()
            .setRole(Role.valueOf("ROLE_" + role))
            .setDisk(DiskState.valueOf("DISK_STATE_" + disk))
            .setLink(LinkState.valueOf("LINK_STATE_" + link))
            .setPeerDisk(DiskState.valueOf("DISK_STATE_" + peerDisk))
            .build();
    assertThat(OnlyCopies.of(List.of(resource))).isEqualTo(expected);
  }

  @Test
  void aResourceWithoutAnotherNodeIsLeftOut() {
    var alone =
        resource()
            .setRemoteAddress("none")
            .setRole(Role.ROLE_PRIMARY)
            .setDisk(DiskState.DISK_STATE_UP_TO_DATE)
            .build();
    assertThat(OnlyCopies.of(List.of(alone))).isEmpty();
  }
}
