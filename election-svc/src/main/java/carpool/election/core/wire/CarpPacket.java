package carpool.election.core.wire;

import java.nio.ByteBuffer;
import java.util.Arrays;

/// The 36 bytes of an advertisement, big-endian (carp.md 1.4):
///
/// ```
///  0       1       2       3       4       5       6       8                16              36
/// +-------+-------+-------+-------+-------+-------+-------+----------------+---------------+
/// |ver|typ| vhid  |advskew|authlen| demo- |advbase| check | counter        | HMAC-SHA1     |
/// | 2 | 1 |       |       |   7   | tion  |       |  sum  | 64 bit         | 160 bit       |
/// +-------+-------+-------+-------+-------+-------+-------+----------------+---------------+
/// ```
///
/// The checksum is taken last, over all 36 bytes, without a pseudo-header in either family.
public final class CarpPacket {
  /// Protocol number in the IP header.
  public static final int IP_PROTOCOL = 112;

  /// Bytes sent; at least as many are expected, more are ignored as ucarp does.
  public static final int BYTES = 36;

  static final int VERSION = 2;
  static final int TYPE_ADVERTISEMENT = 1;
  private static final int AUTHLEN = 7;
  private static final int CHECKSUM_OFFSET = 6;
  private static final int COUNTER_OFFSET = 8;
  private static final int DIGEST_OFFSET = 16;

  private CarpPacket() {}

  /// The packet for these values, digest and checksum filled in.
  public static byte[] encode(Advertisement advertisement, CarpDigest digest) {
    var out = ByteBuffer.allocate(BYTES);
    out.put((byte) (VERSION << 4 | TYPE_ADVERTISEMENT));
    out.put((byte) advertisement.vhid());
    out.put((byte) advertisement.advskew());
    out.put((byte) AUTHLEN);
    out.put((byte) advertisement.demotion());
    out.put((byte) advertisement.advbase());
    out.putShort((short) 0);
    out.putLong(advertisement.counter());
    out.put(digest.compute(advertisement.counter()));
    out.putShort(CHECKSUM_OFFSET, (short) Checksum.of(out.array(), 0, BYTES));
    return out.array();
  }

  /// Reads a packet, the cheapest check first: length, version, vhid, checksum, type, authlen,
  /// digest. Type and authlen are outside the digest and looked at by nobody else; a peer that
  /// follows the protocol never sends others (carp.md section 5).
  ///
  /// @param packet what follows the IP header
  public static Decoded decode(byte[] packet, int vhid, CarpDigest digest) {
    if (packet.length < BYTES) {
      return new Decoded.Refused(DropReason.TOO_SHORT);
    }
    int version = (packet[0] & 0xff) >>> 4;
    if (version != VERSION) {
      // Version 3 is a VRRPv3 router on the same protocol number: no concern of ours.
      return new Decoded.Refused(version == 3 ? DropReason.VRRP : DropReason.BAD_VERSION);
    }
    if ((packet[1] & 0xff) != vhid) {
      return new Decoded.Refused(DropReason.OTHER_VHID);
    }
    if (Checksum.of(packet, 0, BYTES) != 0) {
      return new Decoded.Refused(DropReason.BAD_CHECKSUM);
    }
    if ((packet[0] & 0x0f) != TYPE_ADVERTISEMENT) {
      return new Decoded.Refused(DropReason.BAD_TYPE);
    }
    if ((packet[3] & 0xff) != AUTHLEN) {
      return new Decoded.Refused(DropReason.BAD_AUTHLEN);
    }
    var in = ByteBuffer.wrap(packet);
    long counter = in.getLong(COUNTER_OFFSET);
    if (!digest.verify(counter, Arrays.copyOfRange(packet, DIGEST_OFFSET, BYTES))) {
      return new Decoded.Refused(DropReason.BAD_DIGEST);
    }
    return new Decoded.Genuine(
        new Advertisement(
            packet[1] & 0xff, packet[5] & 0xff, packet[2] & 0xff, packet[4] & 0xff, counter));
  }
}
