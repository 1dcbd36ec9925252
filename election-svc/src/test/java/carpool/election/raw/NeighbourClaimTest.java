package carpool.election.raw;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.election.core.wire.IpAddress;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class NeighbourClaimTest {
  private static final int HEADERS = 14 + 40;

  private final Mac mac = new Mac(0x02000a4d0001L);
  private final IpAddress address = IpAddress.parse("fd00:77::50");
  private final byte[] frame = Announcement.of(mac, address);
  private final byte[] message = Arrays.copyOfRange(frame, HEADERS, frame.length);

  @Test
  void advertisementNamesAddressAndMac() {
    assertThat(NeighbourSocket.claim(message, 255))
        .contains(new NeighbourSocket.Claim(address, mac));
  }

  @Test
  void advertisementFromBehindARouterClaimsNothing() {
    assertThat(NeighbourSocket.claim(message, 254)).isEmpty();
  }

  @Test
  void advertisementCutShortOrOfAnotherKindClaimsNothing() {
    for (int length = 0; length < message.length; length++) {
      assertThat(NeighbourSocket.claim(Arrays.copyOf(message, length), 255)).isEmpty();
    }
    byte[] solicitation = message.clone();
    solicitation[0] = (byte) 135;
    assertThat(NeighbourSocket.claim(solicitation, 255)).isEmpty();
  }

  @Test
  void optionOfLengthNothingEndsTheReading() {
    byte[] endless = message.clone();
    endless[24] = 14;
    endless[25] = 0;
    assertThat(NeighbourSocket.claim(endless, 255)).isEmpty();
  }

  @Test
  void otherOptionsAreSkipped() {
    byte[] longer = Arrays.copyOf(message, message.length + 8);
    System.arraycopy(message, 24, longer, 32, 8);
    longer[24] = 14;
    longer[25] = 1;
    assertThat(NeighbourSocket.claim(longer, 255))
        .contains(new NeighbourSocket.Claim(address, mac));
  }
}
