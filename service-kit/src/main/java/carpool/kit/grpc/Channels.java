package carpool.kit.grpc;

import carpool.kit.config.CarpoolConfig.TlsFiles;
import carpool.kit.config.HostPort;
import io.grpc.Attributes;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// gRPC clients. The caller owns the channel and shuts it down; all channels of a process share one
/// I/O thread.
public final class Channels {

  private Channels() {}

  /// To a service of this node, from another service of it.
  ///
  /// @param program for the journal there
  public static ManagedChannel unixForService(Path socket, String program) {
    return unix(socket, Caller.service(program));
  }

  /// To a service of this node, for an operator.
  ///
  /// @param who for the journal there: user and command
  public static ManagedChannel unix(Path socket, String who) {
    return unixBuilder(socket).intercept(Caller.interceptor(who)).build();
  }

  /// To a service of this node.
  public static ManagedChannel unix(Path socket) {
    return unixBuilder(socket).build();
  }

  private static NettyChannelBuilder unixBuilder(Path socket) {
    return builder(UnixDomainSocketAddress.of(socket))
        .channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
        .usePlaintext()
        .overrideAuthority("localhost");
  }

  /// Over TCP, with mutual TLS when `tls` is there. The peer's certificate must be made out to the
  /// host name or address used here. `keepAlive` in milliseconds detects a vanished peer.
  public static ManagedChannel tcp(
      InetSocketAddress address, Optional<TlsFiles> tls, long keepAliveMillis) throws IOException {
    var builder =
        builder(address)
            .channelType(NioSocketChannel.class)
            .keepAliveTime(keepAliveMillis, TimeUnit.MILLISECONDS)
            .keepAliveTimeout(keepAliveMillis, TimeUnit.MILLISECONDS)
            .keepAliveWithoutCalls(true);
    if (tls.isPresent()) {
      builder.sslContext(Tls.client(tls.get()));
    } else {
      builder.usePlaintext();
    }
    return builder.build();
  }

  /// To the replicator of the peer node, with mutual TLS when `tls` is there; then the certificate
  /// must be made out to `node`.
  ///
  /// @param source where the connection comes from, with any port; empty: the kernel chooses
  public static ManagedChannel peer(
      InetSocketAddress address,
      Optional<InetAddress> source,
      Optional<PeerTls> tls,
      String node,
      long keepAliveMillis) {
    var builder =
        builder(address)
            .localSocketPicker(
                new NettyChannelBuilder.LocalSocketPicker() {
                  @Override
                  public @Nullable SocketAddress createSocketAddress(
                      SocketAddress remote, Attributes attributes) {
                    return source.map(from -> new InetSocketAddress(from, 0)).orElse(null);
                  }
                })
            .channelType(NioSocketChannel.class)
            .keepAliveTime(keepAliveMillis, TimeUnit.MILLISECONDS)
            .keepAliveTimeout(keepAliveMillis, TimeUnit.MILLISECONDS)
            .keepAliveWithoutCalls(true);
    if (tls.isPresent()) {
      // gRPC checks the certificate against the authority.
      builder.sslContext(tls.get().grpcClient()).overrideAuthority(node);
    } else {
      builder.usePlaintext();
    }
    return builder.build();
  }

  /// To a server that is not ours, over TCP, with TLS when `tls` is there. The channel resolves the
  /// host itself, so nobody waits for a name server longer than for the call. Nothing is sent
  /// twice.
  ///
  /// @param largestMessageBytes a longer answer fails the call
  /// @param connectMillis for a connection to come about, at each address of the host
  public static ManagedChannel foreign(
      HostPort address, Optional<ClientTls> tls, int largestMessageBytes, int connectMillis) {
    var builder =
        NettyChannelBuilder.forAddress(address.host(), address.port())
            .eventLoopGroup(Loops.SHARED)
            .channelType(NioSocketChannel.class)
            .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, connectMillis)
            .maxInboundMessageSize(largestMessageBytes)
            .disableServiceConfigLookUp()
            .disableRetry();
    if (tls.isPresent()) {
      builder.sslContext(tls.get().context());
    } else {
      builder.usePlaintext();
    }
    return builder.build();
  }

  private static NettyChannelBuilder builder(SocketAddress address) {
    return NettyChannelBuilder.forAddress(address)
        .eventLoopGroup(Loops.SHARED)
        .maxInboundMessageSize(GrpcEndpoint.LARGEST_MESSAGE_BYTES);
  }

  private static final class Loops {
    static final EventLoopGroup SHARED =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("grpc-client", true), NioIoHandler.newFactory());
  }
}
