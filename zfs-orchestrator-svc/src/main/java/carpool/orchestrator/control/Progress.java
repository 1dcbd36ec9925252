package carpool.orchestrator.control;

import carpool.common.v1.ErrorDetail;
import carpool.kit.grpc.ServerStream;
import carpool.orchestrator.core.Command;
import carpool.orchestrator.core.StepRecord;
import carpool.orchestrator.v1.SwitchoverProgress;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/// A command for several pools, told step by step; the stream ends when the last pool has ended.
final class Progress {
  private final ServerStream<SwitchoverProgress> stream;
  private final Node node;
  private final AtomicInteger left;
  private final long startedNanos = System.nanoTime();

  Progress(StreamObserver<SwitchoverProgress> client, Node node, int pools) {
    this.stream = new ServerStream<>(client);
    this.node = node;
    this.left = new AtomicInteger(pools);
  }

  /// @param deadline after which each is answered in any case; zero: none
  void run(List<String> pools, Command command, Duration deadline) {
    for (var pool : pools) {
      var _ =
          node.ask(
              pool,
              command,
              deadline,
              new Node.Listener() {
                @Override
                public void step(StepRecord step) {
                  if (step.outcome() != StepRecord.Outcome.RUNNING) {
                    var clock = new Node.Clock(System.currentTimeMillis(), System.nanoTime());
                    stream.send(
                        SwitchoverProgress.newBuilder()
                            .setPool(pool)
                            .setStep(OrchestratorProtoMapper.step(step, clock))
                            .build());
                  }
                }

                @Override
                public void end(String reason, String text, String hint) {
                  finish(pool, reason, text, hint);
                }
              });
    }
  }

  private void finish(String pool, String reason, String text, String hint) {
    var out =
        SwitchoverProgress.newBuilder()
            .setPool(pool)
            .setFinished(true)
            .setDone(reason.isEmpty())
            .setMessage(text)
            .setDurationMillis((System.nanoTime() - startedNanos) / 1_000_000);
    if (!reason.isEmpty()) {
      out.setError(ErrorDetail.newBuilder().setReason(reason).setSubject(pool).setHint(hint));
    }
    stream.send(out.build());
    if (left.decrementAndGet() == 0) {
      stream.complete();
    }
  }
}
