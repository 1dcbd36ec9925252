package carpool.kit.loop;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

final class GuardedTest {
  @Test
  void aPeriodicTaskThatFailsOnceComesAgain() throws Exception {
    var runs = new CountDownLatch(3);
    try (var worker = Executors.newSingleThreadScheduledExecutor()) {
      var task =
          Guarded.task(
              "a test",
              () -> {
                runs.countDown();
                throw new IllegalStateException("each time");
              });
      var _ = worker.scheduleWithFixedDelay(task, 0, 1, MILLISECONDS);
      assertThat(runs.await(20, SECONDS)).isTrue();
      worker.shutdownNow();
    }
  }

  @Test
  void anErrorIsNotSurvived() {
    var errors = new ArrayList<Throwable>();
    var task =
        new Guarded(
            "a test",
            () -> {
              throw new OutOfMemoryError("none left");
            },
            errors::add);
    task.run();
    assertThat(errors).hasSize(1);
  }
}
