package carpool.orchestrator;

import carpool.orchestrator.core.ShutdownHoldRule;
import carpool.orchestrator.exec.Commands;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Holds an orderly shutdown of the machine while the only complete copy is here: a delay lock of
/// systemd-logind, taken by `systemd-inhibit` and held for as long as the pipe to its child is
/// open, so it goes with this process. Without systemd nothing is held.
final class ShutdownGuard {
  private static final Logger LOG = LoggerFactory.getLogger("carpool.orchestrator");
  private static final Duration EVERY = Duration.ofSeconds(1);
  private static final Duration ASKING = Duration.ofSeconds(3);
  private static final long AGAIN_NANOS = Duration.ofSeconds(60).toNanos();
  private static final Pattern MICROS = Pattern.compile("t ([0-9]{1,18})");
  private static final Path CONSOLE = Path.of("/dev/console");

  private final Duration hold;
  private final Supplier<String> onlyCopy;
  private final ShutdownHoldRule rule;
  private final ScheduledExecutorService worker =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("shutdown-guard").daemon(true).factory());

  // Owned by the worker.
  private @Nullable Process lock;
  private long notBeforeNanos = System.nanoTime();
  private boolean absent;
  private boolean limitTold;
  private boolean asked;

  /// @param hold for which a shutdown waits; zero: not at all
  /// @param onlyCopy what is complete on this node only; empty: nothing is
  ShutdownGuard(Duration hold, Supplier<String> onlyCopy) {
    this.hold = hold;
    this.onlyCopy = onlyCopy;
    this.rule = new ShutdownHoldRule(hold.toNanos());
  }

  void start() {
    if (!hold.isZero()) {
      var millis = EVERY.toMillis();
      var _ = worker.scheduleWithFixedDelay(this::look, millis, millis, TimeUnit.MILLISECONDS);
    }
  }

  void close() throws InterruptedException {
    worker.shutdownNow();
    if (worker.awaitTermination(ASKING.toMillis(), TimeUnit.MILLISECONDS)) {
      release();
    }
  }

  private void look() {
    try {
      var copy = onlyCopy.get();
      // Nobody is asked while no shutdown could wait for this node.
      asked = (lock != null || asked) && preparing();
      var decision = rule.look(System.nanoTime(), copy, asked);
      if (!decision.warning().isEmpty()) {
        warn(decision.warning());
      }
      if (decision.hold()) {
        take(copy);
      } else {
        release();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      // An executor would end a task that throws, without a word.
      LOG.error("hold of a shutdown failed: internal error", e);
    }
  }

  private void take(String copy) throws InterruptedException {
    if (lock != null && lock.isAlive()) {
      return;
    }
    if (absent || System.nanoTime() - notBeforeNanos < 0) {
      return;
    }
    if (lock != null) {
      LOG.warn(
          "a shutdown of this node cannot be held: systemd-inhibit ended ({})", lock.exitValue());
      release();
      notBeforeNanos = System.nanoTime() + AGAIN_NANOS;
      return;
    }
    try {
      lock =
          new ProcessBuilder(
                  "systemd-inhibit",
                  "--what=shutdown",
                  "--mode=delay",
                  "--who=carpool",
                  "--why=the only complete copy is on this node: " + copy,
                  "cat")
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      LOG.info("a shutdown of this node is held from now on: complete here only: {}", copy);
    } catch (IOException e) {
      absent = true;
      LOG.info("no shutdown is ever held: {}", e.getMessage());
      return;
    }
    tellLimit();
  }

  private void release() {
    var held = lock;
    if (held == null) {
      return;
    }
    lock = null;
    try {
      held.getOutputStream().close();
    } catch (IOException e) {
      held.destroy();
    }
    LOG.info("no shutdown of this node is held any more");
  }

  /// logind ends every delay after a time of its own.
  private void tellLimit() throws InterruptedException {
    if (limitTold) {
      return;
    }
    limitTold = true;
    var found = MICROS.matcher(property("InhibitDelayMaxUSec").strip());
    if (found.matches()) {
      var limit = Duration.of(Long.parseLong(found.group(1)), ChronoUnit.MICROS);
      if (limit.compareTo(hold) < 0) {
        LOG.warn(
            "systemd-logind ends the hold of a shutdown after {} s; for {} s set InhibitDelayMaxSec"
                + " in logind.conf",
            limit.toSeconds(),
            hold.toSeconds());
      }
    }
  }

  private static boolean preparing() throws InterruptedException {
    return property("PreparingForShutdown").strip().equals("b true");
  }

  private static String property(String name) throws InterruptedException {
    var result =
        Commands.run(
            List.of(
                "busctl",
                "get-property",
                "org.freedesktop.login1",
                "/org/freedesktop/login1",
                "org.freedesktop.login1.Manager",
                name),
            Map.of(),
            ASKING,
            new Commands.Handle());
    return result.done() ? result.out() : "";
  }

  private static void warn(String text) {
    LOG.error("{}", text);
    try {
      Files.writeString(CONSOLE, text + "\r\n", StandardOpenOption.WRITE);
    } catch (IOException e) {
      LOG.debug("no console: {}", e.toString());
    }
  }
}
