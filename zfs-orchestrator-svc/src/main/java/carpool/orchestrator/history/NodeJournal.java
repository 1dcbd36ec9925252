package carpool.orchestrator.history;

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
public final class NodeJournal {
  private static final int PASSAGES_MAX = 64;

  private final ArrayDeque<Passed> passages = new ArrayDeque<>();
  private final Consumer<Passed> keeper;

  /// Empty at first.
  ///
  /// @param keeper told each passage that is over; must not block
  public NodeJournal(Consumer<Passed> keeper) {
    this.keeper = keeper;
  }

  private record Watcher(Consumer<Happening> listener, Runnable onOver) {}

  private final Set<Watcher> watchers = new LinkedHashSet<>();
  private long last;

  public synchronized void tell(
      String event, String cause, PoolStatus pool, @Nullable StepRecord step) {
    last++;
    var happening = new Happening(last, System.currentTimeMillis(), event, cause, pool, step);
    List.copyOf(watchers).forEach(watcher -> watcher.listener().accept(happening));
  }

  public synchronized void passed(Passed passage) {
    keeper.accept(passage);
    passages.addFirst(passage);
    if (passages.size() > PASSAGES_MAX) {
      passages.removeLast();
    }
  }

  public synchronized List<Passed> passages() {
    return new ArrayList<>(passages);
  }

  public synchronized Runnable watch(
      List<PoolStatus> present, Consumer<Happening> listener, Runnable onOver) {
    var watcher = new Watcher(listener, onOver);
    watchers.add(watcher);
    for (var pool : present) {
      listener.accept(new Happening(last, System.currentTimeMillis(), "snapshot", "", pool, null));
    }
    return () -> remove(watcher);
  }

  private synchronized void remove(Watcher watcher) {
    watchers.remove(watcher);
  }

  /// Nothing happens any more.
  public synchronized void close() {
    List.copyOf(watchers).forEach(watcher -> watcher.onOver().run());
    watchers.clear();
  }
}
