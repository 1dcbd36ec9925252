package carpool.replicator.peer.rpc;

import carpool.kit.config.HastAddress;
import carpool.kit.config.HastResource;
import carpool.kit.grpc.Channels;
import carpool.kit.grpc.PeerTls;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The gRPC channels to the peer, one for each address that resources name; several resources with
/// the same peer share one.
final class PeerChannels {
  private record Target(InetSocketAddress address, @Nullable InetAddress source, String node) {}

  private final Optional<PeerTls> tls;
  private final LongSupplier keepAliveMillis;
  private final Map<Target, ManagedChannel> channels = new HashMap<>();

  PeerChannels(Optional<PeerTls> tls, LongSupplier keepAliveMillis) {
    this.tls = tls;
    this.keepAliveMillis = keepAliveMillis;
  }

  /// The channel to this address; belongs to this class.
  ManagedChannel shared(InetSocketAddress address, HastResource resource) throws IOException {
    var target = target(address, resource);
    synchronized (channels) {
      var channel = channels.computeIfAbsent(target, this::open);
      channel.resetConnectBackoff(); // who calls has a back-off of its own
      return channel;
    }
  }

  /// A channel of the caller's own, to be shut down by it.
  ManagedChannel fresh(InetSocketAddress address, HastResource resource) throws IOException {
    return open(target(address, resource));
  }

  /// Ends all calls and closes the shared channels.
  void close() {
    synchronized (channels) {
      channels.values().forEach(ManagedChannel::shutdownNow);
      channels.clear();
    }
  }

  private static Target target(InetSocketAddress address, HastResource resource)
      throws IOException {
    var from = resource.local().source().flatMap(HastAddress::hostPort);
    return new Target(
        address,
        from.isPresent() ? from.get().resolve().getAddress() : null,
        PeerSessions.peer(resource));
  }

  private ManagedChannel open(Target target) {
    return Channels.peer(
        target.address(),
        Optional.ofNullable(target.source()),
        tls,
        target.node(),
        keepAliveMillis.getAsLong());
  }
}
