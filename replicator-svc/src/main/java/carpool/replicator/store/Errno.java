package carpool.replicator.store;

import carpool.replicator.store.ProviderException.Reason;

/// Error numbers of Linux that a provider meets; the same on x86-64 and aarch64
/// (include/uapi/asm-generic/errno-base.h and errno.h).
final class Errno {
  private Errno() {}

  static final int EPERM = 1;
  static final int ENOENT = 2;
  static final int EINTR = 4;
  static final int EIO = 5;
  static final int ENXIO = 6;
  static final int EAGAIN = 11;
  static final int EACCES = 13;
  static final int EBUSY = 16;
  static final int ENODEV = 19;
  static final int EINVAL = 22;
  static final int EFBIG = 27;
  static final int ENOSPC = 28;
  static final int EROFS = 30;
  static final int ENOSYS = 38;
  static final int ENOMEDIUM = 123;
  static final int EOPNOTSUPP = 95;
  static final int EDQUOT = 122;

  static Reason reason(int errno) {
    return switch (errno) {
      case ENOENT, ENXIO, ENODEV, ENOMEDIUM -> Reason.MISSING;
      case EPERM, EACCES, EROFS -> Reason.NO_ACCESS;
      case EBUSY, EAGAIN -> Reason.BUSY;
      case ENOSPC, EDQUOT, EFBIG -> Reason.NO_SPACE;
      default -> Reason.IO_ERROR;
    };
  }

  static String text(int errno) {
    return switch (errno) {
      case EPERM -> "operation not permitted (EPERM)";
      case ENOENT -> "no such file or directory (ENOENT)";
      case EIO -> "input/output error (EIO)";
      case ENXIO -> "no such device or address (ENXIO)";
      case EAGAIN -> "locked (EAGAIN)";
      case EACCES -> "permission denied (EACCES)";
      case EBUSY -> "device or resource busy (EBUSY)";
      case ENODEV -> "no such device (ENODEV)";
      case EINVAL -> "invalid argument (EINVAL)";
      case EFBIG -> "file too large (EFBIG)";
      case ENOSPC -> "no space left on device (ENOSPC)";
      case EROFS -> "read-only file system (EROFS)";
      case ENOMEDIUM -> "no medium found (ENOMEDIUM)";
      case EDQUOT -> "disk quota exceeded (EDQUOT)";
      default -> "errno " + errno;
    };
  }
}
