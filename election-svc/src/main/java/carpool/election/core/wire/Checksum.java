package carpool.election.core.wire;

/// The Internet checksum (RFC 1071): one's complement of the one's complement sum of 16-bit words.
public final class Checksum {
  private Checksum() {}

  /// Over `bytes[offset, offset + length)`; an odd last byte counts as the high half of a word. Of
  /// data that carries its right checksum the result is 0.
  public static int of(byte[] bytes, int offset, int length) {
    int sum = 0;
    for (int i = 0; i < length; i += 2) {
      int low = i + 1 < length ? bytes[offset + i + 1] & 0xff : 0;
      sum += (bytes[offset + i] & 0xff) << 8 | low;
    }
    while (sum >>> 16 != 0) {
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return ~sum & 0xffff;
  }
}
