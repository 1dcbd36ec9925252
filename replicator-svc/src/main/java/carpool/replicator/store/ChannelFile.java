package carpool.replicator.store;

import carpool.replicator.store.ProviderException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/// A file or block device by what every Java has: no holes, no sector size, zeroes are written. A
/// thread that is interrupted while it is inside closes the file for everybody.
final class ChannelFile implements BlockFile {
  private final Path path;
  private final FileChannel channel;

  private ChannelFile(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  static ChannelFile open(Path path, boolean writable) throws ProviderException {
    try {
      return new ChannelFile(
          path,
          writable
              ? FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)
              : FileChannel.open(path, StandardOpenOption.READ));
    } catch (java.nio.file.NoSuchFileException _) {
      throw new ProviderException(Reason.MISSING, path + ": no such file");
    } catch (java.nio.file.AccessDeniedException _) {
      throw new ProviderException(Reason.NO_ACCESS, path + ": permission denied");
    } catch (IOException e) {
      throw failed(path, "open", e);
    }
  }

  @Override
  public long sizeBytes() throws ProviderException {
    try {
      return channel.size();
    } catch (IOException e) {
      throw failed(path, "size", e);
    }
  }

  @Override
  public int sectorBytes() {
    return 512;
  }

  @Override
  public void read(ByteBuffer into, long offsetBytes) throws ProviderException {
    var start = into.position();
    try {
      while (into.hasRemaining()) {
        var at = offsetBytes + (into.position() - start);
        if (channel.read(into, at) <= 0) {
          throw new ProviderException(Reason.SHORT, path + " ends before byte " + at);
        }
      }
    } catch (ProviderException e) {
      throw e;
    } catch (IOException e) {
      throw failed(path, "read", e);
    }
  }

  @Override
  public void write(ByteBuffer from, long offsetBytes) throws ProviderException {
    var start = from.position();
    try {
      while (from.hasRemaining()) {
        var done = channel.write(from, offsetBytes + (from.position() - start));
        if (done <= 0) {
          throw new ProviderException(Reason.IO_ERROR, path + " takes nothing");
        }
      }
    } catch (ProviderException e) {
      throw e;
    } catch (IOException e) {
      throw failed(path, "write", e);
    }
  }

  @Override
  public void flush() throws ProviderException {
    try {
      channel.force(false);
    } catch (IOException e) {
      throw failed(path, "flush", e);
    }
  }

  @Override
  public boolean tryZero(long offsetBytes, long lengthBytes, boolean mayPunch) {
    return false;
  }

  @Override
  public Run run(long offsetBytes, long lengthBytes) {
    return new Run(lengthBytes, false);
  }

  @Override
  public long holeBytes(long offsetBytes, long lengthBytes) {
    return 0;
  }

  @Override
  public boolean tryLock() throws ProviderException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException _) {
      return false;
    } catch (IOException e) {
      throw failed(path, "lock", e);
    }
  }

  @Override
  public void close() throws ProviderException {
    try {
      channel.close();
    } catch (IOException e) {
      throw failed(path, "close", e);
    }
  }

  private static ProviderException failed(Path path, String what, IOException e) {
    @Nullable String why = e.getMessage();
    return new ProviderException(
        Reason.IO_ERROR, path + ": " + what + ": " + (why == null ? e.toString() : why));
  }
}
