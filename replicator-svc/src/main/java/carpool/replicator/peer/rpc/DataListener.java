package carpool.replicator.peer.rpc;

import carpool.kit.config.HastResource;
import carpool.replicator.link.BlockConnection;
import carpool.replicator.link.BlockStream;
import carpool.replicator.link.Coding;
import carpool.replicator.peer.session.PeerLink;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The answering side of block connections: a port for each address of `listen`. A connection
/// belongs to the session whose token it brings.
final class DataListener {
  private static final Logger LOG = LoggerFactory.getLogger(DataListener.class);

  private final PeerSessions hub;
  private final List<ServerSocketChannel> ports = new ArrayList<>();
  private final Set<SocketChannel> handshakes = ConcurrentHashMap.newKeySet();
  private final Map<String, Awaited> awaited = new ConcurrentHashMap<>();
  private volatile boolean stopping;

  /// A listener's half-open session: waits for the block connection with its token.
  private record Awaited(
      HastResource resource, PeerLink link, Coding coding, PeerSessions.Meeting meeting) {}

  DataListener(PeerSessions hub) {
    this.hub = hub;
  }

  /// Listens at one address more.
  void listen(InetSocketAddress address) throws IOException {
    var port = ServerSocketChannel.open();
    ports.add(port);
    port.setOption(StandardSocketOptions.SO_REUSEADDR, true);
    port.bind(address);
    Thread.ofPlatform().name("block-accept").daemon(true).start(() -> accept(port));
  }

  void stop() throws IOException {
    stopping = true;
    for (var port : ports) {
      port.close();
    }
    for (var channel : handshakes) {
      channel.close();
    }
  }

  /// The block connection with this token belongs to `link`; ends the session when it does not
  /// come.
  void expect(
      String token,
      HastResource resource,
      PeerLink link,
      Coding coding,
      PeerSessions.Meeting meeting) {
    awaited.put(token, new Awaited(resource, link, coding, meeting));
    var _ =
        hub.timer()
            .schedule(
                () -> {
                  var late = awaited.remove(token);
                  if (late != null) {
                    late.link().close(0, "the peer did not open the block connection in time");
                  }
                },
                PeerSessions.STEP_DEADLINE.toMillis(),
                TimeUnit.MILLISECONDS);
  }

  void forget(String token) {
    awaited.remove(token);
  }

  private void accept(ServerSocketChannel port) {
    while (!stopping) {
      try {
        var channel = port.accept();
        // Not a virtual thread: it would leave the socket in non-blocking mode for good, and each
        // read of a block connection would cost three system calls instead of one.
        Thread.ofPlatform().name("block-handshake").daemon(true).start(() -> shake(channel));
      } catch (IOException e) {
        if (!stopping) {
          LOG.error("the block port failed: {}", e.getMessage());
        }
        return;
      }
    }
  }

  private void shake(SocketChannel channel) {
    handshakes.add(channel);
    var late = hub.deadline(channel);
    try {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      var tls = hub.tls();
      var secure = tls.isPresent() ? PeerSessions.secured(channel, tls.get().serverEngine()) : null;
      var stream = secure == null ? BlockStream.plain(channel) : BlockStream.over(secure);
      var preamble = ByteBuffer.allocate(8 + PeerSessions.TOKEN_BYTES);
      BlockStream.readFully(stream, preamble);
      preamble.flip();
      int magic = preamble.getInt();
      int version = preamble.getInt();
      var token = new byte[PeerSessions.TOKEN_BYTES];
      preamble.get(token);
      var waiting =
          magic == PeerSessions.PREAMBLE_MAGIC && version == PeerSessions.PROTOCOL
              ? awaited.remove(java.util.HexFormat.of().formatHex(token))
              : null;
      if (waiting == null || !PeerRules.fromPeer(waiting.resource(), channel.getRemoteAddress())) {
        if (hub.news().mayLog("block port")) {
          LOG.warn("block connection from {} refused", channel.getRemoteAddress());
        }
        PeerSessions.closeQuietly(channel);
        return;
      }
      late.cancel(false);
      var resource = waiting.resource();
      var engine = hub.engine(resource.name());
      if (engine == null) {
        waiting.link().close(0, "the resource left");
        PeerSessions.closeQuietly(channel);
        return;
      }
      try {
        PeerRules.requirePeer(secure == null ? null : secure.session(), resource);
      } catch (IOException e) {
        hub.news()
            .refused(
                resource.name(), PeerSessions.CERTIFICATE_REFUSED, String.valueOf(e.getMessage()));
        waiting.link().close(0, "block connection: " + e.getMessage());
        PeerSessions.closeQuietly(channel);
        return;
      }
      BlockStream.writeFully(
          stream, ByteBuffer.allocate(4).putInt(PeerSessions.PREAMBLE_MAGIC).flip());
      var connection =
          new BlockConnection(
              stream, waiting.link(), waiting.coding(), engine.disk().metadata().dataSizeBytes());
      hub.begin(engine, resource, waiting.link(), connection, waiting.meeting());
    } catch (IOException e) {
      LOG.debug("block handshake failed: {}", e.getMessage());
      PeerSessions.closeQuietly(channel);
    } finally {
      handshakes.remove(channel);
      late.cancel(false);
    }
  }
}
