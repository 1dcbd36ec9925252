package carpool.replicator.store;

import java.lang.foreign.MemorySegment;

/// The system calls of Linux that a provider needs. Each returns what the C function returns, with
/// -errno in place of -1. Tests put a layer in the way that hangs, fails and answers short.
public interface SystemCalls {
  /// open(2).
  int open(String path, int flags);

  /// close(2).
  int close(int fd);

  /// pread(2); may read less than asked for.
  long pread(int fd, MemorySegment into, long offset);

  /// pwrite(2); may write less than asked for.
  long pwrite(int fd, MemorySegment from, long offset);

  /// fdatasync(2).
  int fdatasync(int fd);

  /// flock(2).
  int flock(int fd, int operation);

  /// lseek(2).
  long lseek(int fd, long offset, int whence);

  /// fallocate(2).
  int fallocate(int fd, int mode, long offset, long length);

  /// ioctl(2) with a pointer.
  int ioctl(int fd, long request, MemorySegment argument);
}
