package carpool.orchestrator;

import carpool.orchestrator.control.Node.IntentAnswer;
import carpool.orchestrator.control.Node.IntentOutcome;
import carpool.orchestrator.control.Node.Listener;
import carpool.orchestrator.core.Carp;
import carpool.orchestrator.core.Cause;
import carpool.orchestrator.core.Command;
import carpool.orchestrator.core.Phase;
import carpool.orchestrator.core.StepRecord;
import carpool.orchestrator.demotion.CauseBoard;
import carpool.orchestrator.demotion.ElectionReporter;
import carpool.orchestrator.history.KeptState;
import carpool.orchestrator.runtime.PoolRunner;
import carpool.orchestrator.services.Hooks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/// What an operator wants of the whole node: maintenance and unmanaged mode. It is durable before
/// anything is done; and either everything obeys or nothing does.
final class NodeIntents {
  private static final long ANSWER_SECONDS = 10;

  private final KeptState kept;
  private final Collection<PoolRunner> pools;

  /// Groups that no pool follows: their hooks and their address move all the same.
  private final List<String> looseGroups;

  private final CauseBoard causes;
  private final ElectionReporter reporter;
  private final Hooks hooks;
  private final Function<String, Carp> carp;

  private record Refusal(String pool, String reason, String text, String hint) {}

  NodeIntents(
      KeptState kept,
      Collection<PoolRunner> pools,
      List<String> looseGroups,
      CauseBoard causes,
      ElectionReporter reporter,
      Hooks hooks,
      Function<String, Carp> carp) {
    this.kept = kept;
    this.pools = pools;
    this.looseGroups = List.copyOf(looseGroups);
    this.causes = causes;
    this.reporter = reporter;
    this.hooks = hooks;
    this.carp = carp;
    // From the first report on: what was wanted before a restart is never off.
    if (!kept.get().getMaintenance().isEmpty()) {
      demoteGroups(kept.get().getMaintenance());
    }
  }

  synchronized IntentAnswer maintenance(boolean on, String cause) {
    if (pools.isEmpty() && looseGroups.isEmpty()) {
      return nothing();
    }
    var command = new Command.Maintenance(on, cause);
    if (on) {
      var refusals = ask(new Command.Check(command));
      if (!refusals.isEmpty()) {
        return refused(refusals);
      }
    }
    var before = kept.get().getMaintenance();
    try {
      kept.change(b -> b.setMaintenance(on ? cause : ""));
    } catch (IOException e) {
      return notKept(e);
    }
    var refusals = ask(command);
    if (!refusals.isEmpty()) {
      kept.changeIfPossible(b -> b.setMaintenance(before));
      var _ = ask(new Command.Maintenance(!before.isEmpty(), before));
      return refused(refusals);
    }
    if (on) {
      demoteGroups(cause);
      looseGroups.forEach(group ->
          hooks.fire("maintenance", Map.of("CARPOOL_GROUP", group, "CARPOOL_REASON", cause)));
    } else {
      looseGroups.forEach(group -> causes.set(group, "", Cause.MAINTENANCE, null));
    }
    reporter.soon();
    return new IntentAnswer("", "", "", outcomes(on));
  }

  private void demoteGroups(String cause) {
    looseGroups.forEach(group -> causes.set(group, "", Cause.MAINTENANCE, cause));
  }

  private List<IntentOutcome> outcomes(boolean on) {
    var out = new ArrayList<IntentOutcome>();
    for (var pool : pools) {
      // Before the first look it may be here: whoever is told that it is not pulls a plug.
      var serves = pool.status().view().phase() != Phase.STANDBY;
      out.add(
          new IntentOutcome(
              pool.spec().name(),
              "",
              !on
                  ? "may be served here again"
                  : serves ? "is being given up" : "is not served here and will not be",
              on && serves));
    }
    for (var group : looseGroups) {
      out.add(new IntentOutcome("", group, group(on, carp.apply(group)), false));
    }
    return List.copyOf(out);
  }

  private static String group(boolean on, Carp state) {
    if (state == Carp.UNKNOWN) {
      return "carpool-election does not answer; the node's intent is applied when it does";
    }
    if (!on) {
      return "may become MASTER here again";
    }
    return state == Carp.MASTER ? "leaves MASTER" : "will not become MASTER here";
  }

  synchronized IntentAnswer unmanaged(boolean on, String cause) {
    if (pools.isEmpty()) {
      return nothing();
    }
    var before = kept.get().getUnmanaged();
    try {
      kept.change(b -> b.setUnmanaged(on ? cause : ""));
    } catch (IOException e) {
      return notKept(e);
    }
    var refusals = ask(new Command.Unmanaged(on, cause));
    if (!refusals.isEmpty()) {
      kept.changeIfPossible(b -> b.setUnmanaged(before));
      var _ = ask(new Command.Unmanaged(!before.isEmpty(), before));
      return refused(refusals);
    }
    return new IntentAnswer(
        "",
        "",
        "",
        pools.stream()
            .map(pool ->
                new IntentOutcome(
                    pool.spec().name(),
                    "",
                    on ? "is left as it is; no step is taken" : "is looked after again",
                    false))
            .toList());
  }

  private static IntentAnswer nothing() {
    return new IntentAnswer(
        "NOTHING_CONFIGURED",
        "carpool.yaml has no pool and no election group, so there is nothing that could obey",
        "add a pool or a group to carpool.yaml",
        List.of());
  }

  private IntentAnswer notKept(IOException e) {
    return new IntentAnswer(
        "STATE_NOT_KEPT",
        "cannot write " + kept.file() + ", so it would be forgotten at a restart: " + e,
        "make room or repair the file system of state-dir, then repeat the command",
        List.of());
  }

  private static IntentAnswer refused(List<Refusal> refusals) {
    var first = refusals.getFirst();
    return new IntentAnswer(
        first.reason(),
        String.join(
            "; ", refusals.stream().map(r -> "pool " + r.pool() + ": " + r.text()).toList()),
        first.hint(),
        List.of());
  }

  /// Asks every pool and waits for the answers, which come at once.
  private List<Refusal> ask(Command command) {
    var answers = new ArrayList<CompletableFuture<Refusal>>();
    for (var pool : pools) {
      var answer = new CompletableFuture<Refusal>();
      answers.add(answer);
      pool.ask(
          command,
          new Listener() {
            @Override
            public void step(StepRecord step) {}

            @Override
            public void end(String reason, String text, String hint) {
              answer.complete(new Refusal(pool.spec().name(), reason, text, hint));
            }
          });
    }
    return answers.stream()
        .map(NodeIntents::wait)
        .filter(answer -> !answer.reason().isEmpty())
        .toList();
  }

  private static Refusal wait(CompletableFuture<Refusal> answer) {
    try {
      return answer.get(ANSWER_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      // Told below.
    }
    return new Refusal("?", "BUSY", "the loop of a pool does not answer", "carpool doctor");
  }
}
