package carpool.orchestrator;

import carpool.orchestrator.control.Node.Happening;
import carpool.orchestrator.control.Node.Passed;
import carpool.orchestrator.control.Node.PoolStatus;
import carpool.orchestrator.core.StepRecord;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What happened to the pools, for those who watch, and the last passages. Any thread; watchers are
/// called under its lock and must not block.
final class NodeJournal {
  private static final int PASSAGES_MAX = 64;

  private final ArrayDeque<Passed> passages = new ArrayDeque<>();
  private final Set<Consumer<Happening>> watchers = new LinkedHashSet<>();
  private long last;

  synchronized void tell(String event, String cause, PoolStatus pool, @Nullable StepRecord step) {
    last++;
    var happening = new Happening(last, System.currentTimeMillis(), event, cause, pool, step);
    List.copyOf(watchers).forEach(watcher -> watcher.accept(happening));
  }

  synchronized void passed(Passed passage) {
    passages.addFirst(passage);
    if (passages.size() > PASSAGES_MAX) {
      passages.removeLast();
    }
  }

  synchronized List<Passed> passages() {
    return new ArrayList<>(passages);
  }

  synchronized Runnable watch(List<PoolStatus> present, Consumer<Happening> watcher) {
    watchers.add(watcher);
    present.forEach(pool ->
        watcher.accept(
            new Happening(last, System.currentTimeMillis(), "snapshot", "", pool, null)));
    return () -> remove(watcher);
  }

  private synchronized void remove(Consumer<Happening> watcher) {
    watchers.remove(watcher);
  }
}
