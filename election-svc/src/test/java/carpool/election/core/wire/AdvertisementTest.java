package carpool.election.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class AdvertisementTest {
  @Test
  void onlyTheSlowestOfAllIsTheLeaveMarker() {
    assertThat(Advertisement.bowOut(7, 1).leaving()).isTrue();
    assertThat(new Advertisement(7, 255, 254, 0, 1).leaving()).isFalse();
    assertThat(new Advertisement(7, 1, 255, 0, 1).leaving()).isFalse();
  }

  @Test
  void intervalIsAdvbaseSecondsAndAdvskewPartsOfASecond() {
    assertThat(new Advertisement(7, 1, 0, 0, 1).interval256()).isEqualTo(256);
    assertThat(new Advertisement(7, 2, 100, 0, 1).interval256()).isEqualTo(612);
  }
}
