package carpool.replicator.peer.rpc;

import carpool.kit.config.HastAddress;
import carpool.kit.config.HastResource;
import carpool.peer.v1.PeerGrpc;
import carpool.peer.v1.PingRequest;
import carpool.peer.v1.PingResponse;
import carpool.replicator.v1.AskPeerResponse;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/// What the orchestrators of a pair tell each other: each leaves a note at its replicator, which
/// shows it to the other node and to nobody else. Besides, the clocks of both are compared.
public final class PeerInfoExchange {
  /// A note is a few kilobytes; more is refused by the control service.
  public static final int BYTES_MAX = 256 * 1024;

  private PeerInfoExchange() {}

  /// Asks the node at the other end of this resource.
  public static AskPeerResponse ask(PeerSessions hub, HastResource resource) {
    var out = AskPeerResponse.newBuilder();
    var remote = resource.local().remote().flatMap(HastAddress::hostPort);
    if (remote.isEmpty()) {
      return out.setProblem("there is no peer").build();
    }
    try {
      var address = remote.get().resolve();
      out.setAddress(address.getAddress().getHostAddress());
      var stub = PeerGrpc.newBlockingStub(hub.channels().shared(address, resource));
      var request = PingRequest.newBuilder().setCluster(hub.cluster()).setNode(hub.node()).build();
      // The first call may have to connect: the second one measures.
      var _ = ping(stub, request);
      var begin = System.nanoTime();
      var beginMillis = System.currentTimeMillis();
      var answer = ping(stub, request);
      var nanos = System.nanoTime() - begin;
      if (answer.hasNoteAgeMillis()) {
        out.setNoteAgeMillis(answer.getNoteAgeMillis());
      }
      return out.setReached(true)
          .setNode(answer.getNode())
          .setConfigDigest(answer.getConfigDigest())
          .setOwnConfigDigest(hub.current().digest())
          .setPeerUnixMillis(answer.getUnixMillis())
          .setOwnUnixMillis(beginMillis + nanos / 2_000_000)
          .setRoundTripMicros(nanos / 1000)
          .setNote(answer.getNote())
          .build();
    } catch (StatusRuntimeException | IOException e) {
      return out.setProblem("the peer cannot be reached (" + e.getMessage() + ")").build();
    }
  }

  private static PingResponse ping(PeerGrpc.PeerBlockingStub stub, PingRequest request) {
    return stub.withDeadlineAfter(PeerSessions.STEP_DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
        .ping(request);
  }

  /// Answers, on the call's thread. The note is for the peer alone.
  static PingResponse hear(PeerSessions hub, PingRequest request) {
    var out =
        PingResponse.newBuilder()
            .setCluster(hub.cluster())
            .setNode(hub.node())
            .setConfigDigest(hub.current().digest());
    if (request.getCluster().equals(hub.cluster()) && hub.calledByPeer()) {
      var note = hub.note();
      out.setNote(note.word()).setNoteAgeMillis((System.nanoTime() - note.leftNanos()) / 1_000_000);
    }
    return out.setUnixMillis(System.currentTimeMillis()).build();
  }
}
