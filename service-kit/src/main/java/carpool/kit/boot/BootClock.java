package carpool.kit.boot;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// The monotonic clock that also counts the time in which the machine was suspended
/// (`CLOCK_BOOTTIME`, clock_gettime(2)). `System.nanoTime` does not: after a night of suspend it
/// says that no time has passed, and what was promised for three seconds seems to hold.
public final class BootClock {
  private static final int CLOCK_BOOTTIME = 7;
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  @SuppressWarnings("restricted")
  private static final MethodHandle GETTIME =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("clock_gettime"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS),
              Linker.Option.critical(true));

  private BootClock() {}

  /// Nanoseconds; only differences count.
  public static long nanos() {
    var time = new long[2]; // struct timespec: seconds, nanoseconds
    int result;
    try {
      result = (int) GETTIME.invokeExact(CLOCK_BOOTTIME, MemorySegment.ofArray(time));
    } catch (Throwable e) {
      throw new IllegalStateException("clock_gettime", e);
    }
    if (result != 0) {
      throw new IllegalStateException("this kernel has no CLOCK_BOOTTIME");
    }
    return time[0] * NANOS_PER_SECOND + time[1];
  }
}
