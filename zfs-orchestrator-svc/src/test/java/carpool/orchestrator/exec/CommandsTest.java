package carpool.orchestrator.exec;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
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
}
