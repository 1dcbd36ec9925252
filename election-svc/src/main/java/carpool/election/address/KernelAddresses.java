package carpool.election.address;

import carpool.election.core.wire.IpAddress;
import carpool.election.core.wire.IpFamily;
import carpool.election.raw.Netlink;
import carpool.election.raw.PosixException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.Stream;

/// Adds, renews, removes and lists interface addresses by rtnetlink. Changes need CAP_NET_ADMIN.
public final class KernelAddresses implements AutoCloseable {
  private static final int RTM_NEWADDR = 20;
  private static final int RTM_DELADDR = 21;
  private static final int RTM_GETADDR = 22;
  private static final int RTM_NEWROUTE = 24;
  private static final int RTM_DELROUTE = 25;
  private static final int NLM_F_REPLACE = 0x100;
  private static final int NLM_F_CREATE = 0x400;
  private static final int IFADDRMSG_BYTES = 8;
  private static final int RTMSG_BYTES = 12;
  private static final int RTA_DST = 1;
  private static final int RTA_OIF = 4;
  private static final int RTA_PRIORITY = 6;
  private static final int RTA_PREFSRC = 7;
  private static final int RTA_EXPIRES = 23;
  private static final int RT_TABLE_MAIN = 254;
  private static final int RT_SCOPE_UNIVERSE = 0;
  private static final int RT_SCOPE_LINK = 253;
  private static final int RTN_UNICAST = 1;

  /// Marks our routes, so that no other is ever removed: CARP's number, as in the IP header.
  private static final int RTPROT_CARP = 112;

  /// Worse than the kernel's own route for a prefix (metric 0 for IPv4, 256 for IPv6), so that an
  /// address of the node that comes back is used at once.
  private static final int ROUTE_METRIC = 32_112;

  private static final int IFA_ADDRESS = 1;
  private static final int IFA_LOCAL = 2;
  private static final int IFA_CACHEINFO = 6;
  private static final int IFA_FLAGS = 8;
  private static final int IFA_F_NODAD = 0x2;
  private static final int IFA_F_PERMANENT = 0x80;
  private static final int IFA_F_NOPREFIXROUTE = 0x200;

  private final Netlink netlink;

  private KernelAddresses(Netlink netlink) {
    this.netlink = netlink;
  }

  /// Opens the way to the kernel.
  public static KernelAddresses open() throws PosixException {
    return new KernelAddresses(Netlink.open(0));
  }

  /// Adds the address with the prefix of a single host, or renews its lifetime. The kernel takes it
  /// away by itself after `lifetimeSeconds`, so that nothing answers for it when this process is
  /// killed or stopped.
  ///
  /// Never with the prefix of the network: of two addresses in one prefix the later one is
  /// "secondary" to the first and is removed with it, whoever added it (ip-address(8)).
  public void put(int index, IpAddress address, int lifetimeSeconds) throws PosixException {
    int flags = address.family() == IpFamily.IPV6 ? IFA_F_NODAD : 0;
    flags |= IFA_F_NOPREFIXROUTE;
    var body = new ByteArrayOutputStream();
    body.writeBytes(body(index, address, address.family().hostPrefixLength()));
    body.writeBytes(Netlink.attribute(IFA_FLAGS, nativeInts(flags)));
    // ifa_cacheinfo: preferred and valid lifetime in seconds, two time stamps the kernel fills
    body.writeBytes(
        Netlink.attribute(IFA_CACHEINFO, nativeInts(lifetimeSeconds, lifetimeSeconds, 0, 0)));
    netlink.change("add " + address, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, body.toByteArray());
  }

  /// Adds or renews a route to the prefix of `address` out of the interface, for an interface that
  /// has no other address in it. It goes with the address (IPv4) or ends after `lifetimeSeconds`
  /// (IPv6).
  public void putRoute(int index, VirtualAddress address, int lifetimeSeconds)
      throws PosixException {
    var body = new ByteArrayOutputStream();
    body.writeBytes(route(index, address));
    body.writeBytes(Netlink.attribute(RTA_PREFSRC, address.address().bytes()));
    if (address.address().family() == IpFamily.IPV6) {
      body.writeBytes(Netlink.attribute(RTA_EXPIRES, nativeInts(lifetimeSeconds)));
    }
    netlink.change(
        "add a route to the prefix of " + address,
        RTM_NEWROUTE,
        NLM_F_CREATE | NLM_F_REPLACE,
        body.toByteArray());
  }

  /// Removes the route of [#putRoute]; it is no failure if it is not there.
  public void removeRoute(int index, VirtualAddress address) throws PosixException {
    try {
      netlink.change(
          "remove the route to the prefix of " + address, RTM_DELROUTE, 0, route(index, address));
    } catch (PosixException e) {
      boolean gone = e.errno() == PosixException.ESRCH || e.errno() == PosixException.ENODEV;
      if (!gone) {
        throw e;
      }
    }
  }

  /// rtmsg: family, length of the destination's and the source's prefix, TOS, table, protocol,
  /// scope, type, flags.
  private static byte[] route(int index, VirtualAddress address) {
    boolean ipv4 = address.address().family() == IpFamily.IPV4;
    var out = new ByteArrayOutputStream();
    out.writeBytes(
        ByteBuffer.allocate(RTMSG_BYTES)
            .order(ByteOrder.nativeOrder())
            .put((byte) (ipv4 ? 2 : 10))
            .put((byte) address.prefixLength())
            .put((byte) 0)
            .put((byte) 0)
            .put((byte) RT_TABLE_MAIN)
            .put((byte) RTPROT_CARP)
            .put((byte) (ipv4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE))
            .put((byte) RTN_UNICAST)
            .putInt(0)
            .array());
    out.writeBytes(Netlink.attribute(RTA_DST, address.network()));
    out.writeBytes(Netlink.attribute(RTA_OIF, nativeInts(index)));
    out.writeBytes(Netlink.attribute(RTA_PRIORITY, nativeInts(ROUTE_METRIC)));
    return out.toByteArray();
  }

  /// Removes the address; it is no failure if it is not there.
  public void remove(int index, IpAddress address, int prefixLength) throws PosixException {
    try {
      netlink.change("remove " + address, RTM_DELADDR, 0, body(index, address, prefixLength));
    } catch (PosixException e) {
      boolean gone =
          e.errno() == PosixException.EADDRNOTAVAIL || e.errno() == PosixException.ENODEV;
      if (!gone) {
        throw e;
      }
    }
  }

  /// All addresses of an interface, in the kernel's order, IPv4 first.
  public List<InterfaceAddress> list(int index) throws PosixException {
    return netlink.dump("list addresses", RTM_GETADDR, new byte[IFADDRMSG_BYTES]).stream()
        .filter(reply -> reply.type() == RTM_NEWADDR)
        .flatMap(reply -> parse(reply.body()))
        .filter(address -> address.interfaceIndex() == index)
        .toList();
  }

  @Override
  public void close() {
    netlink.close();
  }

  /// ifaddrmsg: 0 family, 1 prefix length, 2 flags, 3 scope, 4 index; IFA_LOCAL is our end, and the
  /// only one there is for IPv6 is IFA_ADDRESS.
  private static Stream<InterfaceAddress> parse(ByteBuffer body) {
    if (body.limit() < IFADDRMSG_BYTES) {
      return Stream.empty();
    }
    var local = Netlink.attribute(body, IFADDRMSG_BYTES, IFA_LOCAL);
    var value = local != null ? local : Netlink.attribute(body, IFADDRMSG_BYTES, IFA_ADDRESS);
    if (value == null || (value.remaining() != 4 && value.remaining() != 16)) {
      return Stream.empty();
    }
    byte[] bytes = new byte[value.remaining()];
    value.get(0, bytes);
    var wide = Netlink.attribute(body, IFADDRMSG_BYTES, IFA_FLAGS);
    int flags = wide != null ? wide.getInt(0) : body.get(2) & 0xff;
    return Stream.of(
        new InterfaceAddress(
            body.getInt(4),
            IpAddress.of(bytes),
            body.get(1) & 0xff,
            (flags & IFA_F_PERMANENT) != 0));
  }

  private static byte[] body(int index, IpAddress address, int prefixLength) {
    var out = new ByteArrayOutputStream();
    out.writeBytes(
        ByteBuffer.allocate(IFADDRMSG_BYTES)
            .order(ByteOrder.nativeOrder())
            .put((byte) (address.family() == IpFamily.IPV4 ? 2 : 10))
            .put((byte) prefixLength)
            .put((byte) 0)
            .put((byte) 0)
            .putInt(index)
            .array());
    out.writeBytes(Netlink.attribute(IFA_LOCAL, address.bytes()));
    out.writeBytes(Netlink.attribute(IFA_ADDRESS, address.bytes()));
    return out.toByteArray();
  }

  private static byte[] nativeInts(int... values) {
    var out = ByteBuffer.allocate(4 * values.length).order(ByteOrder.nativeOrder());
    for (int value : values) {
      out.putInt(value);
    }
    return out.array();
  }
}
