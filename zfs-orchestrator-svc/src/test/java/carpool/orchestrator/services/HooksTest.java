package carpool.orchestrator.services;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.kit.config.HookConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

final class HooksTest {
  @TempDir Path dir;

  private static Hooks hooks(String... run) {
    return new Hooks(
        List.of(new HookConfig(List.of("step-before"), List.of(run), Duration.ofSeconds(60))),
        Map.of());
  }

  /// A hook of 20 s once used up the 10 s of a promotion, again and again.
  @Test
  @Timeout(30)
  void aSlowHookIsWaitedForNoLongerThanItsCallerCan() throws Exception {
    var hooks = hooks("sleep", "600");
    hooks.fireAndWait("step-before", Map.of(), Duration.ofMillis(200));
    // The next one finds it still running.
    hooks.fireAndWait("step-before", Map.of(), Duration.ofMillis(200));
    hooks.close(Duration.ofSeconds(5));
  }

  @Test
  void aQuickHookHasEndedBeforeTheStep() throws Exception {
    var file = dir.resolve("done");
    var hooks = hooks("touch", file.toString());
    hooks.fireAndWait("step-before", Map.of(), Duration.ofSeconds(20));
    assertThat(Files.exists(file)).isTrue();
    hooks.close(Duration.ofSeconds(5));
  }

  @Test
  void replacedHooksAreInForceFromTheNextEventOn() throws Exception {
    var before = dir.resolve("before");
    var after = dir.resolve("after");
    var hooks = hooks("touch", before.toString());
    hooks.replace(
        List.of(
            new HookConfig(
                List.of("step-before"),
                List.of("touch", after.toString()),
                Duration.ofSeconds(60))));
    hooks.fireAndWait("step-before", Map.of(), Duration.ofSeconds(20));
    assertThat(before).doesNotExist();
    assertThat(after).exists();
    hooks.close(Duration.ofSeconds(5));
  }
}
