package carpool.replicator.witness;

import carpool.kit.config.HostPort;
import carpool.kit.config.WitnessEndpoint;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// A TCP proxy that can swallow what the server answers while it still hands on what the client
/// sends.
final class LossyProxy implements AutoCloseable {
  private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"));
  private final HostPort server;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private volatile boolean swallowing;

  LossyProxy(HostPort server) throws IOException {
    this.server = server;
    Thread.ofVirtual().start(this::accept);
  }

  WitnessEndpoint endpoint() {
    return new WitnessEndpoint(false, new HostPort("127.0.0.1", listener.getLocalPort()));
  }

  /// From now on no answer passes.
  void swallowAnswers() {
    swallowing = true;
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (var socket : sockets) {
      socket.close();
    }
  }

  private void accept() {
    try {
      while (true) {
        var client = listener.accept();
        var behind = new Socket(server.host(), server.port());
        sockets.add(client);
        sockets.add(behind);
        Thread.ofVirtual().start(() -> pump(client, behind, false));
        Thread.ofVirtual().start(() -> pump(behind, client, true));
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  private void pump(Socket from, Socket to, boolean answers) {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      var buffer = new byte[8192];
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        if (!(answers && swallowing)) {
          out.write(buffer, 0, count);
        }
      }
    } catch (IOException e) {
      // One side is gone: so is the other.
    }
  }
}
