package carpool.kit.grpc;

import carpool.kit.config.CarpoolConfig.TlsFiles;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One listening gRPC server with everything that all of ours have: health, reflection, default
/// deadline, message limit, keep-alive, error mapping. Handlers run on virtual threads.
public final class GrpcEndpoint {
  /// Largest message in either direction.
  public static final int LARGEST_MESSAGE_BYTES = 4 << 20;

  private static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(30);

  private final EventLoopGroup acceptors;
  private final EventLoopGroup workers;
  private final ExecutorService handlers;
  private final ScheduledExecutorService timer;
  private final OpenStreams streams = new OpenStreams();
  private UnixSocketFile.@Nullable Bound socketFile;
  private final Server server;

  private GrpcEndpoint(
      SocketAddress address,
      Class<? extends ServerChannel> channel,
      Optional<SslContext> tls,
      Collection<? extends BindableService> services,
      HealthBoard health,
      Optional<AccessControl> access)
      throws IOException {
    acceptors = loops("grpc-accept", 1);
    workers = loops("grpc-io", 2);
    handlers =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("grpc-call-", 0).factory());
    timer =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("grpc-deadline").daemon(true).factory());
    try {
      var builder =
          NettyServerBuilder.forAddress(address)
              .channelType(channel)
              .bossEventLoopGroup(acceptors)
              .workerEventLoopGroup(workers)
              .executor(handlers)
              .maxInboundMessageSize(LARGEST_MESSAGE_BYTES)
              .maxInboundMetadataSize(64 << 10)
              .keepAliveTime(30, TimeUnit.SECONDS)
              .keepAliveTimeout(10, TimeUnit.SECONDS)
              .permitKeepAliveTime(500, TimeUnit.MILLISECONDS)
              .permitKeepAliveWithoutCalls(true)
              // The one added first is nearest to the handler.
              .intercept(streams)
              .intercept(new DefaultDeadline(DEFAULT_DEADLINE, timer))
              .intercept(new StatusMapping())
              .intercept(new PeerTls.Recorder());
      // The one added last is asked first.
      access.ifPresent(builder::intercept);
      if (tls.isPresent()) {
        builder.sslContext(tls.get());
      }
      services.forEach(builder::addService);
      builder.addService(health.service());
      builder.addService(ProtoReflectionServiceV1.newInstance());
      server = builder.build().start();
    } catch (IOException | RuntimeException e) {
      release();
      throw e;
    }
  }

  /// Listens on the unix socket `path`, mode 0600; see [UnixSocketFile#claim] for what may be in
  /// its place. [#close] removes it.
  public static GrpcEndpoint unix(
      Path path, Collection<? extends BindableService> services, HealthBoard health)
      throws IOException {
    var claim = UnixSocketFile.claim(path);
    var endpoint =
        new GrpcEndpoint(
            claim.address(),
            NioServerDomainSocketChannel.class,
            Optional.empty(),
            services,
            health,
            Optional.of(AccessControl.unix()));
    endpoint.socketFile = claim.publish();
    return endpoint;
  }

  /// Listens on TCP, with mutual TLS when `tls` is there. Without TLS only loopback addresses are
  /// accepted.
  ///
  /// @param operators names in certificates that may do more than look
  public static GrpcEndpoint tcp(
      InetSocketAddress address,
      Optional<TlsFiles> tls,
      List<String> operators,
      Collection<? extends BindableService> services,
      HealthBoard health)
      throws IOException {
    if (tls.isEmpty() && !address.getAddress().isLoopbackAddress()) {
      throw new IOException(
          "refusing to listen on "
              + address.getAddress().getHostAddress()
              + ":"
              + address.getPort()
              + " without TLS; allowed: a loopback address, or tls: { ca, certificate, key } in"
              + " carpool.yaml");
    }
    var context =
        tls.isPresent() ? Optional.of(Tls.server(tls.get())) : Optional.<SslContext>empty();
    return new GrpcEndpoint(
        address,
        NioServerSocketChannel.class,
        context,
        services,
        health,
        Optional.of(AccessControl.tcp(operators)));
  }

  /// Listens for the peer node. Without TLS too it may be any address: the replication network is
  /// the operator's, as with the original.
  public static GrpcEndpoint peer(
      InetSocketAddress address,
      Optional<PeerTls> tls,
      Collection<? extends BindableService> services,
      HealthBoard health)
      throws IOException {
    return new GrpcEndpoint(
        address,
        NioServerSocketChannel.class,
        tls.map(PeerTls::grpcServer),
        services,
        health,
        Optional.empty());
  }

  /// The bound port; -1 for a unix socket.
  public int port() {
    return server.getPort();
  }

  /// Stops accepting, ends all streams, lets other calls finish within `deadline`, then cancels
  /// them.
  ///
  /// @throws IOException when the socket's file cannot be removed; everything else is closed then
  public void close(Duration deadline) throws InterruptedException, IOException {
    try {
      if (socketFile != null) {
        socketFile.remove();
      }
    } finally {
      end(deadline);
    }
  }

  private void end(Duration deadline) throws InterruptedException {
    server.shutdown();
    streams.end();
    if (!server.awaitTermination(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
      var _ = server.shutdownNow().awaitTermination(1, TimeUnit.SECONDS);
    }
    release();
  }

  private void release() {
    var _ = acceptors.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    var _ = workers.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    handlers.shutdown();
    timer.shutdownNow();
  }

  private static EventLoopGroup loops(String name, int threads) {
    return new MultiThreadIoEventLoopGroup(
        threads, new DefaultThreadFactory(name, true), NioIoHandler.newFactory());
  }
}
