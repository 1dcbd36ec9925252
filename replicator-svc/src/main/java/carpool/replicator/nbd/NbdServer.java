package carpool.replicator.nbd;

import carpool.kit.grpc.UnixSocketFile;
import carpool.replicator.block.BlockDevice;
import carpool.replicator.stream.Closing;
import carpool.replicator.stream.SocketTransport;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Serves the exports of an [ExportLookup] on one unix socket or TCP address; a thread per
/// connection.
///
/// To end an export: let the lookup refuse it, then [#drain] its device, and [#cutOff] if that did
/// not finish in time. The socket stays, so that clients are told why.
public final class NbdServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NbdServer.class);
  private static final int CONNECTIONS_MAX = 128;
  private static final long ACCEPT_PAUSE_NANOS = 100_000_000;

  private final ServerSocketChannel listener;
  private final UnixSocketFile.@Nullable Bound socketFile;
  private final String name;
  private final ExportLookup exports;
  private final @Nullable Supplier<SSLEngine> tls;
  private final Object lock = new Object();
  private final Set<Connection> connections = new LinkedHashSet<>();
  private boolean closed;
  private long accepted;

  private NbdServer(
      ServerSocketChannel listener,
      UnixSocketFile.@Nullable Bound socketFile,
      String name,
      ExportLookup exports,
      @Nullable Supplier<SSLEngine> tls) {
    this.listener = listener;
    this.socketFile = socketFile;
    this.name = name;
    this.exports = exports;
    this.tls = tls;
    Thread.ofPlatform().daemon().name("nbd-" + name).start(this::acceptAll);
  }

  /// Listens on a unix socket of mode 0600; a socket that a dead process left is replaced.
  ///
  /// @throws IOException when somebody listens there already, or the path cannot be used
  public static NbdServer listenUnix(Path path, ExportLookup exports) throws IOException {
    var claim = UnixSocketFile.claim(path);
    var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    UnixSocketFile.Bound bound;
    try {
      listener.bind(claim.address(), 128);
      bound = claim.publish();
    } catch (IOException e) {
      Closing.quietly(listener);
      throw e;
    }
    return new NbdServer(listener, bound, String.valueOf(path.getFileName()), exports, null);
  }

  /// Listens on a TCP address.
  ///
  /// @param tls makes the server side of one TLS session each time, with the client authentication
  ///   it wants; then nothing is served without TLS. Null serves in the clear
  public static NbdServer listenTcp(
      InetSocketAddress address, ExportLookup exports, @Nullable Supplier<SSLEngine> tls)
      throws IOException {
    var listener = ServerSocketChannel.open();
    try {
      listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      listener.bind(address, 128);
    } catch (IOException e) {
      Closing.quietly(listener);
      throw e;
    }
    return new NbdServer(listener, null, "tcp-" + address.getPort(), exports, tls);
  }

  /// Where it listens.
  public SocketAddress address() throws IOException {
    var bound = socketFile; // was renamed to its place after binding
    return bound == null ? listener.getLocalAddress() : UnixDomainSocketAddress.of(bound.path());
  }

  /// Connections that use this device now.
  public int connections(BlockDevice device) {
    return of(device).size();
  }

  /// Receives no further request for `device`, answers what was received, closes. Never ESHUTDOWN,
  /// which the Linux kernel takes for an I/O error (nbd.md 12).
  ///
  /// @return true when no connection is left; false when the deadline came first
  public boolean drain(BlockDevice device, Duration deadline) throws InterruptedException {
    of(device).forEach(Connection::drain);
    return awaitNone(connection -> connection.uses(device), deadline);
  }

  /// Closes every connection of `device` at once; requests in the device go on, their answers are
  /// dropped.
  public void cutOff(BlockDevice device) {
    of(device).forEach(Connection::cutOff);
  }

  /// Accepts nobody any more, drains every connection, and cuts off what is left at the deadline.
  public void stop(Duration deadline) throws InterruptedException {
    List<Connection> all;
    stopListening();
    synchronized (lock) {
      all = List.copyOf(connections);
    }
    all.forEach(Connection::drain);
    awaitNone(_ -> true, deadline);
    close();
  }

  /// Ends everything at once.
  @Override
  public void close() {
    stopListening();
    List<Connection> all;
    synchronized (lock) {
      all = List.copyOf(connections);
    }
    all.forEach(Connection::cutOff);
  }

  private void stopListening() {
    synchronized (lock) {
      if (closed) {
        return;
      }
      closed = true;
    }
    if (socketFile != null) {
      try {
        socketFile.remove(); // while listening: until then no successor can claim the path
      } catch (IOException e) {
        LOG.warn("nbd listener={} event=SocketLeft reason=\"{}\"", name, e.getMessage());
      }
    }
    Closing.quietly(listener);
  }

  private List<Connection> of(BlockDevice device) {
    synchronized (lock) {
      return connections.stream().filter(connection -> connection.uses(device)).toList();
    }
  }

  private boolean awaitNone(Predicate<Connection> kind, Duration deadline)
      throws InterruptedException {
    var end = System.nanoTime() + deadline.toNanos();
    synchronized (lock) {
      while (connections.stream().anyMatch(kind)) {
        var leftMillis = (end - System.nanoTime()) / 1_000_000;
        if (leftMillis <= 0) {
          return false;
        }
        lock.wait(leftMillis);
      }
      return true;
    }
  }

  // ----- accepting

  private void acceptAll() {
    while (true) {
      try {
        serve(listener.accept());
      } catch (ClosedChannelException _) {
        return;
      } catch (IOException e) {
        // Out of descriptors or the like: one client is not served, the others are.
        LOG.warn("nbd listener={} event=AcceptFailed reason=\"{}\"", name, e.getMessage());
        LockSupport.parkNanos(ACCEPT_PAUSE_NANOS);
      }
    }
  }

  private void serve(SocketChannel channel) throws IOException {
    synchronized (lock) {
      if (closed || connections.size() >= CONNECTIONS_MAX) {
        LOG.warn("nbd listener={} event=ConnectionRefused open={}", name, connections.size());
        Closing.quietly(channel);
        return;
      }
    }
    if (!(channel.getLocalAddress() instanceof UnixDomainSocketAddress)) {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    }
    start(new SocketTransport(channel));
  }

  private void start(SocketTransport socket) {
    var number = ++accepted;
    var threadName = "nbd-" + name + "-" + number;
    var self = new Connection[1];
    var connection = new Connection(threadName, socket, exports, tls, () -> forget(self[0]));
    self[0] = connection;
    synchronized (lock) {
      connections.add(connection);
    }
    Thread.ofPlatform().daemon().name(threadName).start(connection);
  }

  private void forget(Connection connection) {
    synchronized (lock) {
      connections.remove(connection);
      lock.notifyAll();
    }
  }
}
