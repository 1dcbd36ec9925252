package carpool.replicator.store;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.function.LongUnaryOperator;

/// The real system calls with faults in the way, each set by the test that wants it; and the calls
/// that were made, in order.
class FakeCalls implements SystemCalls {
  private final SystemCalls real = LinuxCalls.REAL;
  final List<String> made = new ArrayList<>();

  /// Gets the length of a pwrite; answers the length that is written, or -errno.
  LongUnaryOperator pwrite = length -> length;

  /// As [#pwrite].
  LongUnaryOperator pread = length -> length;

  /// Gets the number of the call, from 1; answers 0 to make the real call, or -errno.
  IntUnaryOperator fdatasync = call -> 0;

  IntUnaryOperator fallocate = call -> 0;
  private int syncs;
  private int allocates;

  synchronized List<String> made() {
    return List.copyOf(made);
  }

  private synchronized void note(String call) {
    made.add(call);
  }

  @Override
  public int open(String path, int flags) {
    return real.open(path, flags);
  }

  @Override
  public int close(int fd) {
    note("close");
    return real.close(fd);
  }

  @Override
  public long pread(int fd, MemorySegment into, long offset) {
    note("pread " + offset + "+" + into.byteSize());
    long answer = pread.applyAsLong(into.byteSize());
    return answer < 0 ? answer : real.pread(fd, into.asSlice(0, answer), offset);
  }

  @Override
  public long pwrite(int fd, MemorySegment from, long offset) {
    note("pwrite " + offset + "+" + from.byteSize());
    long answer = pwrite.applyAsLong(from.byteSize());
    return answer < 0 ? answer : real.pwrite(fd, from.asSlice(0, answer), offset);
  }

  @Override
  public int fdatasync(int fd) {
    note("fdatasync");
    int answer = fdatasync.applyAsInt(++syncs);
    return answer < 0 ? answer : real.fdatasync(fd);
  }

  @Override
  public int flock(int fd, int operation) {
    return real.flock(fd, operation);
  }

  @Override
  public long lseek(int fd, long offset, int whence) {
    return real.lseek(fd, offset, whence);
  }

  @Override
  public int fallocate(int fd, int mode, long offset, long length) {
    note("fallocate " + offset + "+" + length);
    int answer = fallocate.applyAsInt(++allocates);
    return answer < 0 ? answer : real.fallocate(fd, mode, offset, length);
  }

  @Override
  public int ioctl(int fd, long request, MemorySegment argument) {
    return real.ioctl(fd, request, argument);
  }
}
