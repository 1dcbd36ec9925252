package carpool.orchestrator.control;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.util.Optional;

/// The network interfaces of this machine.
final class Interfaces {
  private static final int ANY_PORT = 9;

  record Found(String name, int mtu) {}

  private Interfaces() {}

  static Optional<Found> named(String name) {
    try {
      return Optional.ofNullable(NetworkInterface.getByName(name)).map(Interfaces::found);
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  /// The one that packets to this host would leave by. Sends nothing.
  static Optional<Found> towards(String host) {
    try (var socket = new DatagramSocket()) {
      socket.connect(new InetSocketAddress(InetAddress.getByName(host), ANY_PORT));
      return Optional.ofNullable(NetworkInterface.getByInetAddress(socket.getLocalAddress()))
          .map(Interfaces::found);
    } catch (IOException | RuntimeException _) {
      return Optional.empty();
    }
  }

  private static Found found(NetworkInterface network) {
    try {
      return new Found(network.getName(), network.getMTU());
    } catch (IOException _) {
      return new Found(network.getName(), 0);
    }
  }
}
