package carpool.replicator.store;

import java.io.IOException;
import java.nio.file.Path;

/// A failure of the local provider. The reason is for programs, the message for people.
public final class ProviderException extends IOException {
  private static final long serialVersionUID = 1L;

  private final Reason reason;

  ProviderException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /// What went wrong.
  public Reason reason() {
    return reason;
  }

  /// A failure of what stands above the file.
  public static ProviderException of(Reason reason, String message) {
    return new ProviderException(reason, message);
  }

  /// A failed system call.
  static ProviderException failed(Path path, String what, int errno) {
    return new ProviderException(
        Errno.reason(errno), path + ": " + what + ": " + Errno.text(errno));
  }

  /// Kinds of failure.
  public enum Reason {
    /// There is nothing at this path.
    MISSING,
    /// Neither a regular file nor a block device, or empty.
    UNSUITABLE,
    /// Somebody else uses it.
    BUSY,
    /// Not allowed.
    NO_ACCESS,
    /// The file system below has no room; the provider is a file with holes.
    NO_SPACE,
    /// It ended before its size: somebody shortened it.
    SHORT,
    /// The device or the file system failed.
    IO_ERROR,
    /// An earlier write or flush failed: nothing is written any more.
    FAILED_BEFORE,
    /// Given up by this process.
    CLOSED
  }
}
