package carpool.election.raw;

import carpool.election.core.wire.Checksum;
import carpool.election.core.wire.IpAddress;
import java.nio.ByteBuffer;

/// Ethernet frames that tell the neighbours where an address is (carp.md 3.2, 3.3).
public final class Announcement {
  private static final int ICMPV6 = 58;
  private static final IpAddress ALL_NODES = IpAddress.parse("ff02::1");

  private Announcement() {}

  /// Gratuitous ARP for IPv4 (42 bytes), unsolicited neighbour advertisement for IPv6 (86 bytes).
  public static byte[] of(Mac mac, IpAddress address) {
    return switch (address.family()) {
      case IPV4 -> arpRequest(mac, address, mac, address);
      case IPV6 -> neighbourAdvertisement(mac, address);
    };
  }

  /// An ARP probe (RFC 5227): asks who has the address without claiming it. A host that has it
  /// answers.
  public static byte[] probe(Mac mac, IpAddress address) {
    return arpRequest(mac, IpAddress.of(new byte[4]), new Mac(0), address);
  }

  /// As ucarp sends it: a request, sender and target the same, so that every neighbour that knows
  /// the address takes the new MAC over.
  private static byte[] arpRequest(Mac mac, IpAddress sender, Mac targetMac, IpAddress target) {
    return ByteBuffer.allocate(42)
        .put(Mac.BROADCAST.bytes())
        .put(mac.bytes())
        .putShort((short) Linux.ETH_P_ARP)
        .putShort((short) 1)
        .putShort((short) 0x0800)
        .put((byte) 6)
        .put((byte) 4)
        .putShort((short) 1)
        .put(mac.bytes())
        .put(sender.bytes())
        .put(targetMac.bytes())
        .put(target.bytes())
        .array();
  }

  private static byte[] neighbourAdvertisement(Mac mac, IpAddress address) {
    byte[] icmp =
        ByteBuffer.allocate(32)
            .put((byte) 136)
            .put((byte) 0)
            .putShort((short) 0)
            .putInt(0x20000000) // Override; not Router, not Solicited
            .put(address.bytes())
            .put((byte) 2)
            .put((byte) 1)
            .put(mac.bytes())
            .array();
    byte[] pseudo =
        ByteBuffer.allocate(72)
            .put(address.bytes())
            .put(ALL_NODES.bytes())
            .putInt(icmp.length)
            .putInt(ICMPV6)
            .put(icmp)
            .array();
    int checksum = Checksum.of(pseudo, 0, pseudo.length);
    return ByteBuffer.allocate(86)
        .put(Mac.ALL_NODES.bytes())
        .put(mac.bytes())
        .putShort((short) Linux.ETH_P_IPV6)
        .putInt(0x60000000)
        .putShort((short) icmp.length)
        .put((byte) ICMPV6)
        .put((byte) 255)
        .put(address.bytes())
        .put(ALL_NODES.bytes())
        .put(icmp)
        .putShort(56, (short) checksum)
        .array();
  }
}
