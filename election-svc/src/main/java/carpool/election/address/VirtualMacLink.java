package carpool.election.address;

import carpool.election.link.LinkState;
import carpool.election.link.LinkWatch;
import carpool.election.raw.Mac;
import carpool.election.raw.Netlink;
import carpool.election.raw.PosixException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A macvlan with the group's virtual MAC (00:00:5e:00:01:VHID) on top of the interface, there only
/// while this node has the addresses: a backup that spoke from the virtual MAC would confuse the
/// switches. Private mode, no IPv6 address of its own (carp.md 3.4).
///
/// The parent must neither answer ARP for addresses of the macvlan (`arp_ignore` 1) nor ask in
/// their name with its own MAC (`arp_announce` 2): see [ParentSettings]. Needs CAP_NET_ADMIN and a
/// writable `/proc/sys/net`.
public final class VirtualMacLink {
  private static final Logger LOG = LoggerFactory.getLogger(VirtualMacLink.class);
  private static final int RTM_NEWLINK = 16;
  private static final int RTM_DELLINK = 17;
  private static final int NLM_F_EXCL = 0x200;
  private static final int NLM_F_CREATE = 0x400;
  private static final int IFLA_ADDRESS = 1;
  private static final int IFLA_IFNAME = 3;
  private static final int IFLA_LINK = 5;
  private static final int IFLA_LINKINFO = 18;
  private static final int IFLA_AF_SPEC = 26;
  private static final int INFO_KIND = 1;
  private static final int INFO_DATA = 2;
  private static final int MACVLAN_MODE = 1;
  private static final int MODE_PRIVATE = 1;
  private static final int AF_INET6 = 10;
  private static final int ADDR_GEN_MODE = 8;
  private static final byte GENERATE_NONE = 1;
  private static final int UP = 1;

  private final int vhid;
  private final Mac mac;
  private final ParentSettings parent;

  /// @param parent of the interface of the group
  public VirtualMacLink(int vhid, ParentSettings parent) {
    this.vhid = vhid;
    this.parent = parent;
    this.mac = Mac.virtual(vhid);
  }

  /// Makes sure it is there and up.
  ///
  /// @return its index
  int ensure(int parentIndex) throws IOException {
    int index = index(parentIndex);
    if (index != 0) {
      return index;
    }
    try (var netlink = Netlink.open(0)) {
      netlink.change(
          "create " + name(parentIndex),
          RTM_NEWLINK,
          NLM_F_CREATE | NLM_F_EXCL,
          creation(parentIndex));
      index = index(parentIndex);
      try {
        netlink.change("set IPv6 of " + name(parentIndex), RTM_NEWLINK, 0, withoutOwnIpv6(index));
      } catch (PosixException e) {
        LOG.debug("{}: {}", name(parentIndex), e.getMessage());
      }
      setting(name(parentIndex), "arp_ignore", "1");
      setting(name(parentIndex), "accept_local", "1");
      setting(name(parentIndex), "rp_filter", "0");
      parent.acquire(vhid);
      netlink.change("set " + name(parentIndex) + " up", RTM_NEWLINK, 0, ifinfo(index, UP, UP));
    }
    return index;
  }

  /// Takes it away, also one left by a process that was killed; nothing happens if it is not there.
  void destroy(int parentIndex) throws IOException {
    int index = index(parentIndex);
    if (index != 0) {
      try (var netlink = Netlink.open(0)) {
        netlink.change("remove " + name(parentIndex), RTM_DELLINK, 0, ifinfo(index, 0, 0));
      }
    }
    parent.release(vhid);
  }

  private String name(int parentIndex) {
    return "carp" + vhid + "." + parentIndex;
  }

  /// 0 if there is none; one of that name with another MAC is not ours.
  private int index(int parentIndex) throws IOException {
    var link = LinkWatch.find(name(parentIndex));
    if (link.isPresent() && !link.get().mac().equals(mac)) {
      throw new IOException(name(parentIndex) + " exists and is not ours: its MAC is not " + mac);
    }
    return link.map(LinkState::index).orElse(0);
  }

  private byte[] creation(int parentIndex) {
    byte[] data = Netlink.attribute(MACVLAN_MODE, nativeInt(MODE_PRIVATE));
    byte[] kind = Netlink.attribute(INFO_KIND, "macvlan".getBytes(StandardCharsets.US_ASCII));
    return join(
        ifinfo(0, 0, 0),
        Netlink.attribute(
            IFLA_IFNAME, (name(parentIndex) + "\0").getBytes(StandardCharsets.US_ASCII)),
        Netlink.attribute(IFLA_LINK, nativeInt(parentIndex)),
        Netlink.attribute(IFLA_ADDRESS, mac.bytes()),
        Netlink.attribute(IFLA_LINKINFO, join(kind, Netlink.attribute(INFO_DATA, data))));
  }

  /// No link-local address from the virtual MAC. Only possible once the link exists.
  private static byte[] withoutOwnIpv6(int index) {
    byte[] generation = Netlink.attribute(ADDR_GEN_MODE, new byte[] {GENERATE_NONE});
    return join(
        ifinfo(index, 0, 0),
        Netlink.attribute(IFLA_AF_SPEC, Netlink.attribute(AF_INET6, generation)));
  }

  /// ifinfomsg: family, type, index, flags, mask of changed flags.
  private static byte[] ifinfo(int index, int flags, int change) {
    return ByteBuffer.allocate(16)
        .order(ByteOrder.nativeOrder())
        .putInt(0)
        .putInt(index)
        .putInt(flags)
        .putInt(change)
        .array();
  }

  private static byte[] nativeInt(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(value).array();
  }

  private static byte[] join(byte[]... parts) {
    var out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  /// Writes a setting of `net.ipv4.conf`.
  private static void setting(String link, String key, String value) {
    var file = Path.of("/proc/sys/net/ipv4/conf", link, key);
    try {
      Files.writeString(file, value);
    } catch (IOException e) {
      LOG.warn("{} cannot be set to {}: {}", file, value, e.toString());
    }
  }

  /// For error texts.
  static String text(IOException failure) {
    boolean notPermitted = failure instanceof PosixException e && e.notPermitted();
    return failure.getMessage() + (notPermitted ? ": CAP_NET_ADMIN is missing" : "");
  }
}
