package carpool.sim.engine;

import carpool.replicator.core.layout.MetadataBlock;
import carpool.replicator.store.SystemCalls;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The system calls of one process. A call takes time, in which other threads run, and may be
/// interrupted, answer short, fail or hang. What was asked for happens at some moment between call
/// and answer, also when the process has ended meanwhile.
final class SimCalls implements SystemCalls {
  static final int EIO = 5;
  private static final int EINTR = 4;
  private static final int ENXIO = 6;
  private static final int EBADF = 9;
  private static final int EAGAIN = 11;
  private static final int EINVAL = 22;
  private static final int ENOSPC = 28;
  private static final int ENOTTY = 25;
  private static final int EOPNOTSUPP = 95;
  private static final int READ_AHEAD_BYTES = 2048;
  private static final int SEEK_END = 2;
  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;
  private static final long BLKSSZGET = 0x1268;
  private static final long BLKGETSIZE64 = 0x80081272L;

  private final EngineWorld world;
  private final SimMachine machine;
  private final SimProcess process;
  private final Map<Integer, Open> files = new HashMap<>();
  private int lastDescriptor = 2;

  /// Changes that failed in this life of the process.
  private int refusals;

  private int toldRefusals;

  /// An open file.
  private static final class Open {
    final SimDisk disk;
    int errorsSeen;

    /// Where the last read began: what follows was read ahead.
    long lastRead = Long.MIN_VALUE / 2;

    Open(SimDisk disk) {
      this.disk = disk;
      errorsSeen = disk.errorsAtOpen();
    }
  }

  SimCalls(EngineWorld world, SimMachine machine, SimProcess process) {
    this.world = world;
    this.machine = machine;
    this.process = process;
  }

  @Override
  public int open(String path, int flags) {
    if (machine.trouble() == SimMachine.Trouble.DEAD) {
      return -ENXIO;
    }
    files.put(++lastDescriptor, new Open(machine.disk()));
    return lastDescriptor;
  }

  @Override
  public int close(int fd) {
    files.remove(fd);
    machine.unlock(process, fd);
    return 0;
  }

  @Override
  public int flock(int fd, int operation) {
    return machine.lock(process, fd) ? 0 : -EAGAIN;
  }

  private boolean chance(int one, int in) {
    return world.time().chance(one, in);
  }

  private int upTo(int most) {
    return world.time().random().nextInt(most + 1);
  }

  private boolean hasBadDay() {
    return world.traits().awkward();
  }

  @Override
  public long pread(int fd, MemorySegment into, long offset) {
    var file = files.get(fd);
    if (file == null) {
      return -EBADF;
    }
    if (hasBadDay() && chance(1, 50)) {
      return -EINTR;
    }
    long rest = file.disk.sizeBytes() - offset;
    int length = (int) Math.min(into.byteSize(), Math.max(0, rest));
    if (length > 1 && hasBadDay() && chance(1, 30)) {
      length = 1 + upTo(length - 2);
    }
    int asked = length;
    boolean ahead = offset > file.lastRead && offset - file.lastRead <= READ_AHEAD_BYTES;
    file.lastRead = offset;
    return call(
        ahead || chance(1, 3) ? 0 : 20 + upTo(machine.slow() ? 8000 : 300),
        () -> {
          if (machine.trouble() == SimMachine.Trouble.ALL
              || machine.trouble() == SimMachine.Trouble.DEAD
              || machine.failsOnce(SimMachine.Once.READ)) {
            return -EIO;
          }
          var bytes = new byte[asked];
          if (!file.disk.read(offset, bytes)) {
            return -EIO;
          }
          MemorySegment.copy(bytes, 0, into, ValueLayout.JAVA_BYTE, 0, asked);
          return asked;
        });
  }

  @Override
  public long pwrite(int fd, MemorySegment from, long offset) {
    var file = files.get(fd);
    if (file == null) {
      return -EBADF;
    }
    if (hasBadDay() && chance(1, 50)) {
      return -EINTR;
    }
    if (offset < MetadataBlock.BYTES || from.byteSize() == MetadataBlock.SPARE_BYTES) {
      world.chaos().recording(world.node(machine), offset == 0);
    }
    int length = (int) from.byteSize();
    if (length > 1 && hasBadDay() && chance(1, 30)) {
      length = 1 + upTo(length - 2);
    }
    int asked = length;
    return call(
        chance(1, 4) ? 0 : 10 + upTo(machine.slow() ? 8000 : 200),
        () -> {
          if (refusesWrites() || machine.failsOnce(SimMachine.Once.WRITE)) {
            return refused(EIO);
          }
          if (machine.full() && file.disk.needsSpace(offset, asked)) {
            return refused(ENOSPC);
          }
          // Now and not before: the buffer must stay as it is until the answer.
          var bytes = new byte[asked];
          MemorySegment.copy(from, ValueLayout.JAVA_BYTE, 0, bytes, 0, asked);
          file.disk.write(offset, bytes, asked);
          return asked;
        });
  }

  private boolean refusesWrites() {
    return switch (machine.trouble()) {
      case NONE, FLUSHES -> false;
      case WRITES, ALL, DEAD -> true;
    };
  }

  @Override
  public int fdatasync(int fd) {
    var file = files.get(fd);
    if (file == null) {
      return -EBADF;
    }
    if (hasBadDay() && chance(1, 50)) {
      return -EINTR;
    }
    world.chaos().pending();
    var dirty = file.disk.dirtyNow();
    return (int)
        call(
            30 + upTo(machine.slow() ? 20_000 : 2000),
            () -> {
              if (machine.trouble() != SimMachine.Trouble.NONE
                  || machine.failsOnce(SimMachine.Once.FLUSH)) {
                world.losses().losesWriteBack(world.node(machine));
              }
              if (file.disk.hasNewError(file.errorsSeen)) {
                file.errorsSeen = file.disk.errors();
                return refused(EIO);
              }
              file.disk.makeDurable(dirty);
              return 0;
            });
  }

  @Override
  public long lseek(int fd, long offset, int whence) {
    var file = files.get(fd);
    if (file == null) {
      return -EBADF;
    }
    return switch (whence) {
      case SEEK_END -> file.disk.sizeBytes();
      case SEEK_DATA -> {
        long data = file.disk.nextData(offset);
        yield data < 0 ? -ENXIO : data;
      }
      case SEEK_HOLE -> file.disk.nextHole(offset);
      default -> -EINVAL;
    };
  }

  @Override
  public int fallocate(int fd, int mode, long offset, long length) {
    var file = files.get(fd);
    if (file == null) {
      return -EBADF;
    }
    if (!world.traits().fallocateWorks()) {
      return -EOPNOTSUPP;
    }
    if (hasBadDay() && chance(1, 50)) {
      return -EINTR;
    }
    return (int)
        call(
            10 + upTo(machine.slow() ? 8000 : 300),
            () -> {
              if (refusesWrites() || machine.failsOnce(SimMachine.Once.WRITE)) {
                return refused(EIO);
              }
              file.disk.zero(offset, length);
              return 0;
            });
  }

  @Override
  public int ioctl(int fd, long request, MemorySegment argument) {
    var file = files.get(fd);
    if (file == null) {
      return -EBADF;
    }
    if (request == BLKGETSIZE64) {
      argument.set(ValueLayout.JAVA_LONG, 0, file.disk.sizeBytes());
    } else if (request == BLKSSZGET) {
      argument.set(ValueLayout.JAVA_INT, 0, SimDisk.SECTOR_BYTES);
    } else {
      return -ENOTTY;
    }
    return 0;
  }

  /// Does `action` in the kernel, at some moment of `micros`; the caller waits for its result.
  private long call(long micros, LongSupplier action) {
    if (micros == 0 && !machine.hangs()) {
      long result = action.getAsLong();
      tellOfRefusals();
      return result;
    }
    var caller = Thread.currentThread();
    var result = new @Nullable Long[1];
    long before = micros / 2;
    Runnable inKernel =
        () -> {
          result[0] = action.getAsLong();
          world.time().after(micros - before, () -> LockSupport.unpark(caller));
        };
    var pending = machine.begin(process, inKernel);
    world.time().after(before, () -> machine.perform(pending));
    while (result[0] == null) {
      LockSupport.park(this);
    }
    machine.returned(pending);
    tellOfRefusals();
    return result[0];
  }

  /// Each is told of once: a process that could not attach may attach later and be made good.
  private void tellOfRefusals() {
    if (refusals > toldRefusals) {
      toldRefusals = refusals;
      world.losses().told(world.node(machine));
    }
  }

  /// A change fails; the process does not know yet.
  private long refused(int errno) {
    refusals++;
    world.losses().changeRefused(world.node(machine), process);
    return -errno;
  }
}
