package carpool.replicator.store;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/// A file or block device by its descriptor. Unlike a FileChannel it is not closed when a thread
/// that uses it is interrupted, tells errors apart, and its lock (flock(2)) belongs to the open
/// file and not to the process, so opening the same file a second time does not lose it.
///
/// A block device is opened with O_EXCL: the kernel refuses one that is mounted, part of a volume
/// group, or claimed by a kernel driver.
final class LinuxFile implements BlockFile {
  private final SystemCalls calls;
  private final Path path;
  private final int descriptor;
  private final boolean blockDevice;
  private volatile boolean punchUnsupported;
  private volatile boolean zeroUnsupported;

  private LinuxFile(SystemCalls calls, Path path, int descriptor, boolean blockDevice) {
    this.calls = calls;
    this.path = path;
    this.descriptor = descriptor;
    this.blockDevice = blockDevice;
  }

  static LinuxFile open(Path path, boolean blockDevice, boolean writable) throws ProviderException {
    return open(LinuxCalls.REAL, path, blockDevice, writable);
  }

  static LinuxFile open(SystemCalls calls, Path path, boolean blockDevice, boolean writable)
      throws ProviderException {
    var flags =
        LinuxCalls.O_CLOEXEC
            | (writable ? LinuxCalls.O_RDWR : LinuxCalls.O_RDONLY)
            | (blockDevice && writable ? LinuxCalls.O_EXCL : 0);
    var descriptor = calls.open(path.toString(), flags);
    if (descriptor == -Errno.EBUSY) {
      throw new ProviderException(
          ProviderException.Reason.BUSY,
          path + " is in use by the kernel (mounted, or part of a volume group, array or pool)");
    }
    if (descriptor < 0) {
      throw ProviderException.failed(path, "open", -descriptor);
    }
    return new LinuxFile(calls, path, descriptor, blockDevice);
  }

  @Override
  public long sizeBytes() throws ProviderException {
    if (!blockDevice) {
      return check("seek to the end", calls.lseek(descriptor, 0, 2));
    }
    try (var arena = Arena.ofConfined()) {
      var size = arena.allocate(ValueLayout.JAVA_LONG);
      check("size", calls.ioctl(descriptor, LinuxCalls.BLKGETSIZE64, size));
      return size.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  @Override
  public int sectorBytes() throws ProviderException {
    if (!blockDevice) {
      return 512;
    }
    try (var arena = Arena.ofConfined()) {
      var size = arena.allocate(ValueLayout.JAVA_INT);
      check("sector size", calls.ioctl(descriptor, LinuxCalls.BLKSSZGET, size));
      return size.get(ValueLayout.JAVA_INT, 0);
    }
  }

  @Override
  public void read(ByteBuffer into, long offsetBytes) throws ProviderException {
    if (!into.isDirect()) {
      var direct = ByteBuffer.allocateDirect(into.remaining());
      read(direct, offsetBytes);
      into.put(direct.flip());
      return;
    }
    var start = into.position();
    while (into.hasRemaining()) {
      var at = offsetBytes + (into.position() - start);
      var done = calls.pread(descriptor, MemorySegment.ofBuffer(into), at);
      if (done == 0) {
        throw new ProviderException(
            ProviderException.Reason.SHORT, path + " ends before byte " + at);
      }
      if (done != -Errno.EINTR) {
        into.position(into.position() + (int) check("read at " + at, done));
      }
    }
  }

  @Override
  public void write(ByteBuffer from, long offsetBytes) throws ProviderException {
    if (!from.isDirect()) {
      write(ByteBuffer.allocateDirect(from.remaining()).put(from).flip(), offsetBytes);
      return;
    }
    var start = from.position();
    while (from.hasRemaining()) {
      var at = offsetBytes + (from.position() - start);
      var done = calls.pwrite(descriptor, MemorySegment.ofBuffer(from), at);
      if (done == 0) {
        throw new ProviderException(
            ProviderException.Reason.IO_ERROR, path + " takes nothing at byte " + at);
      }
      if (done != -Errno.EINTR) {
        from.position(from.position() + (int) check("write at " + at, done));
      }
    }
  }

  @Override
  public void flush() throws ProviderException {
    // Not repeated after a failure: the kernel reports a lost write once (fsync(2)). EINTR is no
    // failure: nothing was reported.
    int result;
    do {
      result = calls.fdatasync(descriptor);
    } while (result == -Errno.EINTR);
    check("flush", result);
  }

  @Override
  public boolean tryZero(long offsetBytes, long lengthBytes, boolean mayPunch)
      throws ProviderException {
    if (mayPunch && !punchUnsupported) {
      var mode = LinuxCalls.FALLOC_FL_PUNCH_HOLE | LinuxCalls.FALLOC_FL_KEEP_SIZE;
      var result = fallocate(mode, offsetBytes, lengthBytes);
      if (result == 0) {
        return true;
      }
      punchUnsupported = isUnsupported(result, offsetBytes, "punch");
    }
    if (!zeroUnsupported) {
      var mode = LinuxCalls.FALLOC_FL_ZERO_RANGE | LinuxCalls.FALLOC_FL_KEEP_SIZE;
      var result = fallocate(mode, offsetBytes, lengthBytes);
      if (result == 0) {
        return true;
      }
      zeroUnsupported = isUnsupported(result, offsetBytes, "zero");
    }
    return false;
  }

  private int fallocate(int mode, long offsetBytes, long lengthBytes) {
    int result;
    do {
      result = calls.fallocate(descriptor, mode, offsetBytes, lengthBytes);
    } while (result == -Errno.EINTR);
    return result;
  }

  /// A block device answers EINVAL to a range that is not made of whole sectors.
  private boolean isUnsupported(int result, long offsetBytes, String what)
      throws ProviderException {
    return switch (-result) {
      case Errno.EOPNOTSUPP, Errno.ENOSYS, Errno.ENODEV -> true;
      case Errno.EINVAL -> false;
      default -> throw ProviderException.failed(path, what + " at " + offsetBytes, -result);
    };
  }

  @Override
  public Run run(long offsetBytes, long lengthBytes) throws ProviderException {
    var data = calls.lseek(descriptor, offsetBytes, LinuxCalls.SEEK_DATA);
    if (data == -Errno.ENXIO) {
      return new Run(lengthBytes, true);
    }
    if (data == -Errno.EINVAL || data == -Errno.EOPNOTSUPP) {
      return new Run(lengthBytes, false);
    }
    if (check("seek data", data) > offsetBytes) {
      return new Run(Math.min(lengthBytes, data - offsetBytes), true);
    }
    var hole = check("seek hole", calls.lseek(descriptor, offsetBytes, LinuxCalls.SEEK_HOLE));
    // Someone may have punched in between; then the next question finds it.
    return new Run(Math.clamp(hole - offsetBytes, 1, lengthBytes), false);
  }

  @Override
  public long holeBytes(long offsetBytes, long lengthBytes) throws ProviderException {
    if (blockDevice) {
      return 0;
    }
    var data = calls.lseek(descriptor, offsetBytes, LinuxCalls.SEEK_DATA);
    if (data == -Errno.ENXIO) {
      return lengthBytes;
    }
    if (data == -Errno.EINVAL || data == -Errno.EOPNOTSUPP) {
      return 0;
    }
    return Math.min(lengthBytes, check("seek data", data) - offsetBytes);
  }

  @Override
  public boolean tryLock() throws ProviderException {
    var result = calls.flock(descriptor, LinuxCalls.LOCK_EX_NB);
    if (result == -Errno.EAGAIN) {
      return false;
    }
    check("lock", result);
    return true;
  }

  @Override
  public void close() throws ProviderException {
    check("close", calls.close(descriptor));
  }

  private long check(String what, long result) throws ProviderException {
    if (result < 0) {
      throw ProviderException.failed(path, what, (int) -result);
    }
    return result;
  }
}
