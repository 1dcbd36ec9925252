package carpool.replicator.peer.rpc;

import carpool.kit.grpc.PeerTls;
import carpool.peer.v1.PeerMessage;
import carpool.peer.v1.Refused;
import carpool.replicator.engine.ResourceEngine;
import carpool.replicator.link.Coding;
import carpool.replicator.peer.session.PeerLink;
import com.google.protobuf.ByteString;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.HexFormat;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/// One call of the peer.
final class IncomingSession implements StreamObserver<PeerMessage> {
  private final PeerSessions hub;
  private final StreamObserver<PeerMessage> responses;
  private final @Nullable SSLSession tlsSession;
  private boolean completed;
  private @Nullable PeerLink link;
  private @Nullable String token;

  /// Made inside the call, whose connection tells who the peer is.
  IncomingSession(PeerSessions hub, StreamObserver<PeerMessage> responses) {
    this.hub = hub;
    this.tlsSession = PeerTls.session();
    this.responses = responses;
  }

  @Override
  public void onNext(PeerMessage message) {
    if (link != null || !message.hasHello()) {
      return;
    }
    var hello = message.getHello();
    var resource = hub.configured(hello.getResource()).orElse(null);
    var engine = hub.engine(hello.getResource());
    if (resource == null) {
      refuse("RESOURCE_UNKNOWN", "the resource is not configured here");
      return;
    }
    try {
      PeerRules.requirePeer(tlsSession, resource);
    } catch (IOException e) {
      hub.news()
          .refused(
              resource.name(),
              PeerSessions.CERTIFICATE_REFUSED,
              "this node refuses: " + e.getMessage());
      refuse(PeerSessions.CERTIFICATE_REFUSED, String.valueOf(e.getMessage()));
      return;
    }
    Coding coding;
    try {
      PeerRules.check(hello, resource, hub.cluster());
      coding = PeerRules.coding(resource, hello);
    } catch (IOException e) {
      refuse("CLUSTER_DIFFERS", String.valueOf(e.getMessage()));
      return;
    }
    if (engine == null) {
      refuse("ROLE_INIT", "the resource is not in use on this node (role init)");
      return;
    }
    carpool.replicator.core.Hello peerHello;
    try {
      // Before anything is opened that would have to be closed again.
      peerHello = ProtoMapper.hello(hello, engine.disk().metadata().dataSizeBytes());
    } catch (IOException e) {
      refuse("HELLO_MALFORMED", String.valueOf(e.getMessage()));
      return;
    }
    var opened = hub.open(engine, resource, reason -> ended(engine, reason));
    if (opened == null) {
      refuse(
          "BUSY",
          "an earlier session is still ending, or this node waits a while before it meets a slow peer again");
      return;
    }
    link = opened.link();
    byte[] bytes = PeerSessions.freshToken();
    var key = HexFormat.of().formatHex(bytes);
    token = key;
    var answer =
        ProtoMapper.hello(
            opened.hello(),
            hub.base(resource).setToken(ByteString.copyFrom(bytes)).setBlockPort(hub.blockPort()));
    hub.blocks()
        .expect(
            key,
            resource,
            opened.link(),
            coding,
            new PeerSessions.Meeting(answer, hello, peerHello));
    send(PeerMessage.newBuilder().setNumber(1).setHello(answer).build());
  }

  private void refuse(String reason, String text) {
    send(
        PeerMessage.newBuilder()
            .setNumber(1)
            .setRefused(Refused.newBuilder().setReason(reason).setText(text))
            .build());
    complete();
  }

  private synchronized void send(PeerMessage message) {
    if (!completed) {
      responses.onNext(message);
    }
  }

  private synchronized void complete() {
    if (!completed) {
      completed = true;
      responses.onCompleted();
    }
  }

  private void ended(ResourceEngine engine, String reason) {
    hub.news().ended(engine.name(), Connector.told(engine, reason));
    complete();
  }

  private void close(String reason) {
    var t = token;
    if (t != null) {
      hub.blocks().forget(t);
    }
    var l = link;
    if (l != null) {
      l.close(0, reason);
    }
  }

  @Override
  public void onError(Throwable error) {
    close("the peer's call broke: " + error.getMessage());
  }

  @Override
  public void onCompleted() {
    close(OutgoingSession.ENDED_BY_PEER);
    complete();
  }
}
