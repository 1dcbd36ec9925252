package carpool.orchestrator;

import carpool.election.v1.DemoteRequest;
import carpool.election.v1.DemoteResponse;
import carpool.election.v1.Demotion;
import carpool.election.v1.ElectionGrpc;
import carpool.election.v1.GetStatusRequest;
import carpool.election.v1.GetStatusResponse;
import carpool.election.v1.Group;
import carpool.election.v1.ReportRequest;
import carpool.election.v1.ReportResponse;
import carpool.election.v1.ResignRequest;
import carpool.election.v1.ResignResponse;
import carpool.election.v1.State;
import carpool.election.v1.UndemoteRequest;
import carpool.election.v1.UndemoteResponse;
import carpool.election.v1.WatchEvent;
import carpool.election.v1.WatchRequest;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// An election with one group whose state the test decides; a resignation makes it BACKUP.
final class FakeElection extends ElectionGrpc.ElectionImplBase {
  private final Map<String, Demotion> demotions = new TreeMap<>();
  private final List<StreamObserver<WatchEvent>> watchers = new ArrayList<>();
  private State state = State.STATE_BACKUP;
  private List<String> ready = List.of();
  private int resignations;
  private int reports;
  private final List<String> undemoted = new ArrayList<>();

  /// Causes that were taken back, in order.
  synchronized List<String> undemoted() {
    return List.copyOf(undemoted);
  }

  /// As after a restart of the election service.
  synchronized void forget() {
    demotions.clear();
  }

  FakeElection() {
    demotions.put("not-ready", Demotion.newBuilder().setCause("not-ready").setAmount(240).build());
  }

  synchronized void become(State next) {
    state = next;
    watchers.forEach(watcher -> watcher.onNext(event()));
  }

  synchronized Set<String> causes() {
    return Set.copyOf(demotions.keySet());
  }

  synchronized List<String> readyGroups() {
    return ready;
  }

  synchronized int resignations() {
    return resignations;
  }

  synchronized int reports() {
    return reports;
  }

  private synchronized void gone(StreamObserver<WatchEvent> watcher) {
    watchers.remove(watcher);
  }

  private Group group() {
    return Group.newBuilder()
        .setName("storage")
        .setState(state)
        .setReason("test")
        .setEligible(true)
        .addAllDemotions(demotions.values())
        .build();
  }

  private WatchEvent event() {
    return WatchEvent.newBuilder().setGroup(group()).build();
  }

  @Override
  public synchronized void watch(WatchRequest request, StreamObserver<WatchEvent> answer) {
    ((ServerCallStreamObserver<WatchEvent>) answer).setOnCancelHandler(() -> gone(answer));
    watchers.add(answer);
    answer.onNext(event());
  }

  @Override
  public synchronized void getStatus(
      GetStatusRequest request, StreamObserver<GetStatusResponse> answer) {
    answer.onNext(GetStatusResponse.newBuilder().addGroups(group()).build());
    answer.onCompleted();
  }

  @Override
  public synchronized void demote(DemoteRequest request, StreamObserver<DemoteResponse> answer) {
    demotions.put(
        request.getCause(),
        Demotion.newBuilder()
            .setCause(request.getCause())
            .setAmount(request.getAmount())
            .setText(request.getText())
            .build());
    answer.onNext(DemoteResponse.getDefaultInstance());
    answer.onCompleted();
    if (request.getIneligible() && state == State.STATE_MASTER) {
      become(State.STATE_BACKUP);
    }
  }

  @Override
  public synchronized void undemote(
      UndemoteRequest request, StreamObserver<UndemoteResponse> answer) {
    demotions.remove(request.getCause());
    undemoted.add(request.getCause());
    answer.onNext(UndemoteResponse.getDefaultInstance());
    answer.onCompleted();
  }

  @Override
  public synchronized void resign(ResignRequest request, StreamObserver<ResignResponse> answer) {
    resignations++;
    answer.onNext(ResignResponse.getDefaultInstance());
    answer.onCompleted();
    if (state == State.STATE_MASTER) {
      become(State.STATE_BACKUP);
    }
  }

  @Override
  public synchronized void report(ReportRequest request, StreamObserver<ReportResponse> answer) {
    reports++;
    ready = List.copyOf(request.getReadyGroupsList());
    answer.onNext(ReportResponse.getDefaultInstance());
    answer.onCompleted();
  }
}
