package carpool.replicator.store;

import carpool.replicator.store.BlockFile.Run;
import carpool.replicator.store.ProviderException.Reason;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/// The local provider: a regular file or a block device below the replicator. Positional, through
/// the page cache, at any byte offset; safe for many threads at once. Every method either did all
/// of its work or throws [ProviderException]. After the first failed write, zeroing or flush all of
/// them fail ([ProviderHandle]).
public final class LocalProvider implements Closeable {
  private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(1 << 20).asReadOnlyBuffer();

  private final Path path;
  private final ProviderHandle file;
  private final boolean blockDevice;
  private final long sizeBytes;
  private final int sectorBytes;

  private LocalProvider(Path path, BlockFile file, boolean blockDevice) throws ProviderException {
    this.path = path;
    this.file = new ProviderHandle(file);
    this.blockDevice = blockDevice;
    sizeBytes = file.sizeBytes();
    sectorBytes = file.sectorBytes();
    if (sizeBytes <= 0) {
      throw new ProviderException(Reason.UNSUITABLE, path + " has no size");
    }
  }

  /// Opens for reading and writing, with the exclusive lock; a second replicator, or a second
  /// resource on the same provider, is refused until [#close].
  ///
  /// @throws ProviderException BUSY says who has it, as far as that can be known
  public static LocalProvider attach(Path path) throws ProviderException {
    return open(path, true);
  }

  /// Opens for reading only, whoever uses it; for `dump` and the like.
  public static LocalProvider inspect(Path path) throws ProviderException {
    return open(path, false);
  }

  private static LocalProvider open(Path path, boolean attach) throws ProviderException {
    var blockDevice = isBlockDevice(path);
    var file =
        LinuxCalls.usable()
            ? LinuxFile.open(path, blockDevice, attach)
            : ChannelFile.open(path, attach);
    return attach ? locked(path, file, blockDevice) : opened(path, file, blockDevice);
  }

  private static LocalProvider locked(Path path, BlockFile file, boolean blockDevice)
      throws ProviderException {
    var complete = false;
    try {
      if (!file.tryLock()) {
        throw new ProviderException(
            Reason.BUSY,
            path
                + " is attached already"
                + LockHolder.of(path).map(who -> " by " + who).orElse(" by another process"));
      }
      complete = true;
    } finally {
      if (!complete) {
        file.close();
      }
    }
    return opened(path, file, blockDevice);
  }

  private static LocalProvider opened(Path path, BlockFile file, boolean blockDevice)
      throws ProviderException {
    var complete = false;
    try {
      var provider = new LocalProvider(path, file, blockDevice);
      complete = true;
      return provider;
    } finally {
      if (!complete) {
        file.close();
      }
    }
  }

  /// As [#attach(Path)], of a file or block device that these system calls know.
  public static LocalProvider attach(SystemCalls calls, Path path, boolean blockDevice)
      throws ProviderException {
    return locked(
        path, LinuxFile.open(calls, path, blockDevice, /* writable= */ true), blockDevice);
  }

  /// Over an open file that nobody else uses.
  static LocalProvider over(Path path, BlockFile file) throws ProviderException {
    return new LocalProvider(path, file, /* blockDevice= */ true);
  }

  private static boolean isBlockDevice(Path path) throws ProviderException {
    if (Files.isRegularFile(path)) {
      return false;
    }
    if (!Files.exists(path)) {
      throw new ProviderException(Reason.MISSING, path + ": no such file or device");
    }
    if (Files.isDirectory(path)) {
      throw new ProviderException(Reason.UNSUITABLE, path + " is a directory");
    }
    try {
      var mode = (Integer) Files.getAttribute(path, "unix:mode");
      if ((mode & 0xf000) == 0x6000) {
        return true;
      }
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException _) {
      // A system that cannot tell; FreeBSD's disks are character devices.
      return true;
    }
    if (LinuxCalls.usable()) {
      throw new ProviderException(
          Reason.UNSUITABLE, path + " is neither a regular file nor a block device");
    }
    return true;
  }

  /// Where it is.
  public Path path() {
    return path;
  }

  /// Bytes, as of opening.
  public long sizeBytes() {
    return sizeBytes;
  }

  /// Logical sector size in bytes; 512 for files.
  public int sectorBytes() {
    return sectorBytes;
  }

  /// False for a regular file.
  public boolean isBlockDevice() {
    return blockDevice;
  }

  /// Reads `into` from position to limit; its position is at the limit afterwards. A heap buffer
  /// costs a copy.
  public void read(ByteBuffer into, long offsetBytes) throws ProviderException {
    check(offsetBytes, into.remaining());
    file.read(into, offsetBytes);
  }

  /// Writes `from` from position to limit; its position is at the limit afterwards. A heap buffer
  /// costs a copy.
  public void write(ByteBuffer from, long offsetBytes) throws ProviderException {
    check(offsetBytes, from.remaining());
    file.write(from, offsetBytes);
  }

  /// Makes everything written before durable (fdatasync). After a failure nothing is known about
  /// what was written since the last success.
  public void flush() throws ProviderException {
    file.flush();
  }

  /// Makes a range read as zeroes. Where it may be a hole and is one already, nothing is done.
  ///
  /// Discarding is never used: a device may answer a discard and return the old data. Devices are
  /// asked for zeroes (fallocate(2) on a block device is BLKZEROOUT), else zeroes are written.
  ///
  /// @param mayPunch the space may be given back; else it stays allocated where the system can
  ///   promise that
  public void zero(long offsetBytes, long lengthBytes, boolean mayPunch) throws ProviderException {
    check(offsetBytes, lengthBytes);
    if (mayPunch && lengthBytes > 0 && file.isHoleAlready(offsetBytes, lengthBytes)) {
      return;
    }
    if (lengthBytes > 0 && !file.tryZero(offsetBytes, lengthBytes, mayPunch)) {
      writeZeroes(offsetBytes, lengthBytes);
    }
  }

  private void writeZeroes(long offsetBytes, long lengthBytes) throws ProviderException {
    var zeroes = ZEROES.duplicate();
    for (var done = 0L; done < lengthBytes; ) {
      var now = (int) Math.min(zeroes.capacity(), lengthBytes - done);
      file.write(zeroes.clear().limit(now), offsetBytes + done);
      done += now;
    }
  }

  /// The first run of equal allocation in a range.
  ///
  /// @param lengthBytes at least 1
  public Run run(long offsetBytes, long lengthBytes) throws ProviderException {
    check(offsetBytes, lengthBytes);
    return file.run(offsetBytes, lengthBytes);
  }

  /// How many bytes from `offsetBytes` on, at most `lengthBytes`, are known to be a hole.
  public long holeBytes(long offsetBytes, long lengthBytes) throws ProviderException {
    check(offsetBytes, lengthBytes);
    return file.holeBytes(offsetBytes, lengthBytes);
  }

  /// What seems to be on it, in words, when it is not blank of everything known here: a file
  /// system, a partition table, a member of something. HAST's own metadata is not looked for.
  public Optional<String> foreignContent() throws ProviderException {
    var head = ByteBuffer.allocateDirect((int) Math.min(sizeBytes, ForeignContent.HEAD_BYTES));
    read(head, 0);
    var tail = ByteBuffer.allocateDirect((int) Math.min(sizeBytes, ForeignContent.TAIL_BYTES));
    read(tail, sizeBytes - tail.capacity());
    return ForeignContent.in(head.flip(), tail.flip());
  }

  private void check(long offsetBytes, long lengthBytes) {
    if (offsetBytes < 0 || lengthBytes < 0 || lengthBytes > sizeBytes - offsetBytes) {
      throw new IndexOutOfBoundsException(
          "%s: %d bytes at %d of %d".formatted(path, lengthBytes, offsetBytes, sizeBytes));
    }
  }

  /// Calls `action` once, on the thread whose write, zeroing or flush is the first to fail, before
  /// that failure is reported. It may use [#writeLast].
  public void whenFailed(Consumer<ProviderException> action) {
    file.whenFailed(action);
  }

  /// True after the first failed write, zeroing or flush.
  public boolean hasFailed() {
    return file.failure() != null;
  }

  /// Every write, zeroing and flush fails from now on, as if `cause` had happened to one of them.
  public void fail(ProviderException cause) {
    file.fail(cause);
  }

  /// Writes and flushes although the provider has failed: for the note that it has, nothing else.
  public void writeLast(ByteBuffer from, long offsetBytes) throws ProviderException {
    check(offsetBytes, from.remaining());
    file.writeLast(from, offsetBytes);
  }

  /// Gives up the lock and the file; does not flush. Whoever is inside finishes first, and nobody
  /// enters any more.
  @Override
  public void close() throws ProviderException {
    file.close();
  }
}
