package carpool.election.raw;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// Ethernet frames on one interface: sends any, receives ARP. Needs CAP_NET_RAW.
public final class PacketSocket implements AutoCloseable {
  private static final int SOL_PACKET = 263;
  private static final int PACKET_IGNORE_OUTGOING = 23;
  private static final int RECEIVE_BYTES = 256;

  private final Descriptor descriptor;
  private final byte[] address;
  private final Arena arena;
  private final Message incoming;

  private PacketSocket(Descriptor descriptor, byte[] address) {
    this.descriptor = descriptor;
    this.address = address;
    this.arena = Arena.ofShared();
    this.incoming = Message.receiving(arena, RECEIVE_BYTES);
  }

  /// Opens a socket that sees the ARP frames of others on this interface.
  public static PacketSocket open(int interfaceIndex) throws PosixException {
    short arp = networkOrder(Linux.ETH_P_ARP);
    // sockaddr_ll: family, protocol (network order), ifindex, hatype, pkttype, halen, addr[8]
    byte[] address =
        Bytes.struct(20)
            .putShort((short) Linux.AF_PACKET)
            .putShort(arp)
            .putInt(interfaceIndex)
            .array();
    var descriptor = Descriptor.open("packet socket for ARP", Linux.AF_PACKET, arp & 0xffff);
    descriptor.set("PACKET_IGNORE_OUTGOING", SOL_PACKET, PACKET_IGNORE_OUTGOING, Bytes.ofInt(1));
    descriptor.bind(address);
    return new PacketSocket(descriptor, address);
  }

  /// Sends one whole frame, Ethernet header included.
  public void send(byte[] frame) throws PosixException {
    descriptor.send(address, frame, null);
  }

  /// Waits for one ARP frame. One thread only.
  ///
  /// @return null when none came in `waitMillis`, or the socket is closed
  public byte @Nullable [] receive(int waitMillis) throws PosixException {
    long count = descriptor.receive(incoming, waitMillis);
    return count < 0 ? null : incoming.data(count);
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

  /// htons.
  private static short networkOrder(int value) {
    return ByteBuffer.allocate(2)
        .putShort((short) value)
        .order(ByteOrder.nativeOrder())
        .getShort(0);
  }
}
