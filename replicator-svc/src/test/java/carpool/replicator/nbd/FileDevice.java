package carpool.replicator.nbd;

import carpool.replicator.block.BlockDevice;
import carpool.replicator.store.LocalProvider;
import carpool.replicator.store.ProviderException;
import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/// A device on a provider, without replication; answers on the calling thread.
public final class FileDevice implements BlockDevice {
  private static final int SLOT_BYTES = 1 << 20;

  private final LocalProvider provider;
  private final BlockingQueue<Slot> free = new ArrayBlockingQueue<>(64);

  public FileDevice(LocalProvider provider) {
    this.provider = provider;
    while (free.remainingCapacity() > 0) {
      free.add(new FileSlot(ByteBuffer.allocateDirect(SLOT_BYTES)));
    }
  }

  private record FileSlot(ByteBuffer buffer) implements Slot {}

  private interface Work {
    void run() throws ProviderException;
  }

  private static boolean done(Work work) {
    try {
      work.run();
      return true;
    } catch (ProviderException _) {
      return false;
    }
  }

  @Override
  public long sizeBytes() {
    return provider.sizeBytes();
  }

  @Override
  public boolean readOnly() {
    return false;
  }

  @Override
  public int slotBytes() {
    return SLOT_BYTES;
  }

  @Override
  public Slot acquire() throws InterruptedException {
    return free.take();
  }

  @Override
  public @Nullable Slot tryAcquire() {
    return free.poll();
  }

  @Override
  public void read(Slot slot, long offsetBytes, int lengthBytes, Answer answer) {
    var into = slot.buffer().clear().limit(lengthBytes);
    answer.done(slot, done(() -> provider.read(into, offsetBytes)));
  }

  @Override
  public void write(Slot slot, long offsetBytes, int lengthBytes, boolean forced, Answer answer) {
    var from = slot.buffer().clear().limit(lengthBytes);
    finish(slot, forced, answer, () -> provider.write(from, offsetBytes));
  }

  @Override
  public void zero(
      Slot slot,
      long offsetBytes,
      long lengthBytes,
      boolean mayPunch,
      boolean forced,
      Answer answer) {
    finish(slot, forced, answer, () -> provider.zero(offsetBytes, lengthBytes, mayPunch));
  }

  @Override
  public void flush(Slot slot, Answer answer) {
    finish(slot, true, answer, () -> {});
  }

  private void finish(Slot slot, boolean forced, Answer answer, Work work) {
    var ok =
        done(() -> {
          work.run();
          if (forced) {
            provider.flush();
          }
        });
    release(slot);
    answer.done(slot, ok);
  }

  @Override
  public Allocation allocation(long offsetBytes, long lengthBytes) {
    try {
      var run = provider.run(offsetBytes, lengthBytes);
      return new Allocation(run.lengthBytes(), run.hole());
    } catch (ProviderException _) {
      return new Allocation(lengthBytes, false);
    }
  }

  @Override
  public void release(Slot slot) {
    free.add(slot);
  }
}
