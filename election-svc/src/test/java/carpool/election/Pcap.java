package carpool.election;

import carpool.election.core.ReceivedPacket;
import carpool.election.core.wire.CarpPacket;
import carpool.election.core.wire.IpAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Reads classic pcap files: little-endian, microseconds, link type Ethernet. A record cut short at
/// the end (the writer still runs) is left out.
public final class Pcap {
  private static final int FILE_HEADER = 24;
  private static final int RECORD_HEADER = 16;
  private static final int ETHERNET_HEADER = 14;

  private Pcap() {}

  /// One Ethernet frame.
  ///
  /// @param micros since the epoch
  public record Frame(long micros, ByteBuffer bytes) {
    public double seconds() {
      return micros / 1e6;
    }

    /// The CARP or VRRP packet in it, as the kernel would hand it over.
    public Optional<ReceivedPacket> carp() {
      int type = bytes.getShort(12) & 0xffff;
      return switch (type) {
        case 0x0800 -> packet(23, 22, 26, 4, 20);
        case 0x86dd -> packet(20, 21, 22, 16, 40);
        default -> Optional.empty();
      };
    }

    private Optional<ReceivedPacket> packet(
        int protocolAt, int ttlAt, int sourceAt, int addressBytes, int ipHeader) {
      if (bytes.get(protocolAt) != CarpPacket.IP_PROTOCOL) {
        return Optional.empty();
      }
      return Optional.of(
          new ReceivedPacket(
              IpAddress.of(slice(sourceAt, addressBytes)),
              IpAddress.of(slice(sourceAt + addressBytes, addressBytes)),
              bytes.get(ttlAt) & 0xff,
              ByteBuffer.wrap(slice(ETHERNET_HEADER + ipHeader, CarpPacket.BYTES))));
    }

    private byte[] slice(int at, int length) {
      byte[] out = new byte[length];
      bytes.get(at, out);
      return out;
    }
  }

  public static List<Frame> frames(byte[] file) {
    var in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    if (file.length >= FILE_HEADER && in.getInt(0) != 0xa1b2c3d4) {
      throw new IllegalArgumentException("not a little-endian pcap file of microseconds");
    }
    var out = new ArrayList<Frame>();
    int at = FILE_HEADER;
    while (at + RECORD_HEADER <= file.length) {
      int length = in.getInt(at + 8);
      int data = at + RECORD_HEADER;
      if (data + length > file.length) {
        break;
      }
      out.add(
          new Frame(
              in.getInt(at) * 1_000_000L + in.getInt(at + 4),
              ByteBuffer.wrap(file, data, length).slice()));
      at = data + length;
    }
    return out;
  }
}
