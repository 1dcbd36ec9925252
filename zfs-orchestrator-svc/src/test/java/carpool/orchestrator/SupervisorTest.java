package carpool.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
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

  private static final String UNIT =
      """
      [Unit]
      StartLimitIntervalSec=0
      [Service]
      Environment=CARPOOL_UNIT=%n
      ExecStart=@dir@/main
      KillMode=process
      Restart=always
      RestartSec=200ms
      """;

  private static final String MAIN =
      """
      #!/bin/bash
      cd @dir@
      on_term() { systemctl --user list-jobs --no-legend --no-pager --full >jobs 2>&1; mv jobs told; exit 0; }
      trap on_term TERM
      echo "$CARPOOL_UNIT" >unit
      touch ready
      while :; do sleep 0.05; done
      """;

  /// A user's instance of systemd, for which this machine looks as if systemd had booted it.
  private static final String SESSION =
      """
      set -e
      cd @dir@
      mount --make-rprivate /
      mount -t tmpfs tmpfs /run
      mkdir -p /run/systemd/system runtime
      chmod 700 runtime
      export HOME=@dir@ XDG_RUNTIME_DIR=@dir@/runtime
      unset DBUS_SESSION_BUS_ADDRESS
      timeout 60 /lib/systemd/systemd --user &
      manager=$!
      trap 'kill $manager 2>/dev/null || true' EXIT
      until systemctl --user is-active --quiet basic.target; do sleep 0.1; done
      for end in restart try-restart reload-or-restart kill stop shutdown; do
        systemctl --user start upgraded.service
        until [ -e ready ]; do sleep 0.05; done
        rm ready
        case $end in
          kill) systemctl --user kill --kill-who=main upgraded.service ;;
          shutdown) systemctl --user start --no-block --job-mode=replace-irreversibly exit.target ;;
          *) systemctl --user $end upgraded.service ;;
        esac
        until [ -e told ]; do sleep 0.05; done
        mv told told.$end
      done
      wait $manager || true
      """;

  @Tag("peer")
  @Test
  void theRealSystemdSaysSoWhileItEndsTheProcess() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/lib/systemd/systemd")), "no systemd");
    assumeTrue(System.getProperty("user.name").equals("root"), "not root");
    var units = Files.createDirectories(dir.resolve(".config/systemd/user"));
    Files.writeString(units.resolve("upgraded.service"), in(dir, UNIT));
    Files.writeString(dir.resolve("main"), in(dir, MAIN));
    assertThat(dir.resolve("main").toFile().setExecutable(true)).isTrue();
    Files.writeString(dir.resolve("session"), in(dir, SESSION));
    var session =
        new ProcessBuilder("unshare", "-m", "bash", dir.resolve("session").toString())
            .redirectErrorStream(true)
            .redirectOutput(dir.resolve("log").toFile())
            .start();
    assertThat(session.waitFor(90, TimeUnit.SECONDS)).isTrue();
    assumeTrue(
        Files.exists(dir.resolve("told.restart")),
        () -> "systemd does not run here: " + read("log"));

    var unit = read("unit").strip();
    assertThat(unit).isEqualTo("upgraded.service");
    for (var end : List.of("restart", "try-restart", "reload-or-restart")) {
      assertThat(Supervisor.isRestarted(unit, read("told." + end))).as(end).isTrue();
    }
    for (var end : List.of("kill", "stop", "shutdown")) {
      assertThat(Supervisor.isRestarted(unit, read("told." + end))).as(end).isFalse();
    }
    assertThat(read("told.stop")).contains("upgraded.service stop");
    assertThat(read("told.shutdown")).containsPattern("upgraded.service +stop +running");
  }

  private static String in(Path dir, String text) {
    return text.replace("@dir@", dir.toString());
  }

  private String read(String file) {
    try {
      return Files.readString(dir.resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
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
