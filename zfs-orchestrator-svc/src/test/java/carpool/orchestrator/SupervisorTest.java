package carpool.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// systemd's answers are in [RestartProcessTest]; s6 is asked by UpgradeIT of module deploy.
final class SupervisorTest {
  @TempDir Path dir;

  private String restarting() throws InterruptedException {
    return new Supervisor(Optional.empty(), dir).restarting();
  }

  @Test
  void withoutASupervisorNothingIsARestart() throws Exception {
    assertThat(restarting()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "run | runit wants the service up",
        "run, got TERM | runit wants the service up",
        "run, want down | ''",
        "run, want down, got TERM | ''",
        "run, want exit, got TERM | ''",
        "finish, want down | ''",
        "down, normally up | ''"
      })
  void runitIsUnderstood(String state, String answer) throws Exception {
    Files.createDirectories(dir.resolve("supervise"));
    Files.writeString(dir.resolve("supervise/stat"), state + "\n");
    assertThat(restarting()).isEqualTo(answer);
  }

  /// What the process finds in its working directory when the signal arrives.
  @Tag("peer")
  @ParameterizedTest
  @CsvSource({"restart, true", "down, false", "exit, false"})
  void theRealRunitSaysSoBeforeItSendsTheSignal(String verb, boolean restarts) throws Exception {
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/runsv")) && Files.isExecutable(Path.of("/usr/bin/sv")),
        "no runit");
    Files.writeString(
        dir.resolve("run"),
        """
        #!/bin/sh
        mkdir -p seen/supervise
        trap 'cp supervise/stat seen/supervise/; touch told; exit 0' TERM
        touch ready
        while :; do sleep 0.05; done
        """);
    assertThat(dir.resolve("run").toFile().setExecutable(true)).isTrue();
    var runsv =
        new ProcessBuilder("runsv", dir.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      appears("ready");
      assertThat(
              new ProcessBuilder("sv", verb, dir.toString())
                  .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                  .start()
                  .waitFor(20, TimeUnit.SECONDS))
          .isTrue();
      appears("told");
      var answer = new Supervisor(Optional.empty(), dir.resolve("seen")).restarting();
      assertThat(!answer.isEmpty()).isEqualTo(restarts);
    } finally {
      // TERM is runsv's own end: it stops the service and leaves.
      runsv.destroy();
      assertThat(runsv.waitFor(20, TimeUnit.SECONDS)).isTrue();
    }
  }

  private void appears(String file) throws IOException, InterruptedException {
    var end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!Files.exists(dir.resolve(file))) {
      assertThat(System.nanoTime())
          .as("no %s in %s", file, List.of(dir.toFile().list()))
          .isLessThan(end);
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }
}
