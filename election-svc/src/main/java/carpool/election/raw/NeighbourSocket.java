package carpool.election.raw;

import carpool.election.core.wire.IpAddress;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;

/// The neighbour advertisements (ICMPv6 type 136) that reach one interface: who says that it has
/// which IPv6 address. What a neighbour answers to a third host alone does not come here. Needs
/// CAP_NET_RAW.
public final class NeighbourSocket implements AutoCloseable {
  private static final int ICMPV6 = 58;
  private static final int ICMPV6_FILTER = 1;
  private static final int NEIGHBOUR_ADVERTISEMENT = 136;
  private static final int TARGET_AT = 8;
  private static final int OPTIONS_AT = 24;
  private static final int TARGET_LINK_LAYER = 2;
  private static final int RECEIVE_BYTES = 512;

  private final Descriptor descriptor;
  private final Arena arena;
  private final Message incoming;

  /// One host's word that it has an address.
  public record Claim(IpAddress address, Mac mac) {}

  private NeighbourSocket(Descriptor descriptor) {
    this.descriptor = descriptor;
    this.arena = Arena.ofShared();
    this.incoming = Message.receiving(arena, RECEIVE_BYTES);
  }

  /// Opens a socket bound to the interface.
  public static NeighbourSocket open(String interfaceName) throws PosixException {
    // struct icmp6_filter: 256 bits, set for the types that the kernel keeps back.
    byte[] keptBack = new byte[32];
    Arrays.fill(keptBack, (byte) 0xff);
    ByteBuffer.wrap(keptBack)
        .order(ByteOrder.nativeOrder())
        .putInt(NEIGHBOUR_ADVERTISEMENT / 32 * 4, ~(1 << NEIGHBOUR_ADVERTISEMENT % 32));
    var descriptor =
        Descriptor.open("raw socket for ICMPv6", Linux.AF_INET6, ICMPV6)
            .set("ICMPV6_FILTER", ICMPV6, ICMPV6_FILTER, keptBack)
            .set("IPV6_RECVHOPLIMIT", Linux.IPPROTO_IPV6, Linux.IPV6_RECVHOPLIMIT, Bytes.ofInt(1))
            .set(
                "SO_BINDTODEVICE",
                Linux.SOL_SOCKET,
                Linux.SO_BINDTODEVICE,
                Bytes.ofString(interfaceName));
    return new NeighbourSocket(descriptor);
  }

  /// Waits for one message. One thread only.
  ///
  /// @return empty when none came in `waitMillis`, it claims nothing, or the socket is closed
  public Optional<Claim> receive(int waitMillis) throws PosixException {
    long count = descriptor.receive(incoming, waitMillis);
    if (count < 0) {
      return Optional.empty();
    }
    var hopLimit = incoming.control(Linux.IPPROTO_IPV6, Linux.IPV6_HOPLIMIT);
    return claim(incoming.data(count), hopLimit == null ? -1 : hopLimit.getInt(0));
  }

  /// Reads a message (RFC 4861, 4.4): 0 type, 1 code, 4 flags, 8 target address, 24 options in
  /// units of 8 bytes. One without the target's link-layer address does not say who speaks.
  ///
  /// @param hopLimit must be 255: not from behind a router
  static Optional<Claim> claim(byte[] icmp, int hopLimit) {
    boolean genuine =
        hopLimit == 255
            && icmp.length >= OPTIONS_AT
            && (icmp[0] & 0xff) == NEIGHBOUR_ADVERTISEMENT
            && icmp[1] == 0;
    int at = OPTIONS_AT;
    while (genuine && at + 8 <= icmp.length) {
      int bytes = 8 * (icmp[at + 1] & 0xff);
      if (bytes == 0) {
        return Optional.empty();
      }
      if (icmp[at] == TARGET_LINK_LAYER && bytes == 8) {
        var target = IpAddress.of(Arrays.copyOfRange(icmp, TARGET_AT, OPTIONS_AT));
        return Optional.of(new Claim(target, Mac.of(icmp, at + 2)));
      }
      at += bytes;
    }
    return Optional.empty();
  }

  public boolean isClosed() {
    return descriptor.isClosed();
  }

  @Override
  public void close() {
    if (!descriptor.isClosed()) {
      descriptor.close();
      arena.close();
    }
  }
}
