package carpool.replicator.peer.rpc;

import carpool.kit.config.HastAddress;
import carpool.kit.config.HastResource;
import carpool.kit.grpc.PeerTls;
import carpool.peer.v1.Hello;
import carpool.replicator.link.Checksum;
import carpool.replicator.link.Coding;
import carpool.replicator.link.Compression;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Locale;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/// What a peer has to be and to say before it is believed.
final class PeerRules {
  private PeerRules() {}

  /// Checks that a TLS session is with the resource's peer; nothing to check without TLS.
  static void requirePeer(@Nullable SSLSession session, HastResource resource) throws IOException {
    var peer = resource.peer();
    if (session != null && peer.isPresent()) {
      PeerTls.requireName(session, peer.get().node().value());
    }
  }

  /// Checks that a hello is that of the resource's configured peer, in this cluster and protocol.
  ///
  /// @throws IOException saying what was found and what is configured
  static void check(Hello hello, HastResource resource, String cluster) throws IOException {
    if (!hello.getCluster().equals(cluster)) {
      throw new IOException(
          "the peer belongs to the cluster `"
              + hello.getCluster()
              + "`, this node to `"
              + cluster
              + "`");
    }
    if (!hello.getResource().equals(resource.name())) {
      throw new IOException("the peer answered for the resource " + hello.getResource());
    }
    var peer = resource.peer();
    if (peer.isPresent() && !hello.getNode().equals(peer.get().node().value())) {
      throw new IOException(
          "the peer calls itself " + hello.getNode() + ", configured is " + peer.get().node());
    }
    if (hello.getProtocolMin() > PeerSessions.PROTOCOL
        || hello.getProtocolMax() < PeerSessions.PROTOCOL) {
      throw new IOException(
          "the peer speaks block protocol "
              + hello.getProtocolMin()
              + " to "
              + hello.getProtocolMax()
              + ", this node "
              + PeerSessions.PROTOCOL);
    }
  }

  /// How a session's frames are protected: each sender's way, told in its hello.
  ///
  /// @throws IOException when the peer uses a checksum that this node does not know
  static Coding coding(HastResource resource, Hello peer) throws IOException {
    for (var known : Checksum.values()) {
      if (known.name().toLowerCase(Locale.ROOT).equals(peer.getChecksum())) {
        return new Coding(checksum(resource.checksum()), compression(resource), known);
      }
    }
    throw new IOException("the peer's checksum `" + peer.getChecksum() + "` is unknown here");
  }

  private static Compression compression(HastResource resource) {
    return switch (resource.compression()) {
      case NONE -> Compression.NONE;
      case HOLE -> Compression.HOLE;
      case LZF -> Compression.LZF;
      case LZ4 -> Compression.LZ4;
    };
  }

  private static Checksum checksum(HastResource.Checksum checksum) {
    return switch (checksum) {
      case NONE -> Checksum.NONE;
      case CRC32 -> Checksum.CRC32;
      case CRC32C -> Checksum.CRC32C;
      case SHA256 -> Checksum.SHA256;
    };
  }

  /// As in the original: the connection's address must be that of `remote`.
  static boolean fromPeer(HastResource resource, @Nullable SocketAddress caller)
      throws IOException {
    var remote = resource.local().remote().flatMap(HastAddress::hostPort);
    if (remote.isEmpty() || !(caller instanceof InetSocketAddress from)) {
      return false;
    }
    for (var allowed : InetAddress.getAllByName(remote.get().host())) {
      if (allowed.equals(from.getAddress())) {
        return true;
      }
    }
    return false;
  }
}
