package carpool.orchestrator.services;

import carpool.kit.config.HookConfig;
import carpool.orchestrator.exec.Commands;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs the configured hooks: one after the other, in the order of the events. A hook that fails or
/// takes too long is noted in the log and changes nothing.
public final class Hooks {
  private static final Logger LOG = LoggerFactory.getLogger(Hooks.class);

  /// Events that wait; beyond that a hook is left out, which is logged.
  private static final int WAITING_MAX = 256;

  private volatile List<HookConfig> hooks;
  private final Map<String, String> always;

  /// Steps that wait for the end of their hook.
  private static final int STEPS_WAITING_MAX = 8;

  private final ExecutorService queue = worker("hooks", WAITING_MAX);
  private final ExecutorService before = worker("hooks-before", STEPS_WAITING_MAX);

  private static ExecutorService worker(String name, int waitingMax) {
    return new ThreadPoolExecutor(
        1,
        1,
        0,
        TimeUnit.SECONDS,
        new LinkedBlockingQueue<>(waitingMax),
        Thread.ofPlatform().name(name).daemon(true).factory());
  }

  /// @param always environment of every hook: node and cluster
  public Hooks(List<HookConfig> hooks, Map<String, String> always) {
    this.hooks = List.copyOf(hooks);
    this.always = Map.copyOf(always);
  }

  /// From the next event on.
  public void replace(List<HookConfig> fresh) {
    hooks = List.copyOf(fresh);
  }

  /// Whether anything is bound to the event.
  public boolean wants(String event) {
    return hooks.stream().anyMatch(hook -> hook.on().contains(event));
  }

  /// Runs what is bound to the event, later, in order.
  public void fire(String event, Map<String, String> facts) {
    if (!wants(event)) {
      return;
    }
    try {
      queue.execute(() -> runAll(event, facts));
    } catch (RejectedExecutionException e) {
      LOG.error("hook for {} left out: {} events are waiting already", event, WAITING_MAX);
    }
  }

  /// Runs what is bound to the event and waits for it, at most so long; then it runs on, within its
  /// own timeout, and the caller goes on.
  public void fireAndWait(String event, Map<String, String> facts, Duration patience)
      throws InterruptedException {
    try {
      var _ =
          before.submit(() -> runAll(event, facts)).get(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      LOG.warn(
          "hook for {} has not ended within {} ms; the step begins", event, patience.toMillis());
    } catch (RejectedExecutionException e) {
      LOG.error("hook for {} left out: earlier ones have not ended", event);
    } catch (ExecutionException e) {
      LOG.error("hook for {} failed: internal error", event, e.getCause());
    }
  }

  private void runAll(String event, Map<String, String> facts) {
    var environment = new TreeMap<>(always);
    environment.putAll(facts);
    environment.put("CARPOOL_EVENT", event);
    for (var hook : hooks) {
      if (hook.on().contains(event)) {
        run(hook, event, environment);
      }
    }
  }

  private static void run(HookConfig hook, String event, Map<String, String> environment) {
    try {
      var result = Commands.run(hook.run(), environment, hook.timeout(), new Commands.Handle());
      if (result.done()) {
        LOG.info("hook for {}: {} ({} ms)", event, hook.run(), result.took().toMillis());
      } else {
        LOG.warn("hook for {}: {}", event, result.problem());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Lets what waits run, at most so long.
  public void close(Duration deadline) throws InterruptedException {
    before.shutdownNow();
    queue.shutdown();
    if (!queue.awaitTermination(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
      var left = queue.shutdownNow();
      LOG.warn("{} hooks were left out at the end", left.size());
    }
  }
}
