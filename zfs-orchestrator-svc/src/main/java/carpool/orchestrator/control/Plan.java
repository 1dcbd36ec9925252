package carpool.orchestrator.control;

import carpool.orchestrator.core.PoolSpec;
import carpool.orchestrator.v1.Failover;
import carpool.orchestrator.v1.Step;
import carpool.orchestrator.v1.StepOutcome;
import carpool.orchestrator.v1.SwitchoverProgress;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;

/// What a switchover would do, and how long the last passages took.
final class Plan {
  private final Couple couple;

  Plan(Couple couple) {
    this.couple = couple;
  }

  void tell(List<Node.PoolStatus> pools, StreamObserver<SwitchoverProgress> answer) {
    var other = couple.ask();
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
              .setExpectedSeconds(expectedSeconds(pool.spec().name(), other))
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

  /// What giving up took here the last time, and taking over there; else what taking over took
  /// here. -1 when this pair has not done one of them since its orchestrators were started.
  private double expectedSeconds(String pool, Couple.Other other) {
    var own = couple.failovers();
    var away = last(pool, own, List.of("give-up", "switchover"));
    if (away < 0) {
      away = last(pool, other.note().getFailoversList(), List.of("give-up", "switchover"));
    }
    var there = last(pool, other.note().getFailoversList(), List.of("takeover"));
    if (there < 0) {
      there = last(pool, own, List.of("takeover"));
    }
    return away < 0 || there < 0 ? -1 : away + there;
  }

  private static double last(String pool, List<Failover> failovers, List<String> kinds) {
    return failovers.stream()
        .filter(passed -> passed.getPool().equals(pool) && passed.getDone())
        .filter(passed -> kinds.contains(passed.getKind()))
        .filter(passed ->
            passed.getStepsList().stream()
                .allMatch(s -> s.getOutcome() == StepOutcome.STEP_OUTCOME_DONE))
        .mapToDouble(passed -> passed.getDurationMillis() / 1e3)
        .findFirst()
        .orElse(-1);
  }
}
