package carpool.kit.testing;

import java.io.IOException;
import java.net.BindException;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/// A TCP port that nobody listens at, for a server that is started a moment later.
public final class FreePort {
  /// Below the ports that Linux gives to outgoing connections (ip_local_port_range begins at
  /// 32768): one of those may be taken by anybody's connection before the server listens.
  private static final int FIRST = 12_000;

  private static final int END = 32_000;

  private FreePort() {}

  /// Another one each time, as good as always.
  public static int find() throws IOException {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(FIRST, END);
      try (var socket = new ServerSocket(port)) {
        return socket.getLocalPort();
      } catch (BindException _) {
        // Somebody is there: the next one.
      }
    }
  }
}
