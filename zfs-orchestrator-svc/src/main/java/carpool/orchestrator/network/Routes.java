package carpool.orchestrator.network;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;

/// The kernel's table of IPv4 routes, `/proc/net/route`.
final class Routes {
  private static final int COLUMNS_MIN = 4;
  private static final int FLAG_GATEWAY = 2;

  private Routes() {}

  /// The gateway of the default route through this interface.
  static Optional<InetAddress> gateway(String table, String interfaceName) {
    return table
        .lines()
        .skip(1)
        .map(line -> line.strip().split("\\s+"))
        .filter(row -> row.length >= COLUMNS_MIN)
        .filter(row -> row[0].equals(interfaceName) && row[1].equals("00000000"))
        .filter(row -> (Integer.parseInt(row[3], 16) & FLAG_GATEWAY) != 0)
        .map(row -> address(row[2]))
        .findFirst();
  }

  /// Printed as a number of the machine's byte order, which is little-endian on all that carpool
  /// runs on.
  private static InetAddress address(String hex) {
    int number = Integer.reverseBytes(Integer.parseUnsignedInt(hex, 16));
    try {
      return InetAddress.getByAddress(
          new byte[] {
            (byte) (number >>> 24), (byte) (number >>> 16), (byte) (number >>> 8), (byte) number
          });
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four bytes are an address", e);
    }
  }
}
