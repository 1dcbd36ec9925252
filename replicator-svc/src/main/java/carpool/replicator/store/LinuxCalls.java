package carpool.replicator.store;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/// The system calls of Linux through the C library (JEP 454). Numbers are those of x86-64 and
/// aarch64, which agree on all of these.
final class LinuxCalls implements SystemCalls {
  static final LinuxCalls REAL = new LinuxCalls();

  static final int O_RDONLY = 0;
  static final int O_RDWR = 2;
  static final int O_EXCL = 0x80;
  static final int O_CLOEXEC = 0x80000;
  static final int LOCK_EX_NB = 2 | 4;
  static final int SEEK_DATA = 3;
  static final int SEEK_HOLE = 4;
  static final int FALLOC_FL_KEEP_SIZE = 1;
  static final int FALLOC_FL_PUNCH_HOLE = 2;
  static final int FALLOC_FL_ZERO_RANGE = 0x10;
  static final long BLKSSZGET = 0x1268;
  static final long BLKGETSIZE64 = 0x80081272L;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final ValueLayout POINTER = ValueLayout.ADDRESS;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(StructLayout.PathElement.groupElement("errno"));
  private static final ThreadLocal<MemorySegment> STATE_OF_THREAD =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

  private static final MethodHandle OPEN =
      link("open", FunctionDescriptor.of(INT, POINTER, INT), Linker.Option.firstVariadicArg(2));
  private static final MethodHandle CLOSE = link("close", FunctionDescriptor.of(INT, INT));
  private static final MethodHandle PREAD =
      link("pread", FunctionDescriptor.of(LONG, INT, POINTER, LONG, LONG));
  private static final MethodHandle PWRITE =
      link("pwrite", FunctionDescriptor.of(LONG, INT, POINTER, LONG, LONG));
  private static final MethodHandle FDATASYNC = link("fdatasync", FunctionDescriptor.of(INT, INT));
  private static final MethodHandle FLOCK = link("flock", FunctionDescriptor.of(INT, INT, INT));
  private static final MethodHandle LSEEK =
      link("lseek", FunctionDescriptor.of(LONG, INT, LONG, INT));
  private static final MethodHandle FALLOCATE =
      link("fallocate", FunctionDescriptor.of(INT, INT, INT, LONG, LONG));
  private static final MethodHandle IOCTL =
      link(
          "ioctl",
          FunctionDescriptor.of(INT, INT, LONG, POINTER),
          Linker.Option.firstVariadicArg(2));

  private LinuxCalls() {}

  /// True where the numbers above hold.
  static boolean usable() {
    var arch = System.getProperty("os.arch");
    return System.getProperty("os.name").equals("Linux")
        && (arch.equals("amd64") || arch.equals("aarch64"));
  }

  @SuppressWarnings("restricted")
  private static MethodHandle link(
      String name, FunctionDescriptor descriptor, Linker.Option... more) {
    var options = new Linker.Option[more.length + 1];
    System.arraycopy(more, 0, options, 0, more.length);
    options[more.length] = Linker.Option.captureCallState("errno");
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), descriptor, options);
  }

  @Override
  public int open(String path, int flags) {
    try (var arena = Arena.ofConfined()) {
      var state = STATE_OF_THREAD.get();
      var result = (int) OPEN.invokeExact(state, arena.allocateFrom(path), flags);
      return result < 0 ? -errno(state) : result;
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  @Override
  public int close(int fd) {
    try {
      var state = STATE_OF_THREAD.get();
      var result = (int) CLOSE.invokeExact(state, fd);
      return result < 0 ? -errno(state) : result;
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  @Override
  public long pread(int fd, MemorySegment into, long offset) {
    try {
      var state = STATE_OF_THREAD.get();
      var result = (long) PREAD.invokeExact(state, fd, into, into.byteSize(), offset);
      return result < 0 ? -errno(state) : result;
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  @Override
  public long pwrite(int fd, MemorySegment from, long offset) {
    try {
      var state = STATE_OF_THREAD.get();
      var result = (long) PWRITE.invokeExact(state, fd, from, from.byteSize(), offset);
      return result < 0 ? -errno(state) : result;
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  @Override
  public int fdatasync(int fd) {
    try {
      var state = STATE_OF_THREAD.get();
      var result = (int) FDATASYNC.invokeExact(state, fd);
      return result < 0 ? -errno(state) : result;
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  @Override
  public int flock(int fd, int operation) {
    try {
      var state = STATE_OF_THREAD.get();
      var result = (int) FLOCK.invokeExact(state, fd, operation);
      return result < 0 ? -errno(state) : result;
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  @Override
  public long lseek(int fd, long offset, int whence) {
    try {
      var state = STATE_OF_THREAD.get();
      var result = (long) LSEEK.invokeExact(state, fd, offset, whence);
      return result < 0 ? -errno(state) : result;
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  @Override
  public int fallocate(int fd, int mode, long offset, long length) {
    try {
      var state = STATE_OF_THREAD.get();
      var result = (int) FALLOCATE.invokeExact(state, fd, mode, offset, length);
      return result < 0 ? -errno(state) : result;
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  @Override
  public int ioctl(int fd, long request, MemorySegment argument) {
    try {
      var state = STATE_OF_THREAD.get();
      var result = (int) IOCTL.invokeExact(state, fd, request, argument);
      return result < 0 ? -errno(state) : result;
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  private static int errno(MemorySegment state) {
    return (int) ERRNO.get(state, 0L);
  }

  /// The handles throw nothing by themselves; what arrives here is an Error of the JVM.
  private static IllegalStateException impossible(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return new IllegalStateException("a system call could not be made", e);
  }
}
