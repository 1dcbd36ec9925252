package carpool.replicator.peer.rpc;

import carpool.peer.v1.AgreeWitnessRequest;
import carpool.peer.v1.AskPromotionRequest;
import carpool.peer.v1.KeepAliveRequest;
import carpool.peer.v1.KeepAliveResponse;
import carpool.peer.v1.OutdatePoolRequest;
import carpool.peer.v1.PoolResponse;
import carpool.replicator.core.Tenure;
import carpool.replicator.quorum.PeerCalls.Claim;
import carpool.replicator.quorum.PoolQuorum;
import carpool.replicator.quorum.Quorums;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the peer asks about a pool that has a witness. Only the peer is answered.
final class PoolAnswers {
  /// A pool has at most this many resources; the witness takes no more in one transaction.
  private static final int RESOURCES_MAX = 128;

  private final PeerSessions hub;
  private final Quorums quorums;

  PoolAnswers(PeerSessions hub, Quorums quorums) {
    this.hub = hub;
    this.quorums = quorums;
  }

  void keepAlive(KeepAliveRequest request, StreamObserver<KeepAliveResponse> response) {
    var out = KeepAliveResponse.newBuilder().setSentNanos(request.getSentNanos());
    if (!trusted(request.getCluster(), response)) {
      return;
    }
    var pool = quorums.pool(request.getPool()).orElse(null);
    if (pool == null) {
      out.setNoWitness(true);
    } else {
      var echo = pool.keepAlive(request.getSentNanos(), request.getLeaseNanos());
      out.setPromised(echo.promised()).setIncarnation(echo.incarnation());
    }
    response.onNext(out.build());
    response.onCompleted();
  }

  void askPromotion(AskPromotionRequest request, StreamObserver<PoolResponse> response) {
    var pool = find(request.getCluster(), request.getPool(), response);
    if (pool != null) {
      var _ =
          pool.peerAsksPromotion(request.getLeaseNanos())
              .thenAccept(granted -> answer(response, granted));
    }
  }

  void outdate(OutdatePoolRequest request, StreamObserver<PoolResponse> response) {
    if (response instanceof ServerCallStreamObserver<PoolResponse> call) {
      call.setOnCancelHandler(() -> {}); // what comes too late is for nobody
    }
    var pool = find(request.getCluster(), request.getPool(), response);
    if (pool == null) {
      return;
    }
    List<Claim> claims = new ArrayList<>();
    if (request.getCopiesCount() > RESOURCES_MAX) {
      malformed(response, "more than " + RESOURCES_MAX + " resources");
      return;
    }
    for (var copy : request.getCopiesList()) {
      claims.add(
          new Claim(
              copy.getResource(),
              new Tenure(request.getNode(), copy.getPrimarySeconds()),
              ProtoMapper.identity(copy.getIdentity())));
    }
    var _ =
        pool.peerAsksOutdate(claims)
            .whenComplete((granted, trouble) -> {
              if (trouble == null) {
                answer(response, granted);
              } else {
                malformed(response, String.valueOf(trouble.getMessage()));
              }
            });
  }

  void agree(AgreeWitnessRequest request, StreamObserver<PoolResponse> response) {
    var pool = find(request.getCluster(), request.getPool(), response);
    if (pool == null) {
      return;
    }
    String refusal;
    try {
      refusal = pool.agree(request.getIncarnation());
    } catch (IOException e) {
      refusal = "it cannot be recorded: " + e.getMessage();
    }
    response.onNext(
        PoolResponse.newBuilder().setGranted(refusal.isEmpty()).setText(refusal).build());
    response.onCompleted();
  }

  private static void answer(StreamObserver<PoolResponse> response, boolean granted) {
    response.onNext(
        PoolResponse.newBuilder()
            .setGranted(granted)
            .setText(granted ? "" : "the peer is primary, or has newer data")
            .build());
    response.onCompleted();
  }

  private static void malformed(StreamObserver<PoolResponse> response, String why) {
    response.onError(Status.FAILED_PRECONDITION.withDescription(why).asRuntimeException());
  }

  /// Null when the call is answered already.
  private @Nullable PoolQuorum find(
      String cluster, String pool, StreamObserver<PoolResponse> response) {
    if (!trusted(cluster, response)) {
      return null;
    }
    var found = quorums.pool(pool).orElse(null);
    if (found == null) {
      response.onNext(PoolResponse.newBuilder().setNoWitness(true).build());
      response.onCompleted();
    }
    return found;
  }

  private boolean trusted(String cluster, StreamObserver<?> response) {
    if (cluster.equals(hub.cluster()) && hub.calledByPeer()) {
      return true;
    }
    response.onError(
        Status.PERMISSION_DENIED
            .withDescription("only the other node of the pair is answered")
            .asRuntimeException());
    return false;
  }
}
