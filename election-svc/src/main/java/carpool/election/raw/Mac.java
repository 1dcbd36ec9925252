package carpool.election.raw;

import java.util.HexFormat;

/// An Ethernet address, 48 bits in the low end of `bits`.
public record Mac(long bits) {
  /// ff:ff:ff:ff:ff:ff.
  public static final Mac BROADCAST = new Mac(0xffff_ffff_ffffL);

  /// 33:33:00:00:00:01, all nodes.
  public static final Mac ALL_NODES = new Mac(0x3333_0000_0001L);

  /// From six bytes at `offset`.
  public static Mac of(byte[] bytes, int offset) {
    long bits = 0;
    for (int i = 0; i < 6; i++) {
      bits = bits << 8 | (bytes[offset + i] & 0xff);
    }
    return new Mac(bits);
  }

  /// The virtual address of a group: 00:00:5e:00:01:VHID.
  public static Mac virtual(int vhid) {
    return new Mac(0x0000_5e00_0100L | vhid);
  }

  /// Six bytes.
  public byte[] bytes() {
    byte[] out = new byte[6];
    for (int i = 0; i < 6; i++) {
      out[i] = (byte) (bits >>> (8 * (5 - i)));
    }
    return out;
  }

  @Override
  public String toString() {
    return HexFormat.ofDelimiter(":").formatHex(bytes());
  }
}
