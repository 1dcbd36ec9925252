package carpool.kit.boot;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/// What a process takes from its machine besides I/O: clocks, threads, chance, and its own end. The
/// real one is [#REAL]; the simulator puts one in its place in which time is virtual and threads
/// take turns. Safe for any thread.
public interface Host {
  /// The machine that this process runs on.
  Host REAL = new RealHost();

  /// The monotonic clock, nanoseconds; as `System.nanoTime`.
  long nanoTime();

  /// The wall clock, milliseconds since 1970.
  long unixMillis();

  /// A random number that nobody can foresee.
  long random();

  /// A random number as the name of something: never 0 or 1, which mean something else.
  static long freshId(Host host) {
    long id = host.random();
    return id == 0 || id == 1 ? 2 : id;
  }

  /// A daemon thread of its own for work that may block, not started.
  Thread thread(String name, Runnable work);

  /// A direct buffer for a purpose that lasts; what is in it is arbitrary.
  ByteBuffer buffer(int bytes);

  /// True when the calling thread may block in a socket; a virtual thread of the JDK must not (it
  /// would leave the socket in non-blocking mode).
  boolean mayBlockInSockets();

  /// Waits for at most `nanos`.
  ///
  /// @return what the wait returned: false when the time was over
  boolean within(long nanos, TimedWait wait) throws InterruptedException;

  /// Ends the process, which must not go on; see [FailStop].
  void failStop(String reason, Throwable cause);

  /// A wait of the JDK that takes a time limit; with the limit 0 it returns at once.
  @FunctionalInterface
  interface TimedWait {
    boolean await(long time, TimeUnit unit) throws InterruptedException;
  }
}
