package carpool.deploy;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What goes wrong in the middle of a move, on two nodes with a real raidz1 of three resources: the
/// orchestrator is killed in each step, the pool is busy, a service does not stop. After each the
/// pair has found its place again without anybody's help.
@Tag("e2e")
class WorkflowIT {
  private static final int ATTEMPTS = 4;
  private static final Duration SETTLED = Duration.ofMinutes(3);

  /// Kills the orchestrator a moment after it has begun the step that /tmp/kill-at names.
  private static final String HOOK =
      """
      #!/bin/bash
      [[ -e /tmp/kill-at && $CARPOOL_STEP == "$(</tmp/kill-at)" ]] || exit 0
      rm /tmp/kill-at
      setsid bash -c 'sleep 0.03; s6-svc -k /run/service/carpool-orchestrator' \\
        </dev/null >/dev/null 2>&1 &
      """;

  @RegisterExtension
  static final SharedLab SHARED =
      new SharedLab(node -> {
        node.with("/etc/carpool/carpool.yaml", 0644, config());
        node.with("/usr/local/bin/kill-at", 0755, HOOK);
      });

  /// The lab's own, and besides: a hook, a service that does not stop, less time for an export.
  private static String config() {
    return Lab.configuration()
            .replace(
                "    services:\n",
                """
                    timeouts: { export: 8s }
                    services:
                      - { name: stubborn, start: ["true"], stop: [sleep, "600"], timeout: 1s }
                """)
        + "hooks:\n  - { on: [step-before], run: [/usr/local/bin/kill-at] }\n";
  }

  @ParameterizedTest
  @ValueSource(strings = {"stop nginx", "stop stubborn", "export", "demote"})
  void orchestratorKilledWhileItGivesUpFindsItsPlace(String step, Lab lab) throws Exception {
    killedAt(lab, lab.serving(), step);
  }

  /// Checks of services are told to no hook, and last too short to be hit otherwise.
  @ParameterizedTest
  @ValueSource(strings = {"promote", "import", "start nginx"})
  void orchestratorKilledWhileItTakesOverFindsItsPlace(String step, Lab lab) throws Exception {
    killedAt(lab, lab.other(lab.serving()), step);
  }

  private static void killedAt(Lab lab, Node killed, String step) throws Exception {
    var before = pid(killed);
    Lab.must(killed, "sh", "-c", "printf '%s' '" + step + "' >/tmp/kill-at");

    for (int attempt = 0; attempt < ATTEMPTS && pid(killed).equals(before); attempt++) {
      // It may be answered, or end with the process that carries it out; and a machine that is busy
      // enough brings the pool back before the other node came to this step: then once more, if
      // need
      // be from the other side.
      var _ = lab.serving().run("carpool", "switchover");
      settled(lab, step);
    }

    assertFalse(pid(killed).equals(before), "nobody was killed");
    assertFalse(killed.run("test", "-e", "/tmp/kill-at").ok(), "not killed in that step");
  }

  private static String pid(Node node) {
    return node.run("s6-svstat", "-o", "pid", "/run/service/carpool-orchestrator").output();
  }

  @Test
  void aBusyPoolStaysWhereItIsInAPlannedMoveAndIsFreedByForceInAnOrderedOne(Lab lab)
      throws Exception {
    var first = lab.serving();
    var second = lab.other(first);
    Lab.must(first, "sh", "-c", "cd /zhast/data && setsid sleep 300 </dev/null >/dev/null 2>&1 &");

    var refused = first.run("carpool", "switchover");

    assertFalse(refused.ok());
    assertTrue((refused.output() + refused.errors()).contains("busy"), () -> "said: " + refused);
    settled(lab, "a refused move");
    assertTrue(lab.serves(first), "the pool has moved");
    assertTrue(first.run("pgrep", "-x", "sleep").ok(), "its user was killed");

    Lab.must(first, "carpool", "maintenance", "on");
    lab.await("the move", SETTLED, () -> lab.serves(second));
    Lab.must(first, "carpool", "maintenance", "off");
    settled(lab, "maintenance");
    assertFalse(first.run("pgrep", "-f", "sleep 300").ok(), "its user lives on");
  }

  /// One serves, with both copies in step; the other stands by.
  private static void settled(Lab lab, String after) throws InterruptedException {
    lab.await(
        "settled pair after " + after,
        SETTLED,
        () -> settled(lab, lab.hast1, lab.hast2) || settled(lab, lab.hast2, lab.hast1));
  }

  private static boolean settled(Lab lab, Node serving, Node standby) {
    return lab.serves(serving)
        && Lab.complete(serving)
        && Lab.isBackupAndSecondary(standby)
        && !standby.run("zpool", "list", "-H", "zhast").ok();
  }
}
