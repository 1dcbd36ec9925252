package carpool.election.raw;

import carpool.election.core.wire.IpAddress;
import carpool.election.core.wire.IpFamily;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A raw socket for CARP on one interface and family. Needs CAP_NET_RAW.
///
/// The kernel writes the IP header: TTL 255, DF, traffic class 0xe0 as FreeBSD. The source address
/// is chosen per packet (`IP_PKTINFO`), because a raw socket bound to an address no longer receives
/// what is sent to the group. Our own packets are not looped back.
public final class CarpSocket implements AutoCloseable {
  /// 224.0.0.18.
  public static final IpAddress GROUP_IPV4 = IpAddress.parse("224.0.0.18");

  /// ff02::12.
  public static final IpAddress GROUP_IPV6 = IpAddress.parse("ff02::12");

  private static final int PROTOCOL = 112;
  private static final int TRAFFIC_CLASS = 0xe0;
  private static final int IPV4_HEADER_BYTES = 20;
  private static final int RECEIVE_BYTES = 2048;

  private final IpFamily family;
  private final int interfaceIndex;
  private final Descriptor descriptor;
  private final Arena arena;
  private final Message incoming;

  private CarpSocket(IpFamily family, int interfaceIndex, Descriptor descriptor) {
    this.family = family;
    this.interfaceIndex = interfaceIndex;
    this.descriptor = descriptor;
    this.arena = Arena.ofShared();
    this.incoming = Message.receiving(arena, RECEIVE_BYTES);
  }

  /// Opens a socket bound to the interface and joins the group.
  public static CarpSocket open(IpFamily family, String interfaceName, int interfaceIndex)
      throws PosixException {
    var descriptor =
        switch (family) {
          case IPV4 -> openIpv4(interfaceIndex);
          case IPV6 -> openIpv6(interfaceIndex);
        };
    descriptor.set(
        "SO_BINDTODEVICE", Linux.SOL_SOCKET, Linux.SO_BINDTODEVICE, Bytes.ofString(interfaceName));
    return new CarpSocket(family, interfaceIndex, descriptor);
  }

  private static Descriptor openIpv4(int index) throws PosixException {
    byte[] membership = Bytes.struct(12).put(GROUP_IPV4.bytes()).putInt(0).putInt(index).array();
    byte[] outgoing = Bytes.struct(12).putInt(0).putInt(0).putInt(index).array();
    int ip = Linux.IPPROTO_IP;
    return Descriptor.open("raw socket for protocol 112 (IPv4)", Linux.AF_INET, PROTOCOL)
        .set("IP_ADD_MEMBERSHIP", ip, Linux.IP_ADD_MEMBERSHIP, membership)
        .set("IP_MULTICAST_ALL", ip, Linux.IP_MULTICAST_ALL, Bytes.ofInt(0))
        .set("IP_MULTICAST_IF", ip, Linux.IP_MULTICAST_IF, outgoing)
        .set("IP_MULTICAST_TTL", ip, Linux.IP_MULTICAST_TTL, Bytes.ofInt(255))
        .set("IP_MULTICAST_LOOP", ip, Linux.IP_MULTICAST_LOOP, Bytes.ofInt(0))
        .set("IP_TTL", ip, Linux.IP_TTL, Bytes.ofInt(255))
        .set("IP_MTU_DISCOVER", ip, Linux.IP_MTU_DISCOVER, Bytes.ofInt(2))
        .set("SO_PRIORITY", Linux.SOL_SOCKET, Linux.SO_PRIORITY, Bytes.ofInt(6))
        .set("IP_TOS", ip, Linux.IP_TOS, Bytes.ofInt(TRAFFIC_CLASS));
  }

  private static Descriptor openIpv6(int index) throws PosixException {
    byte[] membership = Bytes.struct(20).put(GROUP_IPV6.bytes()).putInt(index).array();
    int ip = Linux.IPPROTO_IPV6;
    return Descriptor.open("raw socket for protocol 112 (IPv6)", Linux.AF_INET6, PROTOCOL)
        .set("IPV6_JOIN_GROUP", ip, Linux.IPV6_JOIN_GROUP, membership)
        .set("IPV6_MULTICAST_ALL", ip, Linux.IPV6_MULTICAST_ALL, Bytes.ofInt(0))
        .set("IPV6_MULTICAST_IF", ip, Linux.IPV6_MULTICAST_IF, Bytes.ofInt(index))
        .set("IPV6_MULTICAST_HOPS", ip, Linux.IPV6_MULTICAST_HOPS, Bytes.ofInt(255))
        .set("IPV6_MULTICAST_LOOP", ip, Linux.IPV6_MULTICAST_LOOP, Bytes.ofInt(0))
        .set("IPV6_UNICAST_HOPS", ip, Linux.IPV6_UNICAST_HOPS, Bytes.ofInt(255))
        .set("IPV6_RECVHOPLIMIT", ip, Linux.IPV6_RECVHOPLIMIT, Bytes.ofInt(1))
        .set("IPV6_RECVPKTINFO", ip, Linux.IPV6_RECVPKTINFO, Bytes.ofInt(1))
        .set("SO_PRIORITY", Linux.SOL_SOCKET, Linux.SO_PRIORITY, Bytes.ofInt(6))
        .set("IPV6_TCLASS", ip, Linux.IPV6_TCLASS, Bytes.ofInt(TRAFFIC_CLASS));
  }

  /// Sends one packet.
  ///
  /// @param source one of this host's addresses, or empty for the kernel's choice
  public void send(byte[] packet, IpAddress destination, Optional<IpAddress> source)
      throws PosixException {
    byte[] to = destination.bytes();
    switch (family) {
      case IPV4 -> {
        byte[] address =
            Bytes.struct(16).putShort((short) Linux.AF_INET).putShort((short) 0).put(to).array();
        byte[] from = source.map(IpAddress::bytes).orElse(new byte[4]);
        byte[] info = Bytes.struct(12).putInt(interfaceIndex).put(from).putInt(0).array();
        descriptor.send(
            address, packet, new Message.Ancillary(Linux.IPPROTO_IP, Linux.IP_PKTINFO, info));
      }
      case IPV6 -> {
        boolean scoped = destination.linkLocal() || destination.multicast();
        byte[] address =
            Bytes.struct(28)
                .putShort((short) Linux.AF_INET6)
                .putShort((short) 0)
                .putInt(0)
                .put(to)
                .putInt(scoped ? interfaceIndex : 0)
                .array();
        byte[] from = source.map(IpAddress::bytes).orElse(new byte[16]);
        byte[] info = Bytes.struct(20).put(from).putInt(interfaceIndex).array();
        descriptor.send(
            address, packet, new Message.Ancillary(Linux.IPPROTO_IPV6, Linux.IPV6_PKTINFO, info));
      }
    }
  }

  /// Waits for one packet. One thread only.
  ///
  /// @return null when none came in `waitMillis`, or the socket is closed
  public @Nullable Datagram receive(int waitMillis) throws PosixException {
    long count = descriptor.receive(incoming, waitMillis);
    if (count < 0) {
      return null;
    }
    byte[] data = incoming.data(count);
    return switch (family) {
      case IPV4 -> ipv4(data);
      case IPV6 -> ipv6(data);
    };
  }

  /// An IPv4 raw socket delivers the IP header too (carp.md 3.5).
  private static @Nullable Datagram ipv4(byte[] data) {
    if (data.length < IPV4_HEADER_BYTES) {
      return null;
    }
    int header = (data[0] & 0x0f) * 4;
    if (header < IPV4_HEADER_BYTES || header > data.length) {
      return null;
    }
    return new Datagram(
        IpAddress.of(data[12], data[13], data[14], data[15]),
        IpAddress.of(data[16], data[17], data[18], data[19]),
        data[8] & 0xff,
        ByteBuffer.wrap(data, header, data.length - header).slice());
  }

  private @Nullable Datagram ipv6(byte[] data) {
    var hopLimit = incoming.control(Linux.IPPROTO_IPV6, Linux.IPV6_HOPLIMIT);
    var info = incoming.control(Linux.IPPROTO_IPV6, Linux.IPV6_PKTINFO);
    if (info == null || info.remaining() < 16) {
      return null;
    }
    byte[] source = new byte[16];
    incoming.name().get(8, source);
    byte[] destination = new byte[16];
    info.get(0, destination);
    return new Datagram(
        IpAddress.of(source),
        IpAddress.of(destination),
        hopLimit == null ? -1 : hopLimit.getInt(0),
        ByteBuffer.wrap(data));
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
