package carpool.election.raw;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.election.core.wire.Golden;
import carpool.election.core.wire.IpAddress;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

final class FrameTest {
  private static final HexFormat HEX = HexFormat.of();

  @Test
  void gratuitousArpIsThatOfUcarpByteForByte() {
    for (var row : Golden.rows("gratuitous-arp.csv")) {
      boolean gratuitous = row.get("sender_ip").equals(row.get("target_ip"));
      if (gratuitous && row.get("sender_mac").equals(row.get("target_mac"))) {
        var mac = Mac.of(HEX.parseHex(row.get("sender_mac").replace(":", "")), 0);
        byte[] frame = Announcement.of(mac, IpAddress.parse(row.get("sender_ip")));
        assertThat(HEX.formatHex(frame)).isEqualTo(row.get("frame_hex"));
      }
    }
  }

  @Test
  void neighbourAdvertisementOverridesAndSumsUp() {
    byte[] frame = Announcement.of(new Mac(0x02000a4d0001L), IpAddress.parse("fd00:77::50"));
    assertThat(HEX.formatHex(frame))
        .isEqualTo(
            "333300000001"
                + "02000a4d0001"
                + "86dd"
                + "6000000000203aff"
                + "fd000077000000000000000000000050"
                + "ff020000000000000000000000000001"
                + "88004ec220000000"
                + "fd000077000000000000000000000050"
                + "020102000a4d0001");
  }

  @Test
  void missingCapabilitiesAreNamed() {
    assertThat(Capabilities.missing(0x3000)).isEmpty();
    assertThat(Capabilities.missing(0x1000)).singleElement().asString().startsWith("CAP_NET_RAW");
    assertThat(Capabilities.missing(0x2000)).singleElement().asString().startsWith("CAP_NET_ADMIN");
  }
}
