package carpool.replicator.store;

import carpool.replicator.store.ProviderException.Reason;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The one way to an open file, shared by all threads of a resource.
///
/// * It counts who is inside. [#close] refuses newcomers at once, and the last one out closes the
///   file: a descriptor is never used after it was closed, when the system may have given its
///   number to another file.
/// * It keeps the first failed change. Linux reports a write-back error once per open file
///   (fsync(2)), to whichever thread flushes next; every later flush succeeds although the data is
///   gone. So after the first failed write, zeroing or flush all of them fail, for everybody, until
///   the file is opened anew. Flushes run one at a time, so that none succeeds beside the one that
///   was told of the error.
final class ProviderHandle {
  private static final long CLOSING = 1L << 62;

  private final BlockFile file;
  private final AtomicLong users = new AtomicLong();
  private final AtomicReference<@Nullable ProviderException> failure = new AtomicReference<>();
  private final ReentrantLock flushing = new ReentrantLock();
  private volatile Consumer<ProviderException> whenFailed = e -> {};

  ProviderHandle(BlockFile file) {
    this.file = file;
  }

  /// Calls `action` once, on the thread of the first failed change, before that change is reported.
  void whenFailed(Consumer<ProviderException> action) {
    whenFailed = action;
  }

  /// The first failed change, or null.
  @Nullable ProviderException failure() {
    return failure.get();
  }

  void read(ByteBuffer into, long offsetBytes) throws ProviderException {
    enter();
    try {
      file.read(into, offsetBytes);
    } finally {
      leave();
    }
  }

  void write(ByteBuffer from, long offsetBytes) throws ProviderException {
    enter();
    try {
      refuseAfterFailure();
      file.write(from, offsetBytes);
      refuseAfterFailure();
    } catch (ProviderException e) {
      throw changeFailed(e);
    } finally {
      leave();
    }
  }

  boolean tryZero(long offsetBytes, long lengthBytes, boolean mayPunch) throws ProviderException {
    enter();
    try {
      refuseAfterFailure();
      boolean done = file.tryZero(offsetBytes, lengthBytes, mayPunch);
      refuseAfterFailure();
      return done;
    } catch (ProviderException e) {
      throw changeFailed(e);
    } finally {
      leave();
    }
  }

  /// True when a range that may be a hole is one already. Fails after a failed change like a
  /// change.
  boolean isHoleAlready(long offsetBytes, long lengthBytes) throws ProviderException {
    enter();
    try {
      refuseAfterFailure();
      return file.holeBytes(offsetBytes, lengthBytes) == lengthBytes;
    } finally {
      leave();
    }
  }

  void flush() throws ProviderException {
    enter();
    flushing.lock();
    try {
      refuseAfterFailure();
      file.flush();
      refuseAfterFailure();
    } catch (ProviderException e) {
      throw changeFailed(e);
    } finally {
      flushing.unlock();
      leave();
    }
  }

  BlockFile.Run run(long offsetBytes, long lengthBytes) throws ProviderException {
    enter();
    try {
      return file.run(offsetBytes, lengthBytes);
    } finally {
      leave();
    }
  }

  long holeBytes(long offsetBytes, long lengthBytes) throws ProviderException {
    enter();
    try {
      return file.holeBytes(offsetBytes, lengthBytes);
    } finally {
      leave();
    }
  }

  /// Writes and flushes although a change failed: the note on the disk itself that it failed.
  void writeLast(ByteBuffer from, long offsetBytes) throws ProviderException {
    enter();
    try {
      file.write(from, offsetBytes);
      file.flush();
    } finally {
      leave();
    }
  }

  /// Every change fails from now on, as if `cause` had happened to one of them.
  void fail(ProviderException cause) {
    changeFailed(cause);
  }

  /// Refuses newcomers; the file is closed when the last one is out. Does not wait for them.
  void close() throws ProviderException {
    for (long now = users.get(); (now & CLOSING) == 0; now = users.get()) {
      if (users.compareAndSet(now, now | CLOSING)) {
        if (now == 0) {
          file.close();
        }
        return;
      }
    }
  }

  private void enter() throws ProviderException {
    long now;
    do {
      now = users.get();
      if ((now & CLOSING) != 0) {
        throw new ProviderException(Reason.CLOSED, "the provider is closed");
      }
    } while (!users.compareAndSet(now, now + 1));
  }

  private void leave() {
    if (users.decrementAndGet() == CLOSING) {
      try {
        file.close();
      } catch (ProviderException e) {
        changeFailed(e);
      }
    }
  }

  private void refuseAfterFailure() throws ProviderException {
    var first = failure.get();
    if (first != null) {
      throw new ProviderException(
          Reason.FAILED_BEFORE, "refused after an earlier failure: " + first.getMessage());
    }
  }

  private ProviderException changeFailed(ProviderException e) {
    if (e.reason() != Reason.FAILED_BEFORE && failure.compareAndSet(null, e)) {
      whenFailed.accept(e);
    }
    return e;
  }
}
