package carpool.kit.boot;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells the process supervisor how we are: sd_notify(3). The datagram unix socket it needs is not
/// in the JDK, so socket(2) and sendto(2) are called through java.lang.foreign. Without
/// `NOTIFY_SOCKET` nothing happens; a failure is logged once and changes nothing.
@SuppressWarnings("restricted") // Native access is what this class is for.
final class SystemdNotify {
  private static final Logger LOG = LoggerFactory.getLogger(SystemdNotify.class);
  private static final int AF_UNIX = 1;
  private static final int SOCK_DGRAM_LINUX = 2;
  private static final int LONGEST_PATH_BYTES = 107;

  private final Optional<String> socket;
  private boolean failed;

  SystemdNotify(Optional<String> socket) {
    this.socket = socket;
  }

  static SystemdNotify fromEnvironment() {
    return new SystemdNotify(
        Optional.ofNullable(System.getenv("NOTIFY_SOCKET")).filter(s -> !s.isEmpty()));
  }

  /// How often the supervisor wants to hear from us: half of `WATCHDOG_USEC`, if it is ours.
  static Optional<Duration> watchdogInterval() {
    var pid = System.getenv("WATCHDOG_PID");
    var micros = System.getenv("WATCHDOG_USEC");
    if (micros == null
        || !micros.matches("[0-9]{1,15}")
        || (pid != null && !pid.equals(Long.toString(ProcessHandle.current().pid())))) {
      return Optional.empty();
    }
    return Optional.of(Duration.ofNanos(Long.parseLong(micros) * 500)).filter(d -> !d.isZero());
  }

  /// Sends one state, as `READY=1`. True when it was handed to the kernel.
  synchronized boolean send(String state) {
    if (socket.isEmpty() || failed) {
      return false;
    }
    try {
      return sendTo(socket.get(), state);
    } catch (Throwable e) {
      failed = true;
      LOG.warn("cannot notify the supervisor at {}: {}", socket.get(), e.toString());
      return false;
    }
  }

  /// `struct sockaddr_un`: sa_family_t (2 bytes, native order), path; a leading `@` means the
  /// abstract name space, written as a zero byte.
  private static boolean sendTo(String path, String state) throws Throwable {
    var name = path.getBytes(StandardCharsets.UTF_8);
    if (name.length > LONGEST_PATH_BYTES) {
      throw new IllegalArgumentException("path longer than " + LONGEST_PATH_BYTES + " bytes");
    }
    var descriptor = (int) function("socket", 3).invokeExact(AF_UNIX, SOCK_DGRAM_LINUX, 0);
    if (descriptor < 0) {
      throw new IllegalStateException("socket(2) failed");
    }
    try (var arena = Arena.ofConfined()) {
      var address = arena.allocate(2 + 108);
      address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
      for (var i = 0; i < name.length; i++) {
        address.set(ValueLayout.JAVA_BYTE, 2 + i, i == 0 && name[i] == '@' ? 0 : name[i]);
      }
      var text = state.getBytes(StandardCharsets.UTF_8);
      var message = arena.allocate(text.length);
      message.copyFrom(java.lang.foreign.MemorySegment.ofArray(text));
      var addressLength = 2 + name.length + (path.startsWith("@") ? 0 : 1);
      var sendto =
          Linker.nativeLinker()
              .downcallHandle(
                  Linker.nativeLinker().defaultLookup().findOrThrow("sendto"),
                  FunctionDescriptor.of(
                      ValueLayout.JAVA_LONG,
                      ValueLayout.JAVA_INT,
                      ValueLayout.ADDRESS,
                      ValueLayout.JAVA_LONG,
                      ValueLayout.JAVA_INT,
                      ValueLayout.ADDRESS,
                      ValueLayout.JAVA_INT));
      var sent =
          (long)
              sendto.invokeExact(
                  descriptor, message, (long) text.length, 0, address, addressLength);
      if (sent != text.length) {
        throw new IllegalStateException("sendto(2) failed");
      }
      return true;
    } finally {
      var _ = (int) function("close", 1).invokeExact(descriptor);
    }
  }

  private static MethodHandle function(String name, int arguments) {
    var ints = new ValueLayout[arguments];
    java.util.Arrays.fill(ints, ValueLayout.JAVA_INT);
    return Linker.nativeLinker()
        .downcallHandle(
            Linker.nativeLinker().defaultLookup().findOrThrow(name),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ints));
  }
}
