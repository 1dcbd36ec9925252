package carpool.replicator.peer.rpc;

import carpool.kit.config.HastAddress;
import carpool.kit.config.HastResource;
import carpool.peer.v1.LeaveRequest;
import carpool.peer.v1.LeaveResponse;
import carpool.peer.v1.PeerGrpc;
import carpool.replicator.core.Effect;
import carpool.replicator.core.Leave;
import carpool.replicator.core.Tenure;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A primary's question whether it may go on without its peer, and the answer to the peer's.
final class OutdatePeerCall {
  private static final Logger LOG = LoggerFactory.getLogger(OutdatePeerCall.class);

  /// Clients wait for it. Long enough for a new connection and one record on the peer's disk.
  private static final long DEADLINE_MILLIS = 2500;

  private OutdatePeerCall() {}

  /// Asks, on the caller's thread.
  static Leave ask(
      PeerSessions hub,
      HastResource resource,
      Effect.AskLeave question,
      UnreachablePeerCache silence) {
    var remote = resource.local().remote().flatMap(HastAddress::hostPort);
    if (remote.isEmpty() || silence.justNow(PeerSessions.peer(resource), System.nanoTime())) {
      return Leave.UNREACHABLE;
    }
    try {
      var address = remote.get().resolve();
      var found = Reachability.look(address, resource);
      if (!found.reached()) {
        silence.note(PeerSessions.peer(resource), found.lastNanos());
        LOG.info("resource={} the peer cannot be reached: going on without it", resource.name());
        return Leave.UNREACHABLE;
      }
      var channel = hub.channels().fresh(address, resource);
      try {
        var leave = ask(hub, resource, question, PeerGrpc.newBlockingStub(channel));
        LOG.info("resource={} going on without the peer? It answers {}", resource.name(), leave);
        return leave;
      } finally {
        channel.shutdownNow();
      }
    } catch (StatusRuntimeException | IOException e) {
      LOG.info("resource={} no answer of the peer: {}", resource.name(), e.getMessage());
      return Leave.UNREACHABLE;
    }
  }

  private static Leave ask(
      PeerSessions hub,
      HastResource resource,
      Effect.AskLeave question,
      PeerGrpc.PeerBlockingStub stub) {
    var request =
        LeaveRequest.newBuilder()
            .setCluster(hub.cluster())
            .setNode(hub.node())
            .setResource(resource.name())
            .setPrimarySeconds(question.tenure().ticks())
            .setIdentity(ProtoMapper.identity(question.identity()))
            .build();
    return ProtoMapper.leave(
        stub.withDeadlineAfter(DEADLINE_MILLIS, TimeUnit.MILLISECONDS)
            .askLeave(request)
            .getLeave());
  }

  /// Answers, on the call's thread or the one that has recorded it.
  static void hear(PeerSessions hub, LeaveRequest request, StreamObserver<LeaveResponse> response) {
    if (response instanceof ServerCallStreamObserver<LeaveResponse> call) {
      call.setOnCancelHandler(() -> {}); // what comes too late is for nobody
    }
    var resource = hub.configured(request.getResource()).orElse(null);
    var engine = hub.engine(request.getResource());
    if (resource == null || engine == null || !request.getCluster().equals(hub.cluster())) {
      answer(response, Leave.UNRELATED);
      return;
    }
    try {
      hub.requireCaller(resource);
    } catch (IOException e) {
      response.onError(
          Status.PERMISSION_DENIED.withDescription(e.getMessage()).asRuntimeException());
      return;
    }
    var _ =
        engine
            .peerAsksLeave(
                new Tenure(request.getNode(), request.getPrimarySeconds()),
                ProtoMapper.identity(request.getIdentity()))
            .thenAccept(leave -> {
              LOG.info(
                  "resource={} {} goes on without this node? {}",
                  resource.name(),
                  request.getNode(),
                  leave);
              answer(response, leave);
            });
  }

  private static void answer(StreamObserver<LeaveResponse> response, Leave leave) {
    response.onNext(LeaveResponse.newBuilder().setLeave(ProtoMapper.leave(leave)).build());
    response.onCompleted();
  }
}
