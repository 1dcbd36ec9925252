package carpool.orchestrator.demotion;

import carpool.election.v1.Demotion;
import carpool.orchestrator.control.Node.StandingCause;
import carpool.orchestrator.core.Cause;
import carpool.orchestrator.core.PoolSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What stands against this node, per election group: the sum of what its pools say. Any thread.
public final class CauseBoard {
  private record Standing(String text, long sinceUnixMillis) {}

  /// A change that brings the election service to what should stand.
  ///
  /// @param text null: take the cause back
  record Change(String group, Cause cause, @Nullable String text) {}

  /// By group, cause, pool.
  private final Map<String, Map<Cause, Map<String, Standing>>> standing = new TreeMap<>();

  private final Function<String, List<String>> movesWith;

  /// Every pool is not ready until its machine has said something else.
  ///
  /// @param movesWith the groups that move together with one, itself included: what stands against
  ///   one of them stands against all
  public CauseBoard(Collection<PoolSpec> pools, Function<String, List<String>> movesWith) {
    this.movesWith = movesWith;
    pools.forEach(pool -> set(pool, Cause.NOT_READY, "the orchestrator is starting"));
  }

  public synchronized void set(PoolSpec pool, Cause cause, @Nullable String text) {
    set(pool.follows(), pool.name(), cause, text);
  }

  /// Sets a cause of one group, or takes it back.
  ///
  /// @param by pool that says so; empty: the node itself
  public synchronized void set(String group, String by, Cause cause, @Nullable String text) {
    movesWith.apply(group).forEach(each -> setOne(each, by, cause, text));
  }

  private void setOne(String group, String by, Cause cause, @Nullable String text) {
    var byPool =
        standing
            .computeIfAbsent(group, _ -> new EnumMap<>(Cause.class))
            .computeIfAbsent(cause, _ -> new TreeMap<>());
    if (text == null) {
      byPool.remove(by);
      return;
    }
    var before = byPool.get(by);
    byPool.put(
        by,
        new Standing(text, before == null ? System.currentTimeMillis() : before.sinceUnixMillis()));
  }

  public synchronized List<StandingCause> all() {
    var all = new ArrayList<StandingCause>();
    standing.forEach((group, causes) ->
        causes.forEach((cause, byPool) -> {
          if (!byPool.isEmpty()) {
            all.add(
                new StandingCause(
                    group,
                    cause.word(),
                    cause.amount(),
                    byPool.values().stream().mapToLong(Standing::sinceUnixMillis).min().orElse(0),
                    text(byPool)));
          }
        }));
    return all;
  }

  /// What has to change for `present` to become what should stand. Causes of others are left alone.
  synchronized List<Change> changes(String group, List<Demotion> present) {
    var wanted = standing.getOrDefault(group, Map.of());
    var changes = new ArrayList<Change>();
    var told = new HashMap<String, Demotion>();
    present.forEach(demotion -> told.put(demotion.getCause(), demotion));
    for (var cause : Cause.values()) {
      var byPool = wanted.getOrDefault(cause, Map.of());
      var there = told.get(cause.word());
      if (byPool.isEmpty()) {
        if (there != null) {
          changes.add(new Change(group, cause, null));
        }
      } else if (there == null
          || there.getAmount() != cause.amount()
          || !there.getText().equals(text(byPool))) {
        changes.add(new Change(group, cause, text(byPool)));
      }
    }
    return changes;
  }

  private static String text(Map<String, Standing> byPool) {
    return String.join("; ", byPool.values().stream().map(Standing::text).distinct().toList());
  }
}
