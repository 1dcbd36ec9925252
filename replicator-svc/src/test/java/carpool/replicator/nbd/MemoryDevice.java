package carpool.replicator.nbd;

import carpool.replicator.block.BlockDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// A device in memory that answers at once, or when told to; counts what it is asked.
final class MemoryDevice implements BlockDevice {
  private static final long PAGE = 4096;

  private final MemorySegment memory;
  private final boolean[] allocated;
  private final int slotBytes;
  private final BlockingQueue<Slot> free;
  private final int slotCount;
  private final boolean readOnly;
  private final List<Runnable> held = new ArrayList<>();
  private boolean holding;
  private int filling;
  private volatile boolean gone;
  volatile boolean failing;

  final AtomicInteger flushes = new AtomicInteger();
  final AtomicInteger forcedWrites = new AtomicInteger();
  final AtomicInteger forcedZeroes = new AtomicInteger();
  final AtomicLong requests = new AtomicLong();

  MemoryDevice(long sizeBytes) {
    this(sizeBytes, 128 << 10, 64, false);
  }

  MemoryDevice(long sizeBytes, int slotBytes, int slotCount, boolean readOnly) {
    memory = Arena.ofAuto().allocate(sizeBytes, 8);
    allocated = new boolean[Math.toIntExact(Math.ceilDiv(sizeBytes, PAGE))];
    this.slotBytes = slotBytes;
    this.slotCount = slotCount;
    this.readOnly = readOnly;
    free = new ArrayBlockingQueue<>(slotCount);
    for (var i = 0; i < slotCount; i++) {
      free.add(new MemorySlot(ByteBuffer.allocateDirect(slotBytes)));
    }
  }

  private record MemorySlot(ByteBuffer buffer) implements Slot {}

  /// Keeps answers back from now on.
  synchronized void hold() {
    holding = true;
  }

  synchronized int heldCount() {
    return held.size();
  }

  /// Gives the answers that were kept back.
  void letGo() {
    List<Runnable> now;
    synchronized (this) {
      holding = false;
      now = List.copyOf(held);
      held.clear();
    }
    now.forEach(Runnable::run);
  }

  /// Gives the oldest answer that was kept back.
  void letOneGo() {
    Runnable now;
    synchronized (this) {
      now = held.removeFirst();
    }
    now.run();
  }

  void end() {
    gone = true;
  }

  boolean allSlotsFree() {
    return free.size() == slotCount;
  }

  byte[] bytes(long offset, int length) {
    return memory.asSlice(offset, length).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
  }

  private void answer(Slot slot, Answer answer) {
    requests.incrementAndGet();
    synchronized (this) {
      if (holding) {
        held.add(() -> answer.done(slot, !failing));
        return;
      }
    }
    answer.done(slot, !failing);
  }

  @Override
  public long sizeBytes() {
    return memory.byteSize();
  }

  @Override
  public boolean readOnly() {
    return readOnly;
  }

  @Override
  public int slotBytes() {
    return slotBytes;
  }

  @Override
  public Slot acquire() throws DeviceGoneException, InterruptedException {
    check();
    return free.take();
  }

  @Override
  public @Nullable Slot tryAcquire() throws DeviceGoneException {
    check();
    return free.poll();
  }

  @Override
  public synchronized boolean tryAcquire(Slot[] into, int count) throws DeviceGoneException {
    check();
    if (filling + count > slotCount / 2 || free.size() < count) {
      return false;
    }
    for (var i = 0; i < count; i++) {
      into[i] = free.remove();
    }
    filling += count;
    return true;
  }

  @Override
  public synchronized void filled(int count) {
    filling -= count;
  }

  private void check() throws DeviceGoneException {
    if (gone) {
      throw new DeviceGoneException("the test ended the device");
    }
  }

  @Override
  public void read(Slot slot, long offsetBytes, int lengthBytes, Answer answer) {
    MemorySegment.copy(
        memory, offsetBytes, MemorySegment.ofBuffer(slot.buffer().clear()), 0, lengthBytes);
    answer(slot, answer);
  }

  @Override
  public void write(Slot slot, long offsetBytes, int lengthBytes, boolean forced, Answer answer) {
    if (forced) {
      forcedWrites.incrementAndGet();
    }
    MemorySegment.copy(
        MemorySegment.ofBuffer(slot.buffer().clear()), 0, memory, offsetBytes, lengthBytes);
    mark(offsetBytes, lengthBytes, true);
    release(slot);
    answer(slot, answer);
  }

  @Override
  public void zero(
      Slot slot,
      long offsetBytes,
      long lengthBytes,
      boolean mayPunch,
      boolean forced,
      Answer answer) {
    if (forced) {
      forcedZeroes.incrementAndGet();
    }
    memory.asSlice(offsetBytes, lengthBytes).fill((byte) 0);
    if (mayPunch) {
      var inner = Math.ceilDiv(offsetBytes, PAGE) * PAGE;
      var end = offsetBytes + lengthBytes;
      mark(inner, (end == sizeBytes() ? end : end / PAGE * PAGE) - inner, false);
    } else {
      mark(offsetBytes, lengthBytes, true);
    }
    release(slot);
    answer(slot, answer);
  }

  private synchronized void mark(long offset, long length, boolean data) {
    for (var at = offset; at < offset + length; at = (at / PAGE + 1) * PAGE) {
      allocated[(int) (at / PAGE)] = data;
    }
  }

  @Override
  public void flush(Slot slot, Answer answer) {
    flushes.incrementAndGet();
    release(slot);
    answer(slot, answer);
  }

  @Override
  public synchronized Allocation allocation(long offsetBytes, long lengthBytes) {
    var data = allocated[(int) (offsetBytes / PAGE)];
    var at = offsetBytes;
    while (at < offsetBytes + lengthBytes && allocated[(int) (at / PAGE)] == data) {
      at = (at / PAGE + 1) * PAGE;
    }
    return new Allocation(Math.min(lengthBytes, at - offsetBytes), !data);
  }

  @Override
  public void release(Slot slot) {
    if (!free.offer(slot)) {
      throw new IllegalStateException("a slot was released twice");
    }
  }
}
