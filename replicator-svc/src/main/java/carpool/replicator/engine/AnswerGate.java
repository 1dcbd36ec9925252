package carpool.replicator.engine;

import carpool.replicator.core.witness.Permission;
import java.util.ArrayDeque;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/// The last place before a client hears that its request is done. A node that may not answer for
/// the moment keeps what it would say here, reads as well as writes: the peer may serve by now.
///
/// The permission is asked for each answer, at that moment. Safe for any thread; nothing blocks.
public final class AnswerGate {
  private final Supplier<Permission> permission;
  private final ArrayDeque<Integer> held = new ArrayDeque<>();
  private volatile boolean holding;

  /// @param permission what may become of an answer now; asked for each one, so quick
  public AnswerGate(Supplier<Permission> permission) {
    this.permission = permission;
  }

  /// Whether the answer of this slot may go out now; if not it is kept.
  boolean passes(int slot) {
    if (!holding && permission.get() == Permission.ANSWER) {
      return true;
    }
    synchronized (held) {
      // Asked again: whoever changes it calls release afterwards, and must find this one.
      if (held.isEmpty() && permission.get() == Permission.ANSWER) {
        return true;
      }
      held.addLast(slot);
      holding = true;
      return false;
    }
  }

  /// How many answers are kept.
  public int held() {
    synchronized (held) {
      return held.size();
    }
  }

  /// The permission may be another one now.
  ///
  /// @param good answers a slot as its request ended
  /// @param failed answers it with an error
  void release(IntConsumer good, IntConsumer failed) {
    while (holding) {
      var now = permission.get();
      int slot;
      synchronized (held) {
        if (now == Permission.HOLD || held.isEmpty()) {
          holding = !held.isEmpty();
          return;
        }
        slot = held.removeFirst();
      }
      (now == Permission.ANSWER ? good : failed).accept(slot);
    }
  }

  /// The device ends: who still waits gets an error.
  void failAll(IntConsumer failed) {
    while (holding) {
      int slot;
      synchronized (held) {
        if (held.isEmpty()) {
          holding = false;
          return;
        }
        slot = held.removeFirst();
      }
      failed.accept(slot);
    }
  }
}
