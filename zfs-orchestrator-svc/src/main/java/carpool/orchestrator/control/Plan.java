package carpool.orchestrator.control;

import carpool.orchestrator.core.PoolSpec;
import carpool.orchestrator.core.StepRecord;
import carpool.orchestrator.v1.Step;
import carpool.orchestrator.v1.SwitchoverProgress;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;

/// What a switchover would do, and how long the last passages took.
final class Plan {
  private final Node node;

  Plan(Node node) {
    this.node = node;
  }

  void tell(List<Node.PoolStatus> pools, StreamObserver<SwitchoverProgress> answer) {
    for (var pool : pools) {
      for (var name : steps(pool.spec())) {
        answer.onNext(
            SwitchoverProgress.newBuilder()
                .setPool(pool.spec().name())
                .setStep(Step.newBuilder().setName(name))
                .build());
      }
      answer.onNext(
          SwitchoverProgress.newBuilder()
              .setPool(pool.spec().name())
              .setFinished(true)
              .setDone(true)
              .setMessage("nothing was done; data at risk: 0, both copies are in step")
              .setExpectedSeconds(expectedSeconds(pool.spec().name()))
              .build());
    }
    answer.onCompleted();
  }

  private static List<String> steps(PoolSpec pool) {
    var zfs = pool.kind() == PoolSpec.Kind.ZFS;
    var steps = new ArrayList<String>();
    pool.services().reversed().forEach(service -> steps.add("stop " + service.name()));
    steps.add(zfs ? "export" : "unmount");
    steps.add("demote");
    steps.add("resign " + pool.follows());
    steps.add("there: promote");
    steps.add("there: devices");
    steps.add(zfs ? "there: import" : "there: mount");
    pool.services().forEach(service -> steps.add("there: start " + service.name()));
    return steps;
  }

  /// The last give-up and the last takeover of this node together: what the other node's takeover
  /// takes is taken to be what ours took. -1 without either.
  private double expectedSeconds(String pool) {
    var away = last(pool, List.of("give-up", "switchover"));
    var here = last(pool, List.of("takeover"));
    return away < 0 || here < 0 ? -1 : away + here;
  }

  private double last(String pool, List<String> kinds) {
    return node.passages().stream()
        .filter(passed -> passed.pool().equals(pool))
        .map(Node.Passed::passage)
        .filter(passage -> kinds.contains(passage.kind()) && passage.problem().isEmpty())
        .filter(passage ->
            passage.steps().stream().allMatch(s -> s.outcome() == StepRecord.Outcome.DONE))
        .mapToDouble(passage -> (passage.endedNanos() - passage.startedNanos()) / 1e9)
        .findFirst()
        .orElse(-1);
  }
}
