package carpool.orchestrator.exec;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

final class CommandsTest {
  private static CommandResult run(Duration limit, String... argv) throws InterruptedException {
    return Commands.run(
        List.of(argv), Map.of("CARPOOL_EVENT", "takeover"), limit, new Commands.Handle());
  }

  @Test
  void outputExitCodeAndEnvironmentArrive() throws Exception {
    var result =
        run(Duration.ofSeconds(10), "sh", "-c", "echo \"$CARPOOL_EVENT\"; echo no >&2; exit 3");

    assertThat(result.out()).isEqualTo("takeover\n");
    assertThat(result.exit()).isEqualTo(3);
    assertThat(result.done()).isFalse();
    assertThat(result.problem()).endsWith("exit code 3: no");
  }

  @Test
  void aCommandBeyondItsLimitIsKilledWithItsChildren() throws Exception {
    var result = run(Duration.ofMillis(200), "sh", "-c", "sleep 600 & echo $!; wait");

    assertThat(result.timedOut()).isTrue();
    var child = ProcessHandle.of(Long.parseLong(result.out().strip()));
    child.ifPresent(handle -> handle.onExit().join());
    assertThat(child.map(ProcessHandle::isAlive).orElse(false)).isFalse();
  }

  @Test
  void aServiceLeftInTheBackgroundDoesNotHoldTheStepUp() throws Exception {
    var result = run(Duration.ofSeconds(20), "sh", "-c", "sleep 5 & echo started");

    assertThat(result.done()).isTrue();
    assertThat(result.took()).isLessThan(Duration.ofSeconds(4));
  }

  @Test
  void aCommandCanBeBrokenOffBeforeItHasBegun() throws Exception {
    var handle = new Commands.Handle();
    handle.abort();
    var result = Commands.run(List.of("sleep", "600"), Map.of(), Duration.ofSeconds(20), handle);

    assertThat(result.aborted()).isTrue();
    assertThat(result.done()).isFalse();
  }

  @Test
  void aProgramThatIsNotThereIsAFailureLikeAnyOther() throws Exception {
    var result = run(Duration.ofSeconds(1), "/no/such/program");
    assertThat(result.exit()).isEqualTo(127);
    assertThat(result.problem()).contains("/no/such/program");
  }

  @Test
  void onlyTheEndOfALongOutputIsKept() throws Exception {
    var result = run(Duration.ofSeconds(20), "sh", "-c", "seq 1 100000");
    assertThat(result.out()).endsWith("\n100000\n").hasSize(64 << 10);
  }

  /// Each command that does not end has two pipes being read. Readers of 280 pipes once kept the
  /// output of every other command of the process from being read.
  @Test
  void manyCommandsThatDoNotEndStarveNobody() throws Exception {
    var handles = new ArrayList<Commands.Handle>();
    var waiting = new ArrayList<Thread>();
    try {
      for (var index = 0; index < 140; index++) {
        var handle = new Commands.Handle();
        handles.add(handle);
        waiting.add(Thread.ofPlatform().start(() -> hang(handle)));
      }
      for (var handle : handles) {
        while (!handle.started()) {
          Thread.onSpinWait();
        }
      }

      // By the last of these all the readers have begun.
      for (var round = 0; round < 200; round++) {
        var result = run(Duration.ofSeconds(20), "sh", "-c", "echo here");
        assertThat(result.out()).as("round " + round).isEqualTo("here\n");
      }
    } finally {
      handles.forEach(Commands.Handle::abort);
      for (var each : waiting) {
        each.join();
      }
    }
  }

  private static void hang(Commands.Handle handle) {
    try {
      var _ = Commands.run(List.of("sleep", "600"), Map.of(), Duration.ofSeconds(60), handle);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void whatCannotBeEndedIsCountedAndAtTheLimitNothingMoreIsStarted() throws Exception {
    var release = new CountDownLatch(1);
    var stuck = new ArrayList<Thread>();
    for (var index = 0; index < LeftBehind.LIMIT; index++) {
      assertThat(run(Duration.ofSeconds(10), "true").done()).isTrue();
      var thread = Thread.ofPlatform().start(() -> await(release));
      stuck.add(thread);
      LeftBehind.add(thread, "zpool list");
    }

    var refused = run(Duration.ofSeconds(10), "true");
    assertThat(refused.refused()).isTrue();
    assertThat(refused.problem()).contains("32 commands do not end", "zpool list");
    assertThat(Commands.probe(Duration.ofSeconds(10)).done()).isTrue();

    release.countDown();
    for (var thread : stuck) {
      thread.join();
    }
    assertThat(run(Duration.ofSeconds(10), "true").done()).isTrue();
  }

  private static void await(CountDownLatch release) {
    try {
      release.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
