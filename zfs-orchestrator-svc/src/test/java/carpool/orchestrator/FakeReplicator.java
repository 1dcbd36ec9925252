package carpool.orchestrator;

import carpool.common.v1.ErrorDetail;
import carpool.replicator.v1.AskPeerRequest;
import carpool.replicator.v1.AskPeerResponse;
import carpool.replicator.v1.CutOffRequest;
import carpool.replicator.v1.CutOffResponse;
import carpool.replicator.v1.DiskState;
import carpool.replicator.v1.Export;
import carpool.replicator.v1.GetStatusRequest;
import carpool.replicator.v1.GetStatusResponse;
import carpool.replicator.v1.LinkState;
import carpool.replicator.v1.ReplicatorGrpc;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Role;
import carpool.replicator.v1.SetRoleRequest;
import carpool.replicator.v1.SetRoleResponse;
import carpool.replicator.v1.SetRoleResult;
import carpool.replicator.v1.WatchStatusEvent;
import carpool.replicator.v1.WatchStatusRequest;
import com.google.protobuf.ByteString;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/// A replicator that does as it is told and copies nothing.
final class FakeReplicator extends ReplicatorGrpc.ReplicatorImplBase {
  private final Map<String, Resource> resources = new LinkedHashMap<>();
  private final List<StreamObserver<WatchStatusEvent>> watchers = new ArrayList<>();
  private final List<String> calls = new ArrayList<>();
  private String refusal = "";
  private boolean peerReachable = true;
  private ByteString left = ByteString.EMPTY;
  private AskPeerResponse peer = AskPeerResponse.newBuilder().setProblem("no peer").build();
  private long number;
  private int asked;

  FakeReplicator(String... names) {
    for (var name : names) {
      resources.put(
          name,
          Resource.newBuilder()
              .setName(name)
              .setRole(Role.ROLE_INIT)
              .setPeerNode("hast2")
              .setRemoteAddress("tcp4://127.0.0.2")
              .setLink(LinkState.LINK_STATE_CONNECTED)
              .setDisk(DiskState.DISK_STATE_UP_TO_DATE)
              .setPeerDisk(DiskState.DISK_STATE_UP_TO_DATE)
              .setPeerRole(Role.ROLE_SECONDARY)
              .build());
    }
  }

  /// From now on SetRole(PRIMARY) is refused with this reason; empty: allowed.
  synchronized void refuse(String reason) {
    refusal = reason;
  }

  /// From now on the peer cannot be asked.
  synchronized void peerUnreachable() {
    peerReachable = false;
  }

  synchronized void change(String event, UnaryOperator<Resource.Builder> change) {
    resources.replaceAll((_, resource) -> change.apply(resource.toBuilder()).build());
    resources.values().forEach(resource -> tell(event, resource));
  }

  synchronized List<String> calls() {
    return List.copyOf(calls);
  }

  private void tell(String event, Resource resource) {
    number++;
    var message =
        WatchStatusEvent.newBuilder()
            .setNumber(number)
            .setEvent(event)
            .setResource(resource)
            .build();
    List.copyOf(watchers).forEach(watcher -> watcher.onNext(message));
  }

  private synchronized void gone(StreamObserver<WatchStatusEvent> watcher) {
    watchers.remove(watcher);
  }

  @Override
  public synchronized void watchStatus(
      WatchStatusRequest request, StreamObserver<WatchStatusEvent> answer) {
    ((ServerCallStreamObserver<WatchStatusEvent>) answer).setOnCancelHandler(() -> gone(answer));
    watchers.add(answer);
    resources
        .values()
        .forEach(resource ->
            answer.onNext(
                WatchStatusEvent.newBuilder().setEvent("snapshot").setResource(resource).build()));
  }

  @Override
  public synchronized void getStatus(
      GetStatusRequest request, StreamObserver<GetStatusResponse> answer) {
    answer.onNext(GetStatusResponse.newBuilder().addAllResources(resources.values()).build());
    answer.onCompleted();
  }

  @Override
  public synchronized void setRole(SetRoleRequest request, StreamObserver<SetRoleResponse> answer) {
    calls.add(request.getRole().name());
    var out = SetRoleResponse.newBuilder();
    var primary = request.getRole() == Role.ROLE_PRIMARY;
    for (var name : request.getResourcesList()) {
      var result = SetRoleResult.newBuilder().setResource(name);
      if (primary && !refusal.isEmpty() && !request.getForce()) {
        result.setError(ErrorDetail.newBuilder().setReason(refusal).setHint("wait"));
      } else if (primary && request.getPeerWordNeeded() && !peerReachable) {
        result
            .setMessage("the peer could not be asked")
            .setError(ErrorDetail.newBuilder().setReason("PEER_UNHEARD"));
      } else {
        resources.computeIfPresent(
            name,
            (_, resource) ->
                resource.toBuilder()
                    .setRole(request.getRole())
                    .setExport(Export.newBuilder().setDeviceReady(primary))
                    .build());
      }
      out.addResults(result);
    }
    resources.values().forEach(resource -> tell("role", resource));
    answer.onNext(out.build());
    answer.onCompleted();
  }

  /// What the other node answers from now on.
  synchronized void peerAnswers(AskPeerResponse response) {
    peer = response;
    asked = 0;
  }

  /// How often this answer was asked for.
  synchronized int asked() {
    return asked;
  }

  /// What the orchestrator of this node left last.
  synchronized ByteString left() {
    return left;
  }

  @Override
  public synchronized void askPeer(AskPeerRequest request, StreamObserver<AskPeerResponse> answer) {
    if (!request.getNote().isEmpty()) {
      left = request.getNote();
    }
    asked += request.getLeaveOnly() ? 0 : 1;
    answer.onNext(request.getLeaveOnly() ? AskPeerResponse.getDefaultInstance() : peer);
    answer.onCompleted();
  }

  @Override
  public synchronized void cutOff(CutOffRequest request, StreamObserver<CutOffResponse> answer) {
    calls.add("CUT_OFF");
    answer.onNext(CutOffResponse.getDefaultInstance());
    answer.onCompleted();
  }
}
