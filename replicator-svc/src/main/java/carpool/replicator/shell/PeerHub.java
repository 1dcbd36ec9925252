package carpool.replicator.shell;

import carpool.kit.boot.Startable;
import carpool.kit.config.CarpoolConfig;
import carpool.kit.config.HastAddress;
import carpool.kit.config.HastResource;
import carpool.kit.config.LoadedConfig;
import carpool.kit.config.ReplicatorSettings.SplitBrainPolicy;
import carpool.kit.grpc.Channels;
import carpool.kit.grpc.GrpcEndpoint;
import carpool.kit.grpc.HealthBoard;
import carpool.kit.grpc.PeerTls;
import carpool.peer.v1.GiveWayRequest;
import carpool.peer.v1.GiveWayResponse;
import carpool.peer.v1.Hello;
import carpool.peer.v1.PeerGrpc;
import carpool.peer.v1.PeerMessage;
import carpool.peer.v1.PingRequest;
import carpool.peer.v1.PingResponse;
import carpool.replicator.control.ProtoMapper;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.Role;
import carpool.replicator.link.BlockConnection;
import carpool.replicator.link.BlockStream;
import carpool.replicator.link.Checksum;
import carpool.replicator.link.Coding;
import carpool.replicator.link.Compression;
import carpool.replicator.link.EndCause;
import carpool.replicator.link.TlsStream;
import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sessions with the peer: the gRPC service that the other node calls, the port for block
/// connections, and the calls that this node makes. The node with the lower name calls.
public final class PeerHub implements Startable {
  private static final Logger LOG = LoggerFactory.getLogger(PeerHub.class);
  private static final SecureRandom RANDOM = new SecureRandom();
  static final int PREAMBLE_MAGIC = 0x43505242; // "CPRB"
  static final int PROTOCOL = 1;
  static final int TOKEN_BYTES = 16;
  static final Duration STEP_DEADLINE = Duration.ofSeconds(5);
  static final String CERTIFICATE_REFUSED = "CERTIFICATE_REFUSED";
  static final String TLS_DIFFERS = "TLS_DIFFERS";
  private static final long LOG_PAUSE_NANOS = 10_000_000_000L;
  private static final int TEXT_MAX_CHARS = 400;
  private static final long BACKOFF_MIN_MILLIS = 100;
  private static final long BACKOFF_MAX_MILLIS = 2000;

  private final String node;
  private final HealthBoard health;
  private volatile LoadedConfig current;
  private final long incarnation = RANDOM.nextLong();
  private final Map<String, ResourceShell> shells = new ConcurrentHashMap<>();

  /// Who dials for a resource: one at a time, also after its settings have changed.
  private final Map<String, Long> dialler = new ConcurrentHashMap<>();

  private final AtomicLong lastDialler = new AtomicLong();

  private final Map<String, Awaited> awaited = new ConcurrentHashMap<>();
  private final Map<String, PeerFacts> peers = new ConcurrentHashMap<>();
  private final Map<Target, ManagedChannel> channels = new HashMap<>();
  private final AtomicLong lastSession = new AtomicLong();
  private final List<GrpcEndpoint> endpoints = new ArrayList<>();
  private final List<ServerSocketChannel> blockPorts = new ArrayList<>();
  private final Set<SocketChannel> handshakes = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("link-timer").daemon(true).factory());
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final Map<String, Long> lastRefusalLogNanos = new ConcurrentHashMap<>();
  private volatile boolean stopping;
  private volatile ByteString note = ByteString.EMPTY;
  private Optional<PeerTls> tls = Optional.empty();

  /// What is known of a resource's peer, connected or not.
  ///
  /// @param side what it said of its copy; null when not met since this process started
  record PeerFacts(
      String refusalReason, String refusalText, String configDigest, @Nullable SplitSide side) {}

  private record Target(InetSocketAddress address, Optional<InetAddress> source, String node) {}

  /// A listener's half-open session: waits for the block connection with its token.
  private record Awaited(HastResource resource, PeerLink link, Coding coding, Meeting meeting) {}

  /// The two hellos of a session.
  ///
  /// @param heard the peer's, for the core
  record Meeting(Hello sent, Hello received, carpool.replicator.core.Hello heard) {}

  /// For the injector.
  @Inject
  public PeerHub(LoadedConfig loaded, HealthBoard health) {
    this.current = loaded;
    this.node = loaded.node().value();
    this.health = health;
  }

  @Override
  public String name() {
    return "peer link";
  }

  @Override
  public void start() throws IOException {
    if (config().tls().isPresent()) {
      tls = Optional.of(PeerTls.load(config().tls().get(), this::certificateRefused));
    }
    for (var address : current.hast().listen()) {
      var target = address.hostPort();
      if (target.isEmpty()) {
        throw new IOException("listen " + address.text() + ": a peer connects by TCP");
      }
      listen(target.get().resolve(), address);
    }
    var _ = timer.scheduleWithFixedDelay(this::watch, 500, 250, TimeUnit.MILLISECONDS);
  }

  private void listen(InetSocketAddress address, HastAddress configured) throws IOException {
    if (address.getAddress() instanceof java.net.Inet6Address
        && address.getAddress().isAnyLocalAddress()
        && !endpoints.isEmpty()) {
      return; // the wildcard of IPv4 is there already; this JVM's sockets serve both families
    }
    try {
      endpoints.add(GrpcEndpoint.peer(address, tls, List.of(new Service()), health));
      var blocks = ServerSocketChannel.open();
      blockPorts.add(blocks);
      blocks.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      blocks.bind(new InetSocketAddress(address.getAddress(), config().replicator().blockPort()));
      Thread.ofPlatform().name("block-accept").daemon(true).start(() -> accept(blocks));
    } catch (IOException e) {
      throw new IOException("listen " + configured.text() + ": " + e.getMessage(), e);
    }
    LOG.info(
        "peers at {} and block port {}, {}",
        address,
        config().replicator().blockPort(),
        tls.isPresent() ? "with TLS" : "in the clear");
  }

  @Override
  public void stop(Duration deadline) throws IOException, InterruptedException {
    stopping = true;
    stopped.countDown();
    timer.shutdownNow();
    for (var port : blockPorts) {
      port.close();
    }
    for (var channel : handshakes) {
      channel.close();
    }
    synchronized (channels) {
      channels.values().forEach(ManagedChannel::shutdownNow);
    }
    for (var endpoint : endpoints) {
      endpoint.close(Duration.ofMillis(200));
    }
  }

  // ----- resources

  /// A resource takes part from now on.
  void add(ResourceShell shell, HastResource resource) {
    shells.put(resource.name(), shell);
    var peer = resource.peer();
    if (peer.isPresent()
        && resource.local().remote().isPresent()
        && node.compareTo(peer.get().node().value()) < 0) {
      var dialling = lastDialler.incrementAndGet();
      dialler.put(resource.name(), dialling);
      Thread.ofVirtual()
          .name(resource.name() + "-dial")
          .start(() -> dial(dialling, shell, resource, resource.local().remote().get()));
    }
  }

  private CarpoolConfig config() {
    return current.config();
  }

  /// A reload found this; takes effect with the next frame, session or attempt.
  void configure(LoadedConfig fresh) {
    current = fresh;
  }

  /// Ends the session of a resource whose settings have changed; the next one has the new ones.
  void again(HastResource resource) {
    var shell = shells.get(resource.name());
    if (shell != null) {
      remove(resource.name());
      add(shell, resource);
    }
  }

  /// A resource takes part no more.
  void remove(String resource) {
    dialler.remove(resource);
    var shell = shells.remove(resource);
    if (shell != null) {
      var link = shell.link();
      if (link != null) {
        link.close(0, "resource " + resource + " left");
      }
    }
  }

  /// What the last meeting told.
  @Nullable PeerFacts facts(String resource) {
    return peers.get(resource);
  }

  /// @param peersText what the peer wrote; cut, because a log line is no place for megabytes
  void refused(String resource, String reason, String peersText) {
    var text = oneLine(peersText);
    var before = peers.get(resource);
    peers.put(resource, new PeerFacts(reason, text, "", before == null ? null : before.side()));
    boolean news =
        before == null
            || !before.refusalReason().equals(reason)
            || !before.refusalText().equals(text);
    if (news && mayLog(resource)) {
      LOG.warn("resource={} no session: {} ({})", resource, text, reason);
    }
  }

  private static String oneLine(String text) {
    var line = text.replaceAll("\\p{Cntrl}", " ");
    return line.length() > TEXT_MAX_CHARS ? line.substring(0, TEXT_MAX_CHARS) + "…" : line;
  }

  /// At most one line in ten seconds for a subject, whatever comes over the network.
  private boolean mayLog(String subject) {
    long now = System.nanoTime();
    var last = lastRefusalLogNanos.get(subject);
    if (last != null && now - last < LOG_PAUSE_NANOS) {
      return false;
    }
    lastRefusalLogNanos.put(subject, now);
    return true;
  }

  /// The peer cannot be reached: what it refused before is no longer what is in the way.
  void unreachable(String resource) {
    peers.computeIfPresent(
        resource, (_, facts) -> new PeerFacts("", "", facts.configDigest(), facts.side()));
  }

  /// A certificate was not accepted. Nobody knows yet whose call it was, so every resource whose
  /// peer has to call says so.
  private void certificateRefused(String text) {
    for (var resource : current.hast().resources()) {
      var peer = resource.peer();
      var shell = shells.get(resource.name());
      if (peer.isPresent()
          && node.compareTo(peer.get().node().value()) > 0
          && (shell == null || shell.link() == null)) {
        refused(resource.name(), CERTIFICATE_REFUSED, "this node refuses " + text);
      }
    }
  }

  /// Checks that a TLS session is with the resource's peer; nothing to check without TLS.
  static void requirePeer(@Nullable SSLSession session, HastResource resource) throws IOException {
    var peer = resource.peer();
    if (session != null && peer.isPresent()) {
      PeerTls.requireName(session, peer.get().node().value());
    }
  }

  /// Checks that the gRPC call under way is the peer's.
  void requireCaller(HastResource resource) throws IOException {
    requirePeer(PeerTls.session(), resource);
    if (!fromPeer(resource, PeerTls.callerAddress())) {
      throw new IOException("the call does not come from the address of `remote`");
    }
  }

  /// What the orchestrator of this node leaves for the other's.
  void leave(ByteString word) {
    note = word;
  }

  ByteString note() {
    return note;
  }

  LoadedConfig current() {
    return current;
  }

  String cluster() {
    return config().cluster();
  }

  String node() {
    return node;
  }

  boolean plain() {
    return tls.isEmpty();
  }

  /// The calling side of a block connection.
  BlockStream secured(SocketChannel channel, HastResource resource) throws IOException {
    if (tls.isEmpty()) {
      return BlockStream.plain(channel);
    }
    var stream = TlsStream.handshake(channel, tls.get().clientEngine());
    requirePeer(stream.session(), resource);
    return stream;
  }

  /// Closes `channel` unless the step of the handshake under way ends in time; cancel the result.
  ScheduledFuture<?> deadline(SocketChannel channel) {
    return timer.schedule(
        () -> closeQuietly(channel), STEP_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
  }

  void met(String resource, Hello hello, SplitSide side) {
    peers.put(resource, new PeerFacts("", "", hello.getConfigDigest(), side));
  }

  Optional<HastResource> configured(String resource) {
    return current.hast().resource(resource);
  }

  @Nullable ResourceShell shell(String resource) {
    return shells.get(resource);
  }

  int blockPort() {
    return config().replicator().blockPort();
  }

  static byte[] freshToken() {
    var bytes = new byte[TOKEN_BYTES];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  /// The block connection with this token belongs to `link`; ends the session when it does not
  /// come.
  void expect(String token, HastResource resource, PeerLink link, Coding coding, Meeting meeting) {
    awaited.put(token, new Awaited(resource, link, coding, meeting));
    var _ =
        timer.schedule(
            () -> {
              var late = awaited.remove(token);
              if (late != null) {
                late.link().close(0, "the peer did not open the block connection in time");
              }
            },
            STEP_DEADLINE.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  void forget(String token) {
    awaited.remove(token);
  }

  // ----- watching

  private void watch() {
    for (var shell : shells.values()) {
      try {
        var link = shell.link();
        var connection = link == null ? null : link.connection();
        var resource = configured(shell.name());
        if (link != null && connection != null && resource.isPresent()) {
          watch(link, connection, Patience.of(config().replicator(), resource.get().timeout()));
        }
      } catch (RuntimeException e) {
        LOG.error("resource={} watching the link failed", shell.name(), e);
      }
    }
  }

  private static void watch(PeerLink link, BlockConnection connection, Patience patience) {
    long now = System.nanoTime();
    if (connection.keepAliveDue(now, patience.idleNanos())) {
      // Not here: a peer that does not read must not keep the others from being watched.
      Thread.ofVirtual().name("keep-alive").start(connection::keepAlive);
    }
    if (connection.silentNanos(now) > patience.deadNanos()) {
      connection.close(
          EndCause.SILENT,
          "nothing was heard of the peer for " + Patience.seconds(patience.deadNanos()));
    } else if (link.oldestRequestNanos(now) > patience.requestNanos()) {
      connection.close(
          EndCause.UNANSWERED,
          "the peer is alive, but has not answered a request for "
              + Patience.seconds(patience.requestNanos()));
    }
  }

  // ----- calling

  private void dial(Long dialling, ResourceShell shell, HastResource resource, HastAddress remote) {
    long backoff = BACKOFF_MIN_MILLIS;
    String lastProblem = "";
    while (!stopping && dialling.equals(dialler.get(resource.name()))) {
      try {
        if (shell.ask(ReplicationCore::readyForSession)) {
          long start = System.nanoTime();
          String reason = new PeerCall(this, shell, resource, remote).run();
          boolean lived = System.nanoTime() - start > 2_000_000_000L;
          backoff = lived ? BACKOFF_MIN_MILLIS : Math.min(backoff * 2, BACKOFF_MAX_MILLIS);
          if (!reason.equals(lastProblem)) {
            LOG.info("resource={} session ended: {}", resource.name(), reason);
            lastProblem = reason;
          }
        }
        pause(backoff);
      } catch (InterruptedException e) {
        return;
      } catch (IOException | RuntimeException e) {
        unreachable(resource.name());
        String problem = String.valueOf(e.getMessage());
        if (!problem.equals(lastProblem)) {
          LOG.warn("resource={} cannot reach {}: {}", resource.name(), remote.text(), problem);
          lastProblem = problem;
        }
        backoff = Math.min(backoff * 2, BACKOFF_MAX_MILLIS);
        try {
          pause(backoff);
        } catch (InterruptedException interrupted) {
          return;
        }
      }
    }
  }

  /// Waits before the next attempt; ends at once when the service stops.
  private void pause(long millis) throws InterruptedException {
    var _ = stopped.await(millis, TimeUnit.MILLISECONDS);
  }

  ManagedChannel channel(InetSocketAddress address, HastResource resource) throws IOException {
    var from = resource.local().source().flatMap(HastAddress::hostPort);
    var source =
        from.isPresent()
            ? Optional.of(from.get().resolve().getAddress())
            : Optional.<InetAddress>empty();
    var peer = resource.peer().map(p -> p.node().value()).orElse("");
    synchronized (channels) {
      var channel =
          channels.computeIfAbsent(
              new Target(address, source, peer),
              target ->
                  Channels.peer(
                      target.address(),
                      target.source(),
                      tls,
                      target.node(),
                      config().replicator().keepalive().toMillis()));
      channel.resetConnectBackoff(); // this class has a back-off of its own
      return channel;
    }
  }

  Hello.Builder base(HastResource resource) {
    var checksum = resource.checksum().name().toLowerCase(Locale.ROOT);
    var shell = shells.get(resource.name());
    return Hello.newBuilder()
        .setAloneSinceUnixMillis(shell == null ? 0 : shell.counters().aloneSinceUnixMillis)
        .setLastWriteUnixMillis(shell == null ? 0 : shell.counters().lastWriteUnixMillis)
        .setProtocolMin(PROTOCOL)
        .setProtocolMax(PROTOCOL)
        .setCluster(config().cluster())
        .setResource(resource.name())
        .setConfigDigest(current.digest())
        .setIncarnation(incarnation)
        .setUnixMillis(System.currentTimeMillis())
        .setChecksum(checksum)
        .setPayloadMaxBytes(BlockConnection.PAYLOAD_MAX_BYTES);
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

  record Opened(PeerLink link, carpool.replicator.core.Hello hello) {}

  @Nullable Opened open(
      ResourceShell shell, HastResource resource, java.util.function.Consumer<String> ended) {
    long session = lastSession.incrementAndGet();
    var link =
        new PeerLink(
            shell, session, resource.replication() == HastResource.ReplicationMode.MEMSYNC, ended);
    var hello = shell.connect(link, core -> core.openSession(session));
    return hello == null ? null : new Opened(link, hello);
  }

  void check(Hello hello, HastResource resource) throws IOException {
    if (!hello.getCluster().equals(config().cluster())) {
      throw new IOException(
          "the peer belongs to the cluster `"
              + hello.getCluster()
              + "`, this node to `"
              + config().cluster()
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
    if (hello.getProtocolMin() > PROTOCOL || hello.getProtocolMax() < PROTOCOL) {
      throw new IOException(
          "the peer speaks block protocol "
              + hello.getProtocolMin()
              + " to "
              + hello.getProtocolMax()
              + ", this node "
              + PROTOCOL);
    }
  }

  void attach(
      ResourceShell shell,
      HastResource resource,
      PeerLink link,
      BlockStream stream,
      Hello sent,
      Hello hello)
      throws IOException {
    var metadata = shell.disk().metadata();
    var peerHello = ProtoMapper.hello(hello, metadata.dataSizeBytes());
    var connection =
        new BlockConnection(stream, link, coding(resource, hello), metadata.dataSizeBytes());
    begin(shell, resource, link, connection, new Meeting(sent, hello, peerHello));
  }

  private void begin(
      ResourceShell shell,
      HastResource resource,
      PeerLink link,
      BlockConnection connection,
      Meeting meeting) {
    long extentSize = shell.disk().metadata().extentSizeBytes();
    var theirs = SplitSide.of(meeting.received(), meeting.heard().different(), extentSize);
    met(resource.name(), meeting.received(), theirs);
    link.attach(
        connection, meeting.heard(), () -> decideByPolicy(shell, resource, meeting, theirs));
  }

  /// After both hellos were compared: `split-brain` of carpool.yaml may let this side give way.
  private void decideByPolicy(
      ResourceShell shell, HastResource resource, Meeting meeting, SplitSide theirs) {
    var policy = config().replicator().splitBrain();
    if (policy == SplitBrainPolicy.NONE || !shell.ask(ReplicationCore::splitBrain)) {
      return;
    }
    var metadata = shell.disk().metadata();
    try {
      var told = ProtoMapper.hello(meeting.sent(), metadata.dataSizeBytes());
      var ours = SplitSide.of(meeting.sent(), told.different(), metadata.extentSizeBytes());
      if (!ours.givesWay(policy, theirs)) {
        return;
      }
    } catch (IOException e) {
      throw new IllegalStateException("this node's own hello", e);
    }
    shell.step(core -> {
      if (core.splitBrain() && core.role() != Role.PRIMARY) {
        core.yieldToPeer();
      }
    });
    if (mayLog("split brain of " + resource.name())) {
      LOG.warn(
          "resource={} split brain: by the policy {} this copy gives way{}",
          resource.name(),
          policy,
          shell.ask(ReplicationCore::role) == Role.PRIMARY ? " when it is no longer primary" : "");
    }
  }

  private static Checksum checksum(HastResource.Checksum checksum) {
    return switch (checksum) {
      case NONE -> Checksum.NONE;
      case CRC32 -> Checksum.CRC32;
      case CRC32C -> Checksum.CRC32C;
      case SHA256 -> Checksum.SHA256;
    };
  }

  // ----- being called

  private final class Service extends PeerGrpc.PeerImplBase {
    @Override
    public StreamObserver<PeerMessage> session(StreamObserver<PeerMessage> responses) {
      return new PeerAnswer(PeerHub.this, responses);
    }

    @Override
    public void giveWay(GiveWayRequest request, StreamObserver<GiveWayResponse> response) {
      response.onNext(SurvivorsWord.hear(PeerHub.this, request));
      response.onCompleted();
    }

    @Override
    public void ping(PingRequest request, StreamObserver<PingResponse> response) {
      response.onNext(PeersNote.hear(PeerHub.this, request));
      response.onCompleted();
    }
  }

  private void accept(ServerSocketChannel port) {
    while (!stopping) {
      try {
        var channel = port.accept();
        Thread.ofVirtual().name("block-handshake").start(() -> shake(channel));
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
    var late = deadline(channel);
    try {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      var secure = tls.isPresent() ? TlsStream.handshake(channel, tls.get().serverEngine()) : null;
      var stream = secure == null ? BlockStream.plain(channel) : secure;
      var preamble = ByteBuffer.allocate(8 + TOKEN_BYTES);
      BlockStream.readFully(stream, preamble);
      preamble.flip();
      int magic = preamble.getInt();
      int version = preamble.getInt();
      var token = new byte[TOKEN_BYTES];
      preamble.get(token);
      var waiting =
          magic == PREAMBLE_MAGIC && version == PROTOCOL
              ? awaited.remove(java.util.HexFormat.of().formatHex(token))
              : null;
      if (waiting == null || !fromPeer(waiting.resource(), channel.getRemoteAddress())) {
        if (mayLog("block port")) {
          LOG.warn("block connection from {} refused", channel.getRemoteAddress());
        }
        closeQuietly(channel);
        return;
      }
      late.cancel(false);
      var resource = waiting.resource();
      var shell = shells.get(resource.name());
      if (shell == null) {
        waiting.link().close(0, "the resource left");
        closeQuietly(channel);
        return;
      }
      try {
        requirePeer(secure == null ? null : secure.session(), resource);
      } catch (IOException e) {
        refused(resource.name(), CERTIFICATE_REFUSED, String.valueOf(e.getMessage()));
        waiting.link().close(0, "block connection: " + e.getMessage());
        closeQuietly(channel);
        return;
      }
      BlockStream.writeFully(stream, ByteBuffer.allocate(4).putInt(PREAMBLE_MAGIC).flip());
      var connection =
          new BlockConnection(
              stream, waiting.link(), waiting.coding(), shell.disk().metadata().dataSizeBytes());
      begin(shell, resource, waiting.link(), connection, waiting.meeting());
    } catch (IOException e) {
      LOG.debug("block handshake failed: {}", e.getMessage());
      closeQuietly(channel);
    } finally {
      handshakes.remove(channel);
      late.cancel(false);
    }
  }

  /// As in the original: the connection's address must be that of `remote`.
  private static boolean fromPeer(HastResource resource, @Nullable SocketAddress caller)
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

  static void closeQuietly(@Nullable SocketChannel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        LOG.debug("closing a connection: {}", e.getMessage());
      }
    }
  }
}
