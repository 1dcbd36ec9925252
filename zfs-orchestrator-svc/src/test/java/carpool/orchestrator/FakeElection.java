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

/// An election with one group whose state the test decides, and others that it may add; a
/// resignation makes a group BACKUP.
final class FakeElection extends ElectionGrpc.ElectionImplBase {
  private final Map<String, Demotion> demotions = new TreeMap<>();
  private final List<StreamObserver<WatchEvent>> watchers = new ArrayList<>();
  private final Map<String, State> others = new TreeMap<>();
  private final Map<String, Map<String, Demotion>> demotionsOfOthers = new TreeMap<>();
  private final List<List<String>> resigned = new ArrayList<>();
  private State state = State.STATE_BACKUP;
  private List<String> ready = List.of();
  private int resignations;
  private int reports;
  private long reportedWithinMillis;
  private int unready;
  private final List<String> undemoted = new ArrayList<>();
  private final List<String> demoted = new ArrayList<>();

  /// Causes that were taken back, in order.
  synchronized List<String> undemoted() {
    return List.copyOf(undemoted);
  }

  /// Causes that were set since [#forgetUnready].
  synchronized List<String> demoted() {
    return List.copyOf(demoted);
  }

  /// How long the last report allows silence.
  synchronized long reportedWithinMillis() {
    return reportedWithinMillis;
  }

  /// Reports since [#forgetUnready] that left the group out.
  synchronized int unready() {
    return unready;
  }

  synchronized void forgetUnready() {
    unready = 0;
    demoted.clear();
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

  /// Another group than `storage`.
  synchronized void become(String group, State next) {
    others.put(group, next);
    watchers.forEach(watcher -> watcher.onNext(event(group)));
  }

  synchronized State state(String group) {
    return group.equals("storage") ? state : others.getOrDefault(group, State.STATE_INIT);
  }

  synchronized Set<String> causes(String group) {
    return Set.copyOf(demotionsOf(group).keySet());
  }

  /// The groups of each resignation, in order.
  synchronized List<List<String>> resigned() {
    return List.copyOf(resigned);
  }

  private Map<String, Demotion> demotionsOf(String group) {
    return group.equals("storage")
        ? demotions
        : demotionsOfOthers.computeIfAbsent(group, _ -> new TreeMap<>());
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

  private Group group(String name) {
    return Group.newBuilder()
        .setName(name)
        .setState(state(name))
        .setReason("test")
        .setEligible(true)
        .addAllDemotions(demotionsOf(name).values())
        .build();
  }

  private WatchEvent event() {
    return event("storage");
  }

  private WatchEvent event(String group) {
    return WatchEvent.newBuilder().setGroup(group(group)).build();
  }

  @Override
  public synchronized void watch(WatchRequest request, StreamObserver<WatchEvent> answer) {
    ((ServerCallStreamObserver<WatchEvent>) answer).setOnCancelHandler(() -> gone(answer));
    watchers.add(answer);
    answer.onNext(event());
    others.keySet().forEach(group -> answer.onNext(event(group)));
  }

  @Override
  public synchronized void getStatus(
      GetStatusRequest request, StreamObserver<GetStatusResponse> answer) {
    var status = GetStatusResponse.newBuilder().addGroups(group("storage"));
    others.keySet().forEach(group -> status.addGroups(group(group)));
    answer.onNext(status.build());
    answer.onCompleted();
  }

  @Override
  public synchronized void demote(DemoteRequest request, StreamObserver<DemoteResponse> answer) {
    demoted.add(request.getCause());
    for (var group : request.getGroupsList()) {
      demotionsOf(group)
          .put(
              request.getCause(),
              Demotion.newBuilder()
                  .setCause(request.getCause())
                  .setAmount(request.getAmount())
                  .setText(request.getText())
                  .build());
    }
    answer.onNext(DemoteResponse.getDefaultInstance());
    answer.onCompleted();
    if (request.getIneligible()) {
      request.getGroupsList().forEach(this::leave);
    }
  }

  private void leave(String group) {
    if (state(group) == State.STATE_MASTER) {
      if (group.equals("storage")) {
        become(State.STATE_BACKUP);
      } else {
        become(group, State.STATE_BACKUP);
      }
    }
  }

  @Override
  public synchronized void undemote(
      UndemoteRequest request, StreamObserver<UndemoteResponse> answer) {
    request.getGroupsList().forEach(group -> demotionsOf(group).remove(request.getCause()));
    undemoted.add(request.getCause());
    answer.onNext(UndemoteResponse.getDefaultInstance());
    answer.onCompleted();
  }

  @Override
  public synchronized void resign(ResignRequest request, StreamObserver<ResignResponse> answer) {
    resignations++;
    resigned.add(List.copyOf(request.getGroupsList()));
    answer.onNext(ResignResponse.getDefaultInstance());
    answer.onCompleted();
    request.getGroupsList().forEach(this::leave);
  }

  @Override
  public synchronized void report(ReportRequest request, StreamObserver<ReportResponse> answer) {
    reports++;
    ready = List.copyOf(request.getReadyGroupsList());
    reportedWithinMillis = request.getNextWithinMillis();
    unready += ready.isEmpty() ? 1 : 0;
    answer.onNext(ReportResponse.getDefaultInstance());
    answer.onCompleted();
  }
}
