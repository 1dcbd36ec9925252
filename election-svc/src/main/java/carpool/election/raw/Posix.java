package carpool.election.raw;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/// The dozen system calls that the JDK's own network classes do not offer (JEP 454). Every failure
/// is a [PosixException] with the errno taken in the same call.
///
/// Constants are those of Linux; they and the layouts are equal on x86-64 and aarch64 (carp.md
/// 3.6). Calls block the carrier thread: use platform threads.
public final class Posix {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final MemoryLayout CAPTURE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      CAPTURE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private static final MethodHandle SOCKET = handle("socket", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle SETSOCKOPT =
      handle("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle BIND = handle("bind", JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle SENDMSG = longHandle("sendmsg", JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle RECVMSG = longHandle("recvmsg", JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle POLL = handle("poll", ADDRESS, JAVA_LONG, JAVA_INT);
  private static final MethodHandle CLOSE = handle("close", JAVA_INT);

  private Posix() {}

  static int socket(String what, int family, int type, int protocol) throws PosixException {
    try (var arena = Arena.ofConfined()) {
      var errno = arena.allocate(CAPTURE);
      return checked(what, errno, (int) SOCKET.invokeExact(errno, family, type, protocol));
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  static void setsockopt(String what, int fd, int level, int name, byte[] value)
      throws PosixException {
    try (var arena = Arena.ofConfined()) {
      var errno = arena.allocate(CAPTURE);
      var bytes = Bytes.allocate(arena, value);
      checked(
          what, errno, (int) SETSOCKOPT.invokeExact(errno, fd, level, name, bytes, value.length));
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  static void bind(String what, int fd, byte[] address) throws PosixException {
    try (var arena = Arena.ofConfined()) {
      var errno = arena.allocate(CAPTURE);
      var bytes = Bytes.allocate(arena, address);
      checked(what, errno, (int) BIND.invokeExact(errno, fd, bytes, address.length));
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  /// Sends one message.
  ///
  /// @param message a filled `struct msghdr`
  static void sendmsg(String what, int fd, MemorySegment message) throws PosixException {
    try (var arena = Arena.ofConfined()) {
      var errno = arena.allocate(CAPTURE);
      checked(what, errno, (long) SENDMSG.invokeExact(errno, fd, message, 0));
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  /// Receives one message without waiting.
  ///
  /// @return bytes received, or -1 when there is nothing
  static long recvmsg(String what, int fd, MemorySegment message) throws PosixException {
    try (var arena = Arena.ofConfined()) {
      var errno = arena.allocate(CAPTURE);
      long count = (long) RECVMSG.invokeExact(errno, fd, message, Linux.MSG_DONTWAIT);
      int code = (int) ERRNO.get(errno, 0L);
      if (count < 0 && (code == PosixException.EAGAIN || code == PosixException.EINTR)) {
        return -1;
      }
      return checked(what, errno, count);
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  /// Waits until the descriptor has something to read or an error.
  ///
  /// @return whether it has; false after `millis`, or when a signal came
  static boolean awaitReadable(int fd, int millis) throws PosixException {
    try (var arena = Arena.ofConfined()) {
      var errno = arena.allocate(CAPTURE);
      var pollfd = arena.allocate(8, 8);
      pollfd.set(JAVA_INT, 0, fd);
      pollfd.set(java.lang.foreign.ValueLayout.JAVA_SHORT, 4, Linux.POLLIN);
      int ready = (int) POLL.invokeExact(errno, pollfd, 1L, millis);
      if (ready < 0 && (int) ERRNO.get(errno, 0L) == PosixException.EINTR) {
        return false;
      }
      return checked("poll", errno, ready) > 0;
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  static void close(int fd) throws PosixException {
    try (var arena = Arena.ofConfined()) {
      var errno = arena.allocate(CAPTURE);
      checked("close", errno, (int) CLOSE.invokeExact(errno, fd));
    } catch (Throwable t) {
      throw rethrow(t);
    }
  }

  private static int checked(String what, MemorySegment errno, int result) throws PosixException {
    return (int) checked(what, errno, (long) result);
  }

  private static long checked(String what, MemorySegment errno, long result) throws PosixException {
    if (result < 0) {
      throw new PosixException(what, (int) ERRNO.get(errno, 0L));
    }
    return result;
  }

  /// Method handles declare Throwable; only ours and unchecked ones can come.
  private static PosixException rethrow(Throwable t) {
    switch (t) {
      case PosixException e -> {
        return e;
      }
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new IllegalStateException("a system call threw", e);
    }
  }

  private static MethodHandle handle(String name, MemoryLayout... arguments) {
    return handle(name, FunctionDescriptor.of(JAVA_INT, arguments));
  }

  private static MethodHandle longHandle(String name, MemoryLayout... arguments) {
    return handle(name, FunctionDescriptor.of(JAVA_LONG, arguments));
  }

  @SuppressWarnings("restricted") // native access is granted to this program by its launcher
  private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name),
        descriptor,
        Linker.Option.captureCallState("errno"));
  }
}
