package carpool.replicator.peer.rpc;

import carpool.kit.config.HastAddress;
import carpool.kit.config.HastResource;
import carpool.peer.v1.AgreeWitnessRequest;
import carpool.peer.v1.AskPromotionRequest;
import carpool.peer.v1.KeepAliveRequest;
import carpool.peer.v1.KeepAliveResponse;
import carpool.peer.v1.OutdatePoolRequest;
import carpool.peer.v1.PeerGrpc;
import carpool.peer.v1.PoolCopy;
import carpool.peer.v1.PoolResponse;
import carpool.replicator.quorum.PeerCalls;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The calls of the witness rule to the peer.
final class PoolCalls implements PeerCalls {
  private static final Logger LOG = LoggerFactory.getLogger(PoolCalls.class);
  private static final long DEADLINE_MILLIS = 2000;

  private final PeerSessions hub;

  PoolCalls(PeerSessions hub) {
    this.hub = hub;
  }

  @Override
  public void keepAlive(PoolName pool, long sentNanos, long leaseNanos, Consumer<Echo> answered) {
    ManagedChannel channel;
    try {
      var resource = resource(pool);
      channel = hub.channels().shared(address(resource), resource);
    } catch (IOException e) {
      LOG.debug("pool={} keep-alive: {}", pool.pool(), e.getMessage());
      return;
    }
    PeerGrpc.newStub(channel)
        .withDeadlineAfter(DEADLINE_MILLIS, TimeUnit.MILLISECONDS)
        .keepAlive(
            KeepAliveRequest.newBuilder()
                .setCluster(hub.cluster())
                .setNode(hub.node())
                .setPool(pool.pool())
                .setSentNanos(sentNanos)
                .setLeaseNanos(leaseNanos)
                .build(),
            new StreamObserver<KeepAliveResponse>() {
              @Override
              public void onNext(KeepAliveResponse response) {
                if (response.getSentNanos() == sentNanos) {
                  answered.accept(
                      new Echo(
                          response.getPromised(),
                          response.getNoWitness(),
                          response.getIncarnation()));
                }
              }

              @Override
              public void onError(Throwable error) {
                if (unknown(Status.fromThrowable(error))) {
                  answered.accept(new Echo(false, true, 0));
                }
              }

              @Override
              public void onCompleted() {}
            });
  }

  @Override
  public Answer askPromotion(PoolName pool, long leaseNanos) {
    return ask(
        pool,
        stub ->
            stub.askPromotion(
                AskPromotionRequest.newBuilder()
                    .setCluster(hub.cluster())
                    .setNode(hub.node())
                    .setPool(pool.pool())
                    .setLeaseNanos(leaseNanos)
                    .build()));
  }

  @Override
  public Answer outdate(PoolName pool, List<Claim> claims) {
    var request =
        OutdatePoolRequest.newBuilder()
            .setCluster(hub.cluster())
            .setNode(hub.node())
            .setPool(pool.pool());
    for (var claim : claims) {
      request.addCopies(
          PoolCopy.newBuilder()
              .setResource(claim.resource())
              .setIdentity(ProtoMapper.identity(claim.identity()))
              .setPrimarySeconds(claim.tenure().ticks()));
    }
    return ask(pool, stub -> stub.outdatePool(request.build()));
  }

  @Override
  public Answer agree(PoolName pool, long incarnation) {
    return ask(
        pool,
        stub ->
            stub.agreeWitness(
                AgreeWitnessRequest.newBuilder()
                    .setCluster(hub.cluster())
                    .setNode(hub.node())
                    .setPool(pool.pool())
                    .setIncarnation(incarnation)
                    .build()));
  }

  /// Over a connection of its own: one that stood through a cut may not notice for seconds that the
  /// network is whole again.
  private Answer ask(PoolName pool, Function<PeerGrpc.PeerBlockingStub, PoolResponse> question) {
    try {
      var resource = resource(pool);
      var address = address(resource);
      if (hub.unreachable(resource) || !Reachability.look(address, resource).reached()) {
        return new Answer(Answer.Kind.UNREACHABLE, "the peer cannot be reached");
      }
      var channel = hub.channels().fresh(address, resource);
      try {
        var response =
            question.apply(
                PeerGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(DEADLINE_MILLIS, TimeUnit.MILLISECONDS));
        if (response.getNoWitness()) {
          return new Answer(Answer.Kind.NO_WITNESS, "the peer has no witness configured");
        }
        return new Answer(
            response.getGranted() ? Answer.Kind.GRANTED : Answer.Kind.REFUSED, response.getText());
      } finally {
        channel.shutdownNow();
      }
    } catch (StatusRuntimeException e) {
      return unknown(e.getStatus())
          ? new Answer(Answer.Kind.NO_WITNESS, "the peer is of a version without a witness")
          : new Answer(Answer.Kind.UNREACHABLE, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      return new Answer(Answer.Kind.UNREACHABLE, String.valueOf(e.getMessage()));
    }
  }

  private static boolean unknown(Status status) {
    return status.getCode() == Status.Code.UNIMPLEMENTED;
  }

  private HastResource resource(PoolName pool) throws IOException {
    return hub.configured(pool.resource())
        .orElseThrow(() -> new IOException("resource " + pool.resource() + " is gone"));
  }

  private static InetSocketAddress address(HastResource resource) throws IOException {
    return resource
        .local()
        .remote()
        .flatMap(HastAddress::hostPort)
        .orElseThrow(() -> new IOException("resource " + resource.name() + " has no peer"))
        .resolve();
  }
}
