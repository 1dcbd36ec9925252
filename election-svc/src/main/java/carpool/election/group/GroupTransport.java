package carpool.election.group;

import carpool.election.core.ReceivedPacket;
import carpool.election.core.wire.IpAddress;
import carpool.election.core.wire.IpFamily;
import carpool.election.link.LinkState;
import carpool.election.raw.Announcement;
import carpool.election.raw.CarpSocket;
import carpool.election.raw.Mac;
import carpool.election.raw.NeighbourSocket;
import carpool.election.raw.PacketSocket;
import carpool.election.raw.PosixException;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The sockets of one group on one interface, with a receiving platform thread each (a native call
/// holds its carrier). Sent on by the group's loop.
final class GroupTransport implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(GroupTransport.class);
  private static final int WAIT_MILLIS = 100;
  private static final int ARP_BYTES = 42;

  private final GroupSettings settings;
  private final LinkState link;
  private final Map<IpFamily, CarpSocket> carp = new EnumMap<>(IpFamily.class);
  private final PacketSocket packets;
  private @Nullable NeighbourSocket neighbours;

  private GroupTransport(GroupSettings settings, LinkState link, PacketSocket packets) {
    this.settings = settings;
    this.link = link;
    this.packets = packets;
  }

  /// Opens all sockets.
  ///
  /// @param onPacket for each packet of protocol 112, on a receiving thread
  /// @param onClaim for each ARP frame or neighbour advertisement of others that claims one of our
  ///   addresses
  static GroupTransport open(
      GroupSettings settings,
      LinkState link,
      Consumer<ReceivedPacket> onPacket,
      Consumer<Mac> onClaim)
      throws PosixException {
    var transport = new GroupTransport(settings, link, PacketSocket.open(link.index()));
    try {
      for (var family : settings.carp().families()) {
        transport.carp.put(family, CarpSocket.open(family, link.name(), link.index()));
      }
      if (settings.plainAddresses().stream().anyMatch(ip -> ip.family() == IpFamily.IPV6)) {
        transport.neighbours = NeighbourSocket.open(link.name());
      }
    } catch (PosixException e) {
      transport.close();
      throw e;
    }
    transport.carp.forEach((family, socket) ->
        receiver(settings.name() + "-" + family, () -> transport.pump(socket, onPacket)));
    receiver(settings.name() + "-arp", () -> transport.pumpArp(onClaim));
    var neighbours = transport.neighbours;
    if (neighbours != null) {
      receiver(settings.name() + "-nd", () -> transport.pumpNeighbours(neighbours, onClaim));
    }
    return transport;
  }

  /// Sends one advertisement to the group or to each peer.
  ///
  /// @param own this host's addresses on the interface, virtual ones left out
  void send(IpFamily family, byte[] packet, List<IpAddress> own) throws PosixException {
    var socket = carp.get(family);
    if (socket == null) {
      return;
    }
    if (settings.peers().isEmpty()) {
      socket.send(packet, group(family), source(family, own));
      return;
    }
    for (var peer : settings.peersOf(family)) {
      socket.send(packet, peer, Optional.empty());
    }
  }

  /// Tells the neighbours where the addresses are.
  void announce(Collection<IpAddress> addresses) throws PosixException {
    for (var address : addresses) {
      packets.send(Announcement.of(mac(), address));
    }
  }

  Mac mac() {
    return settings.virtualMac() ? Mac.virtual(settings.carp().vhid()) : link.mac();
  }

  LinkState link() {
    return link;
  }

  static IpAddress group(IpFamily family) {
    return switch (family) {
      case IPV4 -> CarpSocket.GROUP_IPV4;
      case IPV6 -> CarpSocket.GROUP_IPV6;
    };
  }

  /// Multicast leaves from a real address of the interface; in IPv6 from the link-local one.
  private static Optional<IpAddress> source(IpFamily family, List<IpAddress> own) {
    return own.stream()
        .filter(address -> address.family() == family)
        .filter(address -> family == IpFamily.IPV4 || address.linkLocal())
        .findFirst();
  }

  private void pump(CarpSocket socket, Consumer<ReceivedPacket> onPacket) {
    while (!socket.isClosed()) {
      try {
        var datagram = socket.receive(WAIT_MILLIS);
        if (datagram != null) {
          onPacket.accept(
              new ReceivedPacket(
                  datagram.source(), datagram.destination(), datagram.ttl(), datagram.payload()));
        }
      } catch (PosixException e) {
        LOG.debug("{}: {}", settings.name(), e.getMessage());
      }
    }
  }

  private void pumpArp(Consumer<Mac> onClaim) {
    Set<IpAddress> ours = settings.plainAddresses();
    while (!packets.isClosed()) {
      try {
        byte[] frame = packets.receive(WAIT_MILLIS);
        if (frame != null && frame.length >= ARP_BYTES) {
          var sender = Mac.of(frame, 22);
          var address = IpAddress.of(Arrays.copyOfRange(frame, 28, 32));
          if (ours.contains(address) && !sender.equals(mac())) {
            onClaim.accept(sender);
          }
        }
      } catch (PosixException e) {
        // ENETDOWN comes once when the interface goes down; the link event tells the rest.
        LOG.debug("{}: {}", settings.name(), e.getMessage());
      }
    }
  }

  private void pumpNeighbours(NeighbourSocket socket, Consumer<Mac> onClaim) {
    Set<IpAddress> ours = settings.plainAddresses();
    while (!socket.isClosed()) {
      try {
        socket
            .receive(WAIT_MILLIS)
            .filter(claim -> ours.contains(claim.address()) && !claim.mac().equals(mac()))
            .ifPresent(claim -> onClaim.accept(claim.mac()));
      } catch (PosixException e) {
        LOG.debug("{}: {}", settings.name(), e.getMessage());
      }
    }
  }

  private static void receiver(String name, Runnable loop) {
    Thread.ofPlatform().name("carp-" + name).daemon(true).start(loop);
  }

  @Override
  public void close() {
    carp.values().forEach(CarpSocket::close);
    packets.close();
    if (neighbours != null) {
      neighbours.close();
    }
  }
}
