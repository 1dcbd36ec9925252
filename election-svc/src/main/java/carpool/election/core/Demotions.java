package carpool.election.core;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/// The named causes that stand against this node, with amounts; their sum is the demotion counter.
/// At most [#CAUSES_MAX] causes. Immutable.
public record Demotions(SortedMap<String, Demotion> causes) {
  /// More named causes than an operator could read.
  public static final int CAUSES_MAX = 64;

  /// One cause.
  ///
  /// @param amount 0..255
  /// @param ineligible rules out MASTER altogether
  public record Demotion(int amount, boolean ineligible) {}

  public Demotions {
    causes = Collections.unmodifiableSortedMap(new TreeMap<>(causes));
  }

  /// No causes.
  public static Demotions none() {
    return new Demotions(Collections.emptySortedMap());
  }

  /// With this cause added or replaced. A new cause beyond the bound is folded into `other`, so
  /// that it still counts.
  public Demotions with(String cause, Demotion demotion) {
    var next = new TreeMap<>(causes);
    boolean full = !next.containsKey(cause) && next.size() >= CAUSES_MAX;
    next.put(full ? "other" : cause, demotion);
    return new Demotions(next);
  }

  /// Without this cause.
  public Demotions without(String cause) {
    var next = new TreeMap<>(causes);
    next.remove(cause);
    return new Demotions(next);
  }

  /// The sum of the amounts.
  public int total() {
    return causes.values().stream().mapToInt(Demotion::amount).sum();
  }

  /// False while a cause rules out MASTER.
  public boolean eligible() {
    return causes.values().stream().noneMatch(Demotion::ineligible);
  }
}
