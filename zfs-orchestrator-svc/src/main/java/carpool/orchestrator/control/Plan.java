package carpool.orchestrator.control;

import carpool.common.v1.ErrorDetail;
import carpool.orchestrator.core.Command;
import carpool.orchestrator.core.PoolSpec;
import carpool.orchestrator.core.StepRecord;
import carpool.orchestrator.v1.Step;
import carpool.orchestrator.v1.SwitchoverProgress;
import carpool.replicator.v1.Resource;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// What a switchover would answer or do, what it would lose, and how long the last ones took.
final class Plan {
  private static final long ANSWER_SECONDS = 5;

  private final String nodeName;
  private final Couple couple;
  private final Node node;

  private record Refusal(String reason, String text, String hint) {}

  /// @param nodeName of this node
  Plan(String nodeName, Couple couple, Node node) {
    this.nodeName = nodeName;
    this.couple = couple;
    this.node = node;
  }

  void tell(
      List<Node.PoolStatus> pools,
      List<Resource> resources,
      StreamObserver<SwitchoverProgress> answer) {
    var other = couple.ask();
    for (var pool : pools) {
      var refusal = refusal(pool.spec().name());
      if (refusal.reason().isEmpty()) {
        for (var name : steps(pool.spec())) {
          answer.onNext(
              SwitchoverProgress.newBuilder()
                  .setPool(pool.spec().name())
                  .setStep(Step.newBuilder().setName(name))
                  .build());
        }
      }
      var out =
          SwitchoverProgress.newBuilder()
              .setPool(pool.spec().name())
              .setFinished(true)
              .setDone(refusal.reason().isEmpty())
              .setMessage(message(refusal, atRisk(pool.spec(), resources)))
              .setExpectedSeconds(
                  new Forecast(
                          pool.spec().name(),
                          nodeName,
                          couple.failovers(),
                          other.note().getFailoversList(),
                          other.aheadMicros() / 1000)
                      .seconds());
      if (!refusal.reason().isEmpty()) {
        out.setError(
            ErrorDetail.newBuilder()
                .setReason(refusal.reason())
                .setSubject(pool.spec().name())
                .setHint(refusal.hint()));
      }
      answer.onNext(out.build());
    }
    answer.onCompleted();
  }

  private static String message(Refusal refusal, long atRiskBytes) {
    return refusal.reason().isEmpty()
        ? "nothing was done; data that the other node does not have: " + atRiskBytes + " bytes"
        : "it would be refused: "
            + refusal.text()
            + "; data that the other node does not have: "
            + (atRiskBytes < 0 ? "unknown" : atRiskBytes + " bytes");
  }

  /// Bytes of the pool's resources that may differ there; negative when the replicator does not
  /// say.
  private static long atRisk(PoolSpec pool, List<Resource> resources) {
    var ours = resources.stream().filter(r -> pool.resources().contains(r.getName())).toList();
    return ours.size() < pool.resources().size()
        ? -1
        : ours.stream().mapToLong(r -> Math.max(0, r.getDirtyBytes())).sum();
  }

  /// What the switchover itself would answer at once.
  private Refusal refusal(String pool) {
    var answer = new CompletableFuture<Refusal>();
    var _ =
        node.ask(
            pool,
            new Command.Check(new Command.Switchover()),
            Duration.ZERO,
            new Node.Listener() {
              @Override
              public void step(StepRecord step) {}

              @Override
              public void end(String reason, String text, String hint) {
                answer.complete(new Refusal(reason, text, hint));
              }
            });
    try {
      return answer.get(ANSWER_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      // Told below.
    }
    return new Refusal("BUSY", "the pool's loop does not answer", "carpool doctor");
  }

  private List<String> steps(PoolSpec pool) {
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
    if (node.addressComesLast(pool.follows())) {
      steps.add("there: address");
    }
    return steps;
  }
}
