package carpool.replicator.engine;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Free slots, the one used last on top: a light load stays in few buffers, which are warm, and the
/// others are never allocated. Any thread.
final class FreeSlots {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition added = lock.newCondition();
  private final RequestSlot[] stack;
  private int count;
  private int waiting;

  /// @param capacity the number of slots that exist
  FreeSlots(int capacity) {
    stack = new RequestSlot[capacity];
  }

  void add(RequestSlot slot) {
    lock.lock();
    try {
      stack[count++] = slot;
      if (waiting > 0) {
        added.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /// The top one, or null.
  @Nullable RequestSlot poll() {
    lock.lock();
    try {
      return count == 0 ? null : stack[--count];
    } finally {
      lock.unlock();
    }
  }

  /// As [#poll], but waits for a while.
  @Nullable RequestSlot poll(long millis) throws InterruptedException {
    lock.lock();
    try {
      long left = TimeUnit.MILLISECONDS.toNanos(millis);
      waiting++;
      try {
        while (count == 0 && left > 0) {
          left = added.awaitNanos(left);
        }
      } finally {
        waiting--;
      }
      return count == 0 ? null : stack[--count];
    } finally {
      lock.unlock();
    }
  }

  /// Waits for one.
  RequestSlot take() throws InterruptedException {
    lock.lock();
    try {
      waiting++;
      try {
        while (count == 0) {
          added.await();
        }
      } finally {
        waiting--;
      }
      return stack[--count];
    } finally {
      lock.unlock();
    }
  }

  /// Takes `wanted` of them, or none.
  boolean poll(Object[] into, int wanted) {
    lock.lock();
    try {
      if (count < wanted) {
        return false;
      }
      for (int i = 0; i < wanted; i++) {
        into[i] = stack[--count];
      }
      return true;
    } finally {
      lock.unlock();
    }
  }
}
