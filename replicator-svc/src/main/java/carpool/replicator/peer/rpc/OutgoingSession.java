package carpool.replicator.peer.rpc;

import carpool.kit.config.HastAddress;
import carpool.kit.config.HastResource;
import carpool.kit.grpc.PeerTls;
import carpool.peer.v1.Hello;
import carpool.peer.v1.PeerGrpc;
import carpool.peer.v1.PeerMessage;
import carpool.replicator.engine.ResourceEngine;
import carpool.replicator.link.BlockStream;
import carpool.replicator.peer.session.PeerLink;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// One attempt of the calling side, from the first byte to the end of the session.
final class OutgoingSession implements StreamObserver<PeerMessage> {
  static final String ENDED_BY_PEER = "the peer ended the session";

  private final PeerSessions hub;
  private final ResourceEngine engine;
  private final HastResource resource;
  private final InetSocketAddress address;
  private final CountDownLatch answered = new CountDownLatch(1);
  private final CountDownLatch over = new CountDownLatch(1);
  private final AtomicReference<@Nullable PeerMessage> answer = new AtomicReference<>();
  private final AtomicReference<String> end = new AtomicReference<>("");
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private @Nullable PeerLink link;

  OutgoingSession(
      PeerSessions hub, ResourceEngine engine, HastResource resource, HastAddress remote)
      throws IOException {
    this.hub = hub;
    this.engine = engine;
    this.resource = resource;
    var target = remote.hostPort();
    if (target.isEmpty()) {
      throw new IOException(remote.text() + " is not a TCP address");
    }
    this.address = target.get().resolve();
  }

  String run() throws IOException, InterruptedException {
    var requests = PeerGrpc.newStub(hub.channels().shared(address, resource)).session(this);
    try {
      var newLink = hub.open(engine, resource, this::ended);
      if (newLink == null) {
        return "not ready for a session";
      }
      link = newLink.link();
      var hello = ProtoMapper.hello(newLink.hello(), hub.base(resource));
      requests.onNext(PeerMessage.newBuilder().setNumber(1).setHello(hello).build());
      if (!answered.await(PeerSessions.STEP_DEADLINE.toMillis(), TimeUnit.MILLISECONDS)) {
        newLink
            .link()
            .close(
                0, "the peer did not answer in " + PeerSessions.STEP_DEADLINE.toSeconds() + " s");
      } else {
        connect(newLink.link(), hello);
      }
      over.await();
      explain();
      return end.get();
    } finally {
      requests.onCompleted();
    }
  }

  /// Puts into status what stands in the way, when the call itself failed.
  private void explain() {
    var error = failure.get();
    if (error == null) {
      return;
    }
    var trouble = PeerTls.trouble(error);
    if (trouble != null) {
      hub.news().refused(resource.name(), PeerSessions.CERTIFICATE_REFUSED, trouble.text());
    } else if (answer.get() == null) {
      if (hub.plain()
          && !unreachable(error)
          && PeerTls.answersInTls(address, (int) PeerSessions.STEP_DEADLINE.toMillis())) {
        hub.news()
            .refused(
                resource.name(),
                PeerSessions.TLS_DIFFERS,
                "the peer wants TLS; this node's carpool.yaml has no tls:");
      } else {
        hub.news().unreachable(resource.name());
      }
    }
  }

  private static boolean unreachable(Throwable error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof SocketException || cause instanceof SocketTimeoutException) {
        return true;
      }
    }
    return false;
  }

  private void connect(PeerLink newLink, Hello sent) {
    var message = answer.get();
    if (message == null) {
      newLink.close(0, end.get().isEmpty() ? "the peer ended the call" : end.get());
      return;
    }
    if (!message.hasHello()) {
      var refusal = message.getRefused();
      hub.news().refused(resource.name(), refusal.getReason(), refusal.getText());
      newLink.close(0, "refused");
      return;
    }
    var hello = message.getHello();
    SocketChannel channel = null;
    ScheduledFuture<?> late = null;
    try {
      PeerRules.check(hello, resource, hub.cluster());
      channel = SocketChannel.open();
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      var source = resource.local().source().flatMap(HastAddress::hostPort);
      if (source.isPresent()) {
        channel.bind(new InetSocketAddress(source.get().resolve().getAddress(), 0));
      }
      var target = new InetSocketAddress(address.getAddress(), hello.getBlockPort());
      channel.socket().connect(target, (int) PeerSessions.STEP_DEADLINE.toMillis());
      late = hub.deadline(channel);
      var stream = hub.secured(channel, resource);
      var preamble =
          ByteBuffer.allocate(8 + PeerSessions.TOKEN_BYTES)
              .putInt(PeerSessions.PREAMBLE_MAGIC)
              .putInt(PeerSessions.PROTOCOL);
      preamble.put(hello.getToken().toByteArray(), 0, PeerSessions.TOKEN_BYTES).flip();
      BlockStream.writeFully(stream, preamble);
      BlockStream.readFully(stream, ByteBuffer.allocate(4));
      late.cancel(false);
      hub.attach(engine, resource, newLink, stream, sent, hello);
    } catch (IOException | RuntimeException e) {
      var trouble = PeerTls.trouble(e);
      if (trouble != null) {
        hub.news().refused(resource.name(), PeerSessions.CERTIFICATE_REFUSED, trouble.text());
      }
      PeerSessions.closeQuietly(channel);
      newLink.close(0, "block connection: " + e.getMessage());
    } finally {
      if (late != null) {
        late.cancel(false);
      }
    }
  }

  private void ended(String reason) {
    end.compareAndSet("", reason);
    over.countDown();
  }

  @Override
  public void onNext(PeerMessage message) {
    if (answer.compareAndSet(null, message)) {
      answered.countDown();
    }
  }

  @Override
  public void onError(Throwable error) {
    failure.compareAndSet(null, error);
    onEnd(text(error));
  }

  /// The status and what caused it, without the pipeline that netty tells about.
  private static String text(Throwable error) {
    var innermost = error;
    for (var cause = error.getCause(); cause != null; cause = cause.getCause()) {
      innermost = cause;
    }
    var lines = String.valueOf(innermost.getMessage()).split("\n", 2);
    return lines[0];
  }

  @Override
  public void onCompleted() {
    onEnd(ENDED_BY_PEER);
  }

  private void onEnd(String reason) {
    end.compareAndSet("", reason);
    answered.countDown();
    var l = link;
    if (l != null) {
      l.close(0, reason);
    }
  }
}
