package carpool.election.history;

import carpool.election.control.GroupStatus;
import carpool.election.control.GroupStatus.RoleChange;
import carpool.election.control.Groups.Change;
import carpool.election.core.Role;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// The changes of role of all groups, numbered 1, 2, 3, … in the order in which they happened, and
/// those who want to hear of them. Any thread; listeners are called under its lock.
public final class Journal {
  private static final int KEPT_MAX = 64;

  private final ArrayDeque<RoleChange> kept = new ArrayDeque<>();
  private final Set<Subscription> subscriptions = new HashSet<>();
  private long last;

  private record Subscription(String group, Consumer<Change> listener) {}

  /// Notes a change and tells it.
  ///
  /// @param status the group after the change; asked for after the change is noted
  public synchronized void append(
      String group, Role from, Role to, String reason, Supplier<GroupStatus> status) {
    last++;
    var change = new RoleChange(last, System.currentTimeMillis(), group, from, to, reason);
    kept.add(change);
    if (kept.size() > KEPT_MAX) {
      kept.remove();
    }
    tell(new Change(last, Optional.of(change), status.get()));
  }

  /// Tells what a group is like now that something else than its role has changed.
  public synchronized void tell(String group, Supplier<GroupStatus> status) {
    if (subscriptions.stream().anyMatch(subscription -> subscription.group().equals(group))) {
      tell(new Change(last, Optional.empty(), status.get()));
    }
  }

  private void tell(Change change) {
    for (var subscription : List.copyOf(subscriptions)) {
      if (subscription.group().equals(change.status().name())) {
        subscription.listener().accept(change);
      }
    }
  }

  /// The last changes of one group, newest last.
  public synchronized List<RoleChange> of(String group) {
    return kept.stream().filter(change -> change.group().equals(group)).toList();
  }

  /// Tells the present state and from then on every change of one group. Called on the loop of that
  /// group, so that nothing comes in between.
  public synchronized Runnable subscribe(
      String group, Consumer<Change> listener, GroupStatus present) {
    var subscription = new Subscription(group, listener);
    subscriptions.add(subscription);
    listener.accept(new Change(last, Optional.empty(), present));
    return () -> remove(subscription);
  }

  private synchronized void remove(Subscription subscription) {
    subscriptions.remove(subscription);
  }
}
