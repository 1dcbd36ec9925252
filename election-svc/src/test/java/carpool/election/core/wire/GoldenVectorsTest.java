package carpool.election.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every packet of the golden files is read as its row says and rebuilt byte for byte.
final class GoldenVectorsTest {
  private static final HexFormat HEX = HexFormat.of();

  record Vector(String id, String carpHex, CarpDigest digest, Advertisement says, int vhid) {
    @Override
    public String toString() {
      return id;
    }
  }

  static Stream<Vector> captured() {
    return Golden.rows("vectors.csv").stream()
        .map(row -> vector(row, key(row.get("password_utf8_hex")), addresses(row.get("vip"))));
  }

  static Stream<Vector> computed() {
    return Golden.rows("vectors-computed.csv").stream()
        .map(row ->
            vector(
                row,
                CarpKey.ofHex(row.get("key_hex")),
                Stream.concat(
                        addresses(row.get("ipv4")).stream(), addresses(row.get("ipv6")).stream())
                    .toList()));
  }

  static Stream<Vector> bsd() {
    return Golden.rows("vectors-bsd-public.csv").stream()
        .map(
            row -> vector(row, CarpKey.ofPassword(row.get("password")), addresses(row.get("vip"))));
  }

  @ParameterizedTest
  @MethodSource({"captured", "computed", "bsd"})
  void packetIsReadAndRebuiltByteForByte(Vector vector) {
    byte[] packet = HEX.parseHex(vector.carpHex());

    var decoded = CarpPacket.decode(packet, vector.vhid(), vector.digest());
    byte[] rebuilt = CarpPacket.encode(vector.says(), vector.digest());

    assertThat(decoded).isEqualTo(new Decoded.Genuine(vector.says()));
    assertThat(HEX.formatHex(rebuilt)).isEqualTo(vector.carpHex());
  }

  @Test
  void allVectorsAreThere() {
    assertThat(captured()).hasSize(329);
    assertThat(computed()).hasSize(21);
    assertThat(bsd()).hasSize(1);
  }

  @Test
  void flippedBytesBreakWhatCoversThem() {
    var vector = captured().findFirst().orElseThrow();
    byte[] packet = HEX.parseHex(vector.carpHex());
    for (int i = 0; i < CarpPacket.BYTES; i++) {
      byte[] flipped = packet.clone();
      flipped[i] ^= (byte) 0x10;
      assertThat(read(flipped, vector)).as("byte %d, checksum left", i).isEqualTo(withChecksum(i));
      assertThat(read(repaired(flipped), vector))
          .as("byte %d, checksum repaired", i)
          .isEqualTo(withoutChecksum(i));
    }
  }

  private static String withChecksum(int i) {
    return switch (i) {
      case 0 -> "VRRP";
      case 1 -> "OTHER_VHID";
      default -> "BAD_CHECKSUM";
    };
  }

  private static String withoutChecksum(int i) {
    return switch (i) {
      case 0 -> "VRRP";
      case 1 -> "OTHER_VHID";
      case 3 -> "BAD_AUTHLEN";
      case 2, 4, 5, 6, 7 -> "genuine";
      default -> "BAD_DIGEST";
    };
  }

  @Test
  void otherTypeIsRefusedAlthoughNobodyElseLooks() {
    var vector = captured().findFirst().orElseThrow();
    byte[] packet = HEX.parseHex(vector.carpHex());
    packet[0] = 0x22;
    assertThat(read(repaired(packet), vector)).isEqualTo("BAD_TYPE");
  }

  @Test
  void shortPacketIsRefusedAndLongerOneIsRead() {
    var vector = captured().findFirst().orElseThrow();
    byte[] packet = HEX.parseHex(vector.carpHex());
    assertThat(read(Arrays.copyOf(packet, 35), vector)).isEqualTo("TOO_SHORT");
    assertThat(read(new byte[0], vector)).isEqualTo("TOO_SHORT");
    byte[] longer = Arrays.copyOf(packet, 40);
    longer[38] = 99;
    assertThat(read(longer, vector)).isEqualTo("genuine");
  }

  @Test
  void openBsdFormWithoutLinkLocalAddressesIsAccepted() {
    var rows = Golden.rows("vectors-computed.csv");
    var withLinkLocal = row(rows, "v6-with-linklocal");
    var skipped = row(rows, "v6-linklocal-skipped");
    var digest =
        vector(
                withLinkLocal,
                CarpKey.ofHex(withLinkLocal.get("key_hex")),
                Stream.of(withLinkLocal.get("ipv4"), withLinkLocal.get("ipv6"))
                    .flatMap(list -> addresses(list).stream())
                    .toList())
            .digest();

    var decoded = CarpPacket.decode(HEX.parseHex(skipped.get("carp_hex")), 1, digest);

    assertThat(decoded).isInstanceOf(Decoded.Genuine.class);
  }

  private static Golden.Row row(List<Golden.Row> rows, String id) {
    return rows.stream().filter(row -> row.get("id").equals(id)).findFirst().orElseThrow();
  }

  private static String read(byte[] packet, Vector vector) {
    return switch (CarpPacket.decode(packet, vector.vhid(), vector.digest())) {
      case Decoded.Genuine _ -> "genuine";
      case Decoded.Refused(var reason) -> reason.name();
    };
  }

  private static byte[] repaired(byte[] packet) {
    UnaryOperator<byte[]> repair =
        bytes -> {
          bytes[6] = 0;
          bytes[7] = 0;
          int sum = Checksum.of(bytes, 0, CarpPacket.BYTES);
          bytes[6] = (byte) (sum >>> 8);
          bytes[7] = (byte) sum;
          return bytes;
        };
    return repair.apply(packet.clone());
  }

  private static Vector vector(Golden.Row row, CarpKey key, List<IpAddress> addresses) {
    int vhid = Integer.parseInt(row.get("vhid"));
    String mac = row.getOrDefault("lladdr", "").replace(":", "");
    var digest = CarpDigest.of(key, vhid, addresses, HEX.parseHex(mac));
    var says =
        new Advertisement(
            vhid,
            Integer.parseInt(row.get("advbase")),
            Integer.parseInt(row.get("advskew")),
            Integer.parseInt(row.getOrDefault("byte4", "0")),
            Long.parseUnsignedLong(row.get("counter_hex"), 16));
    return new Vector(row.get("id"), row.get("carp_hex"), digest, says, vhid);
  }

  private static CarpKey key(String hex) {
    return CarpKey.ofHex((hex + "0".repeat(40)).substring(0, 40));
  }

  private static List<IpAddress> addresses(String list) {
    return list.isBlank() ? List.of() : Stream.of(list.split(" ")).map(IpAddress::parse).toList();
  }
}
