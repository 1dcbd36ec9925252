package carpool.replicator.peer.rpc;

import carpool.kit.boot.Startable;
import carpool.kit.config.CarpoolConfig;
import carpool.kit.config.HastAddress;
import carpool.kit.config.HastResource;
import carpool.kit.config.LoadedConfig;
import carpool.kit.grpc.GrpcEndpoint;
import carpool.kit.grpc.HealthBoard;
import carpool.kit.grpc.PeerTls;
import carpool.kit.loop.Guarded;
import carpool.peer.v1.AgreeWitnessRequest;
import carpool.peer.v1.AskPromotionRequest;
import carpool.peer.v1.GiveWayRequest;
import carpool.peer.v1.GiveWayResponse;
import carpool.peer.v1.Hello;
import carpool.peer.v1.KeepAliveRequest;
import carpool.peer.v1.KeepAliveResponse;
import carpool.peer.v1.LeaveRequest;
import carpool.peer.v1.LeaveResponse;
import carpool.peer.v1.OutdatePoolRequest;
import carpool.peer.v1.PeerGrpc;
import carpool.peer.v1.PeerMessage;
import carpool.peer.v1.PingRequest;
import carpool.peer.v1.PingResponse;
import carpool.peer.v1.PoolResponse;
import carpool.replicator.core.Effect;
import carpool.replicator.engine.ResourceEngine;
import carpool.replicator.link.BlockConnection;
import carpool.replicator.link.BlockStream;
import carpool.replicator.peer.session.LinkWatch;
import carpool.replicator.peer.session.PauseDetector;
import carpool.replicator.peer.session.PeerLink;
import carpool.replicator.peer.session.PeerTimeouts;
import carpool.replicator.quorum.Quorums;
import carpool.replicator.stream.BlockingTransport;
import carpool.replicator.stream.TlsTransport;
import com.google.protobuf.ByteString;
import io.grpc.stub.StreamObserver;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sessions with the peer: the gRPC service that the other node calls, the port for block
/// connections, and the calls that this node makes. The node with the lower name calls.
public final class PeerSessions implements Startable {
  private static final Logger LOG = LoggerFactory.getLogger(PeerSessions.class);
  private static final SecureRandom RANDOM = new SecureRandom();
  static final int PREAMBLE_MAGIC = 0x43505242; // "CPRB"
  static final int PROTOCOL = 1;
  static final int TOKEN_BYTES = 16;

  /// TLS records that go out with one system call: enough for a burst of small writes.
  private static final int RECORDS_AT_ONCE = 8;

  static final Duration STEP_DEADLINE = Duration.ofSeconds(5);
  static final String CERTIFICATE_REFUSED = "CERTIFICATE_REFUSED";
  static final String TLS_DIFFERS = "TLS_DIFFERS";

  private final String node;
  private final HealthBoard health;
  private volatile LoadedConfig current;
  private final long incarnation = RANDOM.nextLong();
  private final Map<String, ResourceEngine> engines = new ConcurrentHashMap<>();

  private final PeerStatus news = new PeerStatus();
  private final PauseDetector punctual = new PauseDetector(System.nanoTime());
  private final UnreachablePeerCache silence = new UnreachablePeerCache();
  private final Connector dialler = new Connector(this);
  private final DataListener blocks = new DataListener(this);
  private volatile PeerChannels channels =
      new PeerChannels(Optional.empty(), this::keepAliveMillis);
  private final AtomicLong lastSession = new AtomicLong();
  private final List<GrpcEndpoint> endpoints = new ArrayList<>();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("link-timer").daemon(true).factory());
  private volatile Note note = new Note(ByteString.EMPTY, System.nanoTime());
  private Optional<PeerTls> tls = Optional.empty();
  private final Quorums quorums;
  private final PoolAnswers poolAnswers;

  /// @param leftNanos when
  record Note(ByteString word, long leftNanos) {}

  /// The two hellos of a session.
  ///
  /// @param heard the peer's, for the core
  record Meeting(Hello sent, Hello received, carpool.replicator.core.Hello heard) {}

  /// For the injector.
  @Inject
  public PeerSessions(LoadedConfig loaded, HealthBoard health, Quorums quorums) {
    this.current = loaded;
    this.node = loaded.node().value();
    this.health = health;
    this.quorums = quorums;
    poolAnswers = new PoolAnswers(this, quorums);
  }

  @Override
  public String name() {
    return "peer link";
  }

  @Override
  public void start() throws IOException {
    quorums.connect(new PoolCalls(this));
    if (config().tls().isPresent()) {
      tls = Optional.of(PeerTls.load(config().tls().get(), this::certificateRefused));
      channels = new PeerChannels(tls, this::keepAliveMillis);
    }
    for (var address : current.hast().listen()) {
      var target = address.hostPort();
      if (target.isEmpty()) {
        throw new IOException("listen " + address.text() + ": a peer connects by TCP");
      }
      listen(target.get().resolve(), address);
    }
    var watch = Guarded.task("watching the links", this::watch);
    var _ = timer.scheduleWithFixedDelay(watch, 500, 250, TimeUnit.MILLISECONDS);
  }

  private void listen(InetSocketAddress address, HastAddress configured) throws IOException {
    if (address.getAddress() instanceof java.net.Inet6Address
        && address.getAddress().isAnyLocalAddress()
        && !endpoints.isEmpty()) {
      return; // the wildcard of IPv4 is there already; this JVM's sockets serve both families
    }
    try {
      endpoints.add(GrpcEndpoint.peer(address, tls, List.of(new Service()), health));
      blocks.listen(new InetSocketAddress(address.getAddress(), config().replicator().blockPort()));
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
    dialler.stop();
    timer.shutdownNow();
    blocks.stop();
    channels.close();
    for (var endpoint : endpoints) {
      endpoint.close(Duration.ofMillis(200));
    }
  }

  // ----- resources

  /// A resource takes part from now on.
  public void add(ResourceEngine engine, HastResource resource) {
    engines.put(resource.name(), engine);
    var peer = resource.peer();
    if (peer.isPresent()
        && resource.local().remote().isPresent()
        && node.compareTo(peer.get().node().value()) < 0) {
      dialler.start(engine, resource, resource.local().remote().get());
    }
  }

  private CarpoolConfig config() {
    return current.config();
  }

  /// A reload found this; takes effect with the next frame, session or attempt.
  public void configure(LoadedConfig fresh) {
    current = fresh;
  }

  /// Ends the session of a resource whose settings have changed; the next one has the new ones.
  public void again(HastResource resource) {
    var engine = engines.get(resource.name());
    if (engine != null) {
      remove(resource.name());
      add(engine, resource);
    }
  }

  /// A resource takes part no more.
  public void remove(String resource) {
    dialler.end(resource);
    var engine = engines.remove(resource);
    if (engine != null) {
      var session = engine.peer();
      if (session != null) {
        session.close(0, "resource " + resource + " left");
      }
    }
  }

  public PeerStatus news() {
    return news;
  }

  DataListener blocks() {
    return blocks;
  }

  Optional<PeerTls> tls() {
    return tls;
  }

  ScheduledExecutorService timer() {
    return timer;
  }

  /// A certificate was not accepted. Nobody knows yet whose call it was, so every resource whose
  /// peer has to call says so.
  private void certificateRefused(String text) {
    for (var resource : current.hast().resources()) {
      var peer = resource.peer();
      var engine = engines.get(resource.name());
      if (peer.isPresent()
          && node.compareTo(peer.get().node().value()) > 0
          && (engine == null || engine.peer() == null)) {
        news.refused(resource.name(), CERTIFICATE_REFUSED, "this node refuses " + text);
      }
    }
  }

  /// Checks that the gRPC call under way is the peer's.
  void requireCaller(HastResource resource) throws IOException {
    PeerRules.requirePeer(PeerTls.session(), resource);
    if (!PeerRules.fromPeer(resource, PeerTls.callerAddress())) {
      throw new IOException("the call does not come from the address of `remote`");
    }
  }

  /// The gRPC call under way is that of the other node of the pair.
  boolean calledByPeer() {
    for (var resource : current.hast().resources()) {
      try {
        requireCaller(resource);
        return true;
      } catch (IOException _) {
        // Perhaps the peer of another resource.
      }
    }
    return false;
  }

  /// Nothing was heard of the peer of this resource a moment ago.
  boolean unreachable(HastResource resource) {
    return silence.justNow(peer(resource), System.nanoTime());
  }

  /// What the orchestrator of this node leaves for the other's.
  public void leave(ByteString word) {
    note = new Note(word, System.nanoTime());
  }

  Note note() {
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
    var secure = secured(channel, tls.get().clientEngine());
    PeerRules.requirePeer(secure.session(), resource);
    return BlockStream.over(secure);
  }

  /// TLS over a connected channel, after the handshake. Ended from outside by closing the channel.
  static TlsTransport secured(SocketChannel channel, SSLEngine engine) throws IOException {
    var secure =
        new TlsTransport(
            new BlockingTransport(channel), engine, RECORDS_AT_ONCE, TlsTransport.Farewell.NONE);
    secure.handshake(0);
    return secure;
  }

  /// Closes `channel` unless the step of the handshake under way ends in time; cancel the result.
  ScheduledFuture<?> deadline(SocketChannel channel) {
    return timer.schedule(
        () -> closeQuietly(channel), STEP_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
  }

  Optional<HastResource> configured(String resource) {
    return current.hast().resource(resource);
  }

  @Nullable ResourceEngine engine(String resource) {
    return engines.get(resource);
  }

  int blockPort() {
    return config().replicator().blockPort();
  }

  static byte[] freshToken() {
    var bytes = new byte[TOKEN_BYTES];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  // ----- watching

  private void watch() {
    punctual.look(System.nanoTime());
    for (var engine : engines.values()) {
      try {
        var link = engine.peer() instanceof PeerLink session ? session : null;
        var connection = link == null ? null : link.connection();
        var resource = configured(engine.name());
        if (link != null && connection != null && resource.isPresent()) {
          var patience = PeerTimeouts.of(config().replicator(), resource.get().timeout());
          LinkWatch.look(
              link, connection, patience, punctual, now -> silence.note(peer(resource.get()), now));
        }
      } catch (RuntimeException e) {
        LOG.error("resource={} watching the link failed", engine.name(), e);
      }
    }
  }

  // ----- calling

  /// Name of the node at the other end.
  public static String peer(HastResource resource) {
    return resource.peer().map(p -> p.node().value()).orElse("");
  }

  PeerChannels channels() {
    return channels;
  }

  private long keepAliveMillis() {
    return config().replicator().keepalive().toMillis();
  }

  Hello.Builder base(HastResource resource) {
    var checksum = resource.checksum().name().toLowerCase(Locale.ROOT);
    var engine = engines.get(resource.name());
    return Hello.newBuilder()
        .setAloneSinceUnixMillis(engine == null ? 0 : engine.counters().aloneSinceUnixMillis)
        .setLastWriteUnixMillis(engine == null ? 0 : engine.counters().lastWriteUnixMillis)
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

  record Opened(PeerLink link, carpool.replicator.core.Hello hello) {}

  @Nullable Opened open(
      ResourceEngine engine, HastResource resource, java.util.function.Consumer<String> ended) {
    long session = lastSession.incrementAndGet();
    var link =
        new PeerLink(
            engine, session, resource.replication() == HastResource.ReplicationMode.MEMSYNC, ended);
    var hello = engine.connect(link, core -> core.openSession(session));
    return hello == null ? null : new Opened(link, hello);
  }

  void attach(
      ResourceEngine engine,
      HastResource resource,
      PeerLink link,
      BlockStream stream,
      Hello sent,
      Hello hello)
      throws IOException {
    var metadata = engine.disk().metadata();
    var peerHello = ProtoMapper.hello(hello, metadata.dataSizeBytes());
    var connection =
        new BlockConnection(
            stream, link, PeerRules.coding(resource, hello), metadata.dataSizeBytes());
    begin(engine, resource, link, connection, new Meeting(sent, hello, peerHello));
  }

  void begin(
      ResourceEngine engine,
      HastResource resource,
      PeerLink link,
      BlockConnection connection,
      Meeting meeting) {
    long extentSize = engine.disk().metadata().extentSizeBytes();
    var theirs = SplitSide.of(meeting.received(), meeting.heard().different(), extentSize);
    news.met(resource.name(), meeting.received(), theirs);
    link.attach(
        connection,
        meeting.heard(),
        () ->
            SplitBrainRule.apply(
                config().replicator().splitBrain(), news, engine, resource, meeting, theirs));
  }

  /// Asks the peer whether this primary may go on without it; the core is told the answer.
  public void askLeave(ResourceEngine engine, HastResource resource, Effect.AskLeave question) {
    Thread.ofVirtual()
        .name(resource.name() + "-leave")
        .start(() -> {
          var leave = OutdatePeerCall.ask(this, resource, question, silence);
          engine.step(c -> c.leaveAnswered(question.question(), leave));
        });
  }

  // ----- being called

  private final class Service extends PeerGrpc.PeerImplBase {
    @Override
    public StreamObserver<PeerMessage> session(StreamObserver<PeerMessage> responses) {
      return new IncomingSession(PeerSessions.this, responses);
    }

    @Override
    public void giveWay(GiveWayRequest request, StreamObserver<GiveWayResponse> response) {
      response.onNext(ResolveSplitBrainCall.hear(PeerSessions.this, request));
      response.onCompleted();
    }

    @Override
    public void askLeave(LeaveRequest request, StreamObserver<LeaveResponse> response) {
      OutdatePeerCall.hear(PeerSessions.this, request, response);
    }

    @Override
    public void keepAlive(KeepAliveRequest request, StreamObserver<KeepAliveResponse> response) {
      poolAnswers.keepAlive(request, response);
    }

    @Override
    public void askPromotion(AskPromotionRequest request, StreamObserver<PoolResponse> response) {
      poolAnswers.askPromotion(request, response);
    }

    @Override
    public void outdatePool(OutdatePoolRequest request, StreamObserver<PoolResponse> response) {
      poolAnswers.outdate(request, response);
    }

    @Override
    public void agreeWitness(AgreeWitnessRequest request, StreamObserver<PoolResponse> response) {
      poolAnswers.agree(request, response);
    }

    @Override
    public void ping(PingRequest request, StreamObserver<PingResponse> response) {
      response.onNext(PeerInfoExchange.hear(PeerSessions.this, request));
      response.onCompleted();
    }
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
