package carpool.sim.engine;

import carpool.sim.VirtualTime;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Runs threads one at a time, in an order that the seed decides: one seed gives one run.
///
/// The threads are virtual threads of the JDK whose scheduler is this class: whatever makes one of
/// them wait (a lock, a condition, a queue, [#pause]) gives the turn to the next. So the product's
/// own locks work, nothing has to be rewritten to be simulated, and a change of turns costs less
/// than a microsecond. The JDK has this scheduler for its own tests only; hence `--add-opens
/// java.base/java.lang=ALL-UNNAMED`. Waits with a time limit would use the real clock: the product
/// has none on these threads ([carpool.kit.boot.Host#within]).
final class Turns {
  private static final Constructor<?> BUILDER = builder();

  /// Longest wait for what the JDK does beside a run.
  private static final long REAL_WAIT_SECONDS = 60;

  private record Turn(SimProcess process, Thread thread, Runnable work) {}

  private final VirtualTime time;
  private final Thread owner = Thread.currentThread();
  private final ArrayList<Turn> ready = new ArrayList<>();
  private @Nullable RuntimeException failure;

  /// Whose turn it is.
  private @Nullable Thread running;

  /// It goes on at once: it has waited in the JDK, for what was over before its turn was.
  private @Nullable Turn goesOn;

  /// Offered by a thread of the JDK.
  private final LinkedBlockingQueue<Turn> foreign = new LinkedBlockingQueue<>();

  /// All threads of a run that keeps a transcript, and whose they are.
  private final Map<Thread, SimProcess> threads = new LinkedHashMap<>();

  private final boolean remembers;

  /// @param remembers [#waiting] will be asked
  Turns(VirtualTime time, boolean remembers) {
    this.time = time;
    this.remembers = remembers;
  }

  @SuppressWarnings("JavaReflectionInvocation")
  private static Constructor<?> builder() {
    try {
      var builder =
          Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
              .getDeclaredConstructor(Executor.class);
      builder.setAccessible(true);
      return builder;
    } catch (ReflectiveOperationException | RuntimeException e) {
      throw new IllegalStateException(
          "the engine world needs --add-opens java.base/java.lang=ALL-UNNAMED", e);
    }
  }

  /// A thread of a process, not started.
  Thread thread(SimProcess process, String name, Runnable work) {
    try {
      var self = new Thread[1];
      Executor scheduler = turn -> offer(new Turn(process, self[0], turn));
      var builder = (Thread.Builder.OfVirtual) BUILDER.newInstance(scheduler);
      var thread =
          builder
              .name(name)
              .uncaughtExceptionHandler((_, e) ->
                  fail(
                      new IllegalStateException(
                          "thread " + name + " of " + process + " failed", e)))
              .unstarted(work);
      self[0] = thread;
      if (remembers) {
        threads.put(thread, process);
      }
      return thread;
    } catch (InstantiationException | IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException(e);
    }
  }

  private void offer(Turn turn) {
    if (!turn.process.alive()) {
      return; // the JDK tidies up what a dead process left
    }
    var caller = Thread.currentThread();
    if (!caller.isVirtual() && !caller.equals(owner)) {
      foreign.add(turn);
    } else if (turn.thread.equals(running)) {
      goesOn = turn;
    } else if (turn.process.frozen()) {
      turn.process.hold(() -> ready.add(turn));
    } else {
      ready.add(turn);
    }
  }

  /// Runs a thread until it waits for something of the run. For a lock of the JDK that a thread
  /// outside of the run holds for a moment (direct memory has one, beside the collector) it waits
  /// in real time, and the run with it: when the collector runs must change nothing.
  private void take(Turn first) {
    running = first.thread;
    for (var turn = first; turn != null; turn = next(turn)) {
      goesOn = null;
      turn.work.run();
    }
    running = null;
  }

  private @Nullable Turn next(Turn done) {
    if (goesOn != null || !done.process.alive()) {
      return goesOn;
    }
    return switch (done.thread.getState()) {
      case WAITING, TERMINATED -> null;
      case NEW, RUNNABLE, BLOCKED, TIMED_WAITING -> awaited(done);
    };
  }

  private Turn awaited(Turn done) {
    try {
      var turn = foreign.poll(REAL_WAIT_SECONDS, TimeUnit.SECONDS);
      if (turn == null || !turn.thread.equals(done.thread)) {
        throw new IllegalStateException(
            "thread " + done.thread.getName() + " of " + done.process + " waits in real time");
      }
      return turn;
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }

  /// Where the threads of living processes stand.
  String waiting() {
    var text = new StringBuilder();
    threads.forEach((thread, process) -> {
      if (process.alive() && thread.isAlive()) {
        text.append("\n").append(process).append(" ").append(thread.getName());
        for (var frame : thread.getStackTrace()) {
          if (frame.getClassName().startsWith("carpool")) {
            text.append("\n    ").append(frame);
          }
        }
      }
    });
    return text.toString();
  }

  /// Something that must not be: the run ends with it.
  void fail(RuntimeException e) {
    if (failure == null) {
      failure = e;
    }
  }

  /// Runs threads and events until `untilMicros`.
  void run(long untilMicros) {
    while (true) {
      if (failure != null) {
        throw failure;
      }
      if (ready.isEmpty()) {
        if (!time.runNext(untilMicros)) {
          return;
        }
        continue;
      }
      int last = ready.size() - 1;
      int chosen = last == 0 ? 0 : time.random().nextInt(last + 1);
      var turn = ready.set(chosen, ready.get(last));
      ready.remove(last);
      if (turn.process.frozen()) {
        turn.process.hold(() -> ready.add(turn));
      } else if (turn.process.alive()) {
        take(turn);
      }
      if (!foreign.isEmpty()) {
        throw new IllegalStateException(foreign.remove().process + " waited in real time");
      }
    }
  }

  /// The calling thread goes on after so much virtual time.
  void pause(long micros) {
    var thread = Thread.currentThread();
    var over = new boolean[1];
    time.after(
        micros,
        () -> {
          over[0] = true;
          LockSupport.unpark(thread);
        });
    while (!over[0]) {
      LockSupport.park(this);
    }
  }
}
