package carpool.election.raw;

import java.io.IOException;
import java.util.Map;

/// A system call that failed, with its errno.
public final class PosixException extends IOException {
  private static final long serialVersionUID = 1L;

  public static final int EPERM = 1;
  public static final int ESRCH = 3;
  public static final int EINTR = 4;
  public static final int EAGAIN = 11;
  public static final int EEXIST = 17;
  public static final int ENODEV = 19;
  public static final int EADDRNOTAVAIL = 99;
  public static final int ENETDOWN = 100;
  public static final int ENOBUFS = 105;

  private static final Map<Integer, String> NAMES =
      Map.ofEntries(
          Map.entry(EPERM, "operation not permitted"),
          Map.entry(13, "permission denied"),
          Map.entry(EEXIST, "exists already"),
          Map.entry(ENODEV, "no such device"),
          Map.entry(22, "invalid argument"),
          Map.entry(95, "not supported"),
          Map.entry(97, "address family not supported"),
          Map.entry(EADDRNOTAVAIL, "address not available"),
          Map.entry(ENETDOWN, "network is down"),
          Map.entry(101, "network is unreachable"),
          Map.entry(ENOBUFS, "no buffer space"));

  private final int errno;

  /// @param call what was tried, in words
  public PosixException(String call, int errno) {
    super(call + ": " + NAMES.getOrDefault(errno, "error") + " (errno " + errno + ")");
    this.errno = errno;
  }

  /// Linux errno, the same on all architectures we run on.
  public int errno() {
    return errno;
  }

  /// Whether a capability is missing.
  public boolean notPermitted() {
    return errno == EPERM || errno == 13;
  }
}
