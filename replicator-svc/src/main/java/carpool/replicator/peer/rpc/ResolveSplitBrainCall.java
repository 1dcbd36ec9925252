package carpool.replicator.peer.rpc;

import carpool.kit.config.HastAddress;
import carpool.kit.config.HastResource;
import carpool.peer.v1.GiveWayRequest;
import carpool.peer.v1.GiveWayResponse;
import carpool.peer.v1.PeerGrpc;
import carpool.replicator.core.Role;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The word of the node that an operator named as survivor of a split brain, to the node that is to
/// give way. It is about one split brain: the generation of the losing copy is named.
public final class ResolveSplitBrainCall {
  private static final Logger LOG = LoggerFactory.getLogger(ResolveSplitBrainCall.class);

  private ResolveSplitBrainCall() {}

  /// Says it.
  ///
  /// @return why the peer does not give way, in a sentence; empty when it does
  public static String say(PeerSessions hub, HastResource resource, long loserGeneration) {
    var address = resource.local().remote().flatMap(HastAddress::hostPort);
    if (address.isEmpty()) {
      return "there is no peer";
    }
    try {
      var answer =
          PeerGrpc.newBlockingStub(hub.channels().shared(address.get().resolve(), resource))
              .withDeadlineAfter(PeerSessions.STEP_DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
              .giveWay(
                  GiveWayRequest.newBuilder()
                      .setCluster(hub.cluster())
                      .setNode(hub.node())
                      .setResource(resource.name())
                      .setLoserGeneration(loserGeneration)
                      .build());
      return answer.getAccepted() ? "" : "the peer does not give way: " + answer.getText();
    } catch (StatusRuntimeException | IOException e) {
      return "the peer cannot be reached (" + e.getMessage() + ")";
    }
  }

  /// Hears it, on the call's thread.
  static GiveWayResponse hear(PeerSessions hub, GiveWayRequest request) {
    var resource = hub.configured(request.getResource()).orElse(null);
    var engine = hub.engine(request.getResource());
    if (resource == null || engine == null || !request.getCluster().equals(hub.cluster())) {
      return refused("RESOURCE_UNKNOWN", "the resource is not in use there");
    }
    try {
      hub.requireCaller(resource);
    } catch (IOException e) {
      return refused("NODE_UNKNOWN", String.valueOf(e.getMessage()));
    }
    var answer = new AtomicReference<>(GiveWayResponse.getDefaultInstance());
    engine.step(core -> {
      var copy = new Copy(core.splitBrain(), core.role(), core.identity().generation());
      var refusal = refusal(copy, resource.name(), request.getLoserGeneration());
      if (refusal.isPresent()) {
        answer.set(refusal.get());
      } else {
        core.yieldToPeer();
        answer.set(GiveWayResponse.newBuilder().setAccepted(true).build());
      }
    });
    LOG.warn(
        "resource={} split brain: {} is to survive; {}",
        resource.name(),
        request.getNode(),
        answer.get().getAccepted() ? "this copy gives way" : answer.get().getText());
    return answer.get();
  }

  /// The copy that is to give way, as it is now.
  record Copy(boolean splitBrain, Role role, long generation) {}

  /// Why a copy does not give way; empty when it does.
  ///
  /// @param loserGeneration what the operator saw
  static Optional<GiveWayResponse> refusal(Copy copy, String resource, long loserGeneration) {
    if (!copy.splitBrain()) {
      return Optional.of(refused("NO_SPLIT_BRAIN", "it has no split brain"));
    }
    if (copy.role() == Role.PRIMARY) {
      return Optional.of(
          refused(
              "PRIMARY",
              "it is primary, its copy is in use; there: carpool maintenance on, or carpool role"
                  + " secondary "
                  + resource));
    }
    return copy.generation() == loserGeneration
        ? Optional.empty()
        : Optional.of(refused("GENERATION_DIFFERS", "it was written again since; look again"));
  }

  private static GiveWayResponse refused(String reason, String text) {
    return GiveWayResponse.newBuilder().setReason(reason).setText(text).build();
  }
}
