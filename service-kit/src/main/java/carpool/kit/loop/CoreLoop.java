package carpool.kit.loop;

import carpool.kit.boot.FailStop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.PriorityQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The one thread that owns a pure core. Everybody else posts events into a bounded mailbox; timers
/// and completions of effects are events, too. Events are handled in the order in which they were
/// posted; a due timer goes before the mailbox. An exception that leaves the handler is a broken
/// core and stops the process ([FailStop]).
///
/// @param <E> the core's event type
public final class CoreLoop<E> {

  /// Handles one event on the loop's thread.
  @FunctionalInterface
  public interface Handler<E> {
    void on(E event);
  }

  private final String name;
  private final int capacity;
  private final Handler<E> handler;
  private final Consumer<Throwable> onBroken;
  private final Thread thread;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Condition space = lock.newCondition();
  private final ArrayDeque<E> mailbox;
  private final PriorityQueue<Timer<E>> timers = new PriorityQueue<>();
  private long timerSequence;
  private boolean stopping;

  /// A loop that stops the process when its handler throws. Not running until [#start()].
  ///
  /// @param name of the thread
  /// @param capacity events the mailbox holds
  public CoreLoop(String name, int capacity, Handler<E> handler) {
    this(name, capacity, handler, broken -> FailStop.now("core loop " + name + " failed", broken));
  }

  /// As above, with another end for a broken core; for tests.
  public CoreLoop(String name, int capacity, Handler<E> handler, Consumer<Throwable> onBroken) {
    this.name = name;
    this.capacity = capacity;
    this.handler = handler;
    this.onBroken = onBroken;
    this.mailbox = new ArrayDeque<>(Math.min(capacity, 1024));
    this.thread = Thread.ofPlatform().name(name).daemon(true).unstarted(this::run);
  }

  /// Starts the thread; once.
  public void start() {
    thread.start();
  }

  /// The monotonic clock of all events and timers of this process, in nanoseconds. May be negative;
  /// only differences mean something.
  public long nowNanos() {
    return System.nanoTime();
  }

  /// Adds an event, waiting while the mailbox is full: a slow core slows its callers. On the loop's
  /// own thread it does not wait but fails when full. Events posted after [#stop] are dropped.
  public void post(E event) {
    lock.lock();
    try {
      while (mailbox.size() >= capacity && !stopping) {
        if (Thread.currentThread().equals(thread)) {
          throw new IllegalStateException(
              "mailbox of " + name + " is full (" + capacity + ") and its own loop posts to it");
        }
        space.awaitUninterruptibly();
      }
      add(event);
    } finally {
      lock.unlock();
    }
  }

  /// Adds an event unless the mailbox is full or the loop has stopped; true when it was added.
  public boolean tryPost(E event) {
    lock.lock();
    try {
      if (stopping || mailbox.size() >= capacity) {
        return false;
      }
      add(event);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Delivers `event.get()` after `delayNanos`, unless the token is cancelled before. The supplier
  /// runs on the loop's thread when the time has come. From any thread.
  public TimerToken schedule(long delayNanos, Supplier<E> event) {
    lock.lock();
    try {
      var timer = new Timer<>(nowNanos() + Math.max(0, delayNanos), timerSequence++, event);
      timers.add(timer);
      changed.signal();
      return () -> cancel(timer);
    } finally {
      lock.unlock();
    }
  }

  /// Handles what is in the mailbox, drops the timers, ends the thread. False when it has not ended
  /// within `deadline`. Must not be called on the loop's own thread.
  public boolean stop(Duration deadline) throws InterruptedException {
    lock.lock();
    try {
      stopping = true;
      timers.clear();
      changed.signal();
      space.signalAll();
    } finally {
      lock.unlock();
    }
    return thread.getState() == Thread.State.NEW || thread.join(deadline);
  }

  private void add(E event) {
    if (!stopping) {
      mailbox.add(event);
      changed.signal();
    }
  }

  private boolean cancel(Timer<E> timer) {
    lock.lock();
    try {
      return timers.remove(timer);
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    try {
      for (var event = next(); event != null; event = next()) {
        handler.on(event);
      }
    } catch (Throwable broken) {
      onBroken.accept(broken);
    }
  }

  /// The next event, or null at the end.
  private @Nullable E next() throws InterruptedException {
    Supplier<E> due = null;
    lock.lock();
    try {
      while (true) {
        var timer = timers.peek();
        var waitNanos = timer == null ? Long.MAX_VALUE : timer.atNanos() - nowNanos();
        if (timer != null && waitNanos <= 0) {
          timers.remove();
          due = timer.event();
          break;
        }
        var event = mailbox.poll();
        if (event != null) {
          space.signal();
          return event;
        }
        if (stopping) {
          return null;
        }
        if (timer == null) {
          changed.await();
        } else {
          var _ = changed.awaitNanos(waitNanos);
        }
      }
    } finally {
      lock.unlock();
    }
    return due.get();
  }

  private record Timer<E>(long atNanos, long sequence, Supplier<E> event)
      implements Comparable<Timer<E>> {
    @Override
    public int compareTo(Timer<E> other) {
      var byTime = Long.compare(atNanos - other.atNanos, 0);
      return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
    }
  }
}
