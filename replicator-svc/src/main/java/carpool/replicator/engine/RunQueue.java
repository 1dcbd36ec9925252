package carpool.replicator.engine;

import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.Executor;

/// The work that a thread has still to do because of steps it made, in order.
///
/// Carrying out an effect may end a request, which steps a core again, which asks for more. Without
/// a queue that is a recursion as deep as requests wait for one another, and a stack that overflows
/// leaves ranges locked. With it, a step inside a step only adds to the queue of its thread; the
/// outermost one works it off.
final class RunQueue {
  /// A thread that worked off so many pieces hands the rest over: it belongs to one client or to
  /// the peer, whose next request waits meanwhile, and the rest may be the work of others.
  static final int PIECES_MAX = 256;

  private static final ThreadLocal<RunQueue> OF_THREAD = ThreadLocal.withInitial(RunQueue::new);

  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
  private boolean running;

  private RunQueue() {}

  /// Runs `work` on this thread: at once when the thread is not in here already, else after all
  /// that waits. Work that throws ends the process before it comes here ([ResourceEngine]).
  ///
  /// @param rest carries out what this thread hands over
  static void run(Runnable work, Executor rest) {
    OF_THREAD.get().runOrWait(work, rest);
  }

  private void runOrWait(Runnable work, Executor rest) {
    if (running) {
      waiting.add(work);
      return;
    }
    running = true;
    try {
      work.run();
      int pieces = 1;
      for (var next = waiting.poll(); next != null; next = waiting.poll()) {
        next.run();
        if (++pieces >= PIECES_MAX && !waiting.isEmpty()) {
          handOver(rest);
        }
      }
    } finally {
      running = false;
    }
  }

  private void handOver(Executor rest) {
    var left = List.copyOf(waiting);
    waiting.clear();
    rest.execute(() -> left.forEach(work -> run(work, rest)));
  }
}
