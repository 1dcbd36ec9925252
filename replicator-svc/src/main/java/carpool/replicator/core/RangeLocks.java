package carpool.replicator.core;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Overlapping writes run one after the other, in the order in which they came, so that both copies
/// end alike (nbd.md 10.1); a synchronised chunk excludes writes to its range.
///
/// Linear in the number of writes in flight, which is bounded by the slots (a few hundred).
final class RangeLocks {
  private final List<Op> held = new ArrayList<>();
  private final ArrayDeque<Op> waiting = new ArrayDeque<>();

  /// True when the range is free and now held; else the op waits in line.
  boolean acquireOrWait(Op op) {
    if (conflicts(op, held) || conflictsWaiting(op)) {
      waiting.addLast(op);
      return false;
    }
    hold(op);
    return true;
  }

  /// True when the range is free and now held; else nothing happens.
  boolean tryAcquire(Op op) {
    if (conflicts(op, held) || conflictsWaiting(op)) {
      return false;
    }
    hold(op);
    return true;
  }

  private void hold(Op op) {
    held.add(op);
    op.locked = true;
  }

  private static boolean conflicts(Op op, List<Op> others) {
    for (int i = 0; i < others.size(); i++) {
      if (others.get(i).overlaps(op)) {
        return true;
      }
    }
    return false;
  }

  private boolean conflictsWaiting(Op op) {
    if (waiting.isEmpty()) {
      return false;
    }
    for (var other : waiting) {
      if (other.overlaps(op)) {
        return true;
      }
    }
    return false;
  }

  /// Gives the range back and passes those waiters to `granted` that hold theirs now.
  void release(Op op, Consumer<Op> granted) {
    Check.invariant(op.locked, "range not held");
    op.locked = false;
    int at = held.indexOf(op);
    int last = held.size() - 1;
    held.set(at, held.get(last));
    held.remove(last);
    if (waiting.isEmpty()) {
      return;
    }
    var stillWaiting = new ArrayList<Op>(waiting.size());
    var ready = new ArrayList<Op>();
    for (var waiter : waiting) {
      if (conflicts(waiter, held) || conflicts(waiter, stillWaiting)) {
        stillWaiting.add(waiter);
      } else {
        hold(waiter);
        ready.add(waiter);
      }
    }
    waiting.clear();
    waiting.addAll(stillWaiting);
    ready.forEach(granted);
  }

  /// Ranges held now; not to be changed.
  List<Op> held() {
    return held;
  }

  int waitingCount() {
    return waiting.size();
  }
}
