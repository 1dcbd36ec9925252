package carpool.replicator.engine;

import carpool.replicator.block.BlockDevice;
import carpool.replicator.core.DiskState;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.WriteKind;
import carpool.replicator.store.ProviderException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A primary's resource as the NBD server sees it.
public final class ResourceDevice implements BlockDevice {
  private static final Logger LOG = LoggerFactory.getLogger(ResourceDevice.class);

  private final ResourceEngine engine;
  private volatile boolean gone;

  public ResourceDevice(ResourceEngine engine) {
    this.engine = engine;
  }

  /// From here on nobody gets a slot.
  public void end() {
    gone = true;
  }

  @Override
  public long sizeBytes() {
    return engine.disk().metadata().dataSizeBytes();
  }

  @Override
  public boolean readOnly() {
    return false;
  }

  @Override
  public int slotBytes() {
    return Slots.BYTES;
  }

  @Override
  public BlockDevice.Slot acquire() throws DeviceGoneException, InterruptedException {
    if (gone) {
      throw new DeviceGoneException("this node is not primary any more");
    }
    return engine.slots().takeClient(() -> !gone);
  }

  @Override
  public BlockDevice.@Nullable Slot tryAcquire() throws DeviceGoneException {
    if (gone) {
      throw new DeviceGoneException("this node is not primary any more");
    }
    return engine.slots().pollClient();
  }

  @Override
  public boolean tryAcquire(BlockDevice.Slot[] into, int count) throws DeviceGoneException {
    if (gone) {
      throw new DeviceGoneException("this node is not primary any more");
    }
    return engine.slots().pollClients(into, count);
  }

  @Override
  public void filled(int count) {
    engine.slots().filled(count);
  }

  private static RequestSlot prepare(BlockDevice.Slot given, Answer answer, boolean read) {
    var slot = (RequestSlot) given;
    slot.answer = answer;
    slot.startedNanos = System.nanoTime();
    slot.read = read;
    slot.begun = true;
    slot.failed = false;
    slot.leftBytes = 0;
    return slot;
  }

  @Override
  public void read(BlockDevice.Slot given, long offsetBytes, int lengthBytes, Answer answer) {
    var slot = prepare(given, answer, true);
    engine.counters().reads.increment();
    engine.counters().readBytes.add(lengthBytes);
    slot.offsetBytes = offsetBytes;
    slot.lengthBytes = lengthBytes;
    engine.step(slot.clientReads);
  }

  @Override
  public void write(
      BlockDevice.Slot given, long offsetBytes, int lengthBytes, boolean forced, Answer answer) {
    var slot = prepare(given, answer, false);
    engine.counters().writes.increment();
    engine.counters().writeBytes.add(lengthBytes);
    slot.offsetBytes = offsetBytes;
    slot.lengthBytes = lengthBytes;
    slot.kind = WriteKind.DATA;
    slot.fua = forced;
    engine.step(slot.clientWrites);
  }

  @Override
  public void zero(
      BlockDevice.Slot given,
      long offsetBytes,
      long lengthBytes,
      boolean mayPunch,
      boolean forced,
      Answer answer) {
    var slot = prepare(given, answer, false);
    engine.counters().deletes.increment();
    slot.nextOffset = offsetBytes;
    slot.leftBytes = lengthBytes;
    slot.punch = mayPunch;
    slot.forced = forced;
    engine.startZero(slot);
  }

  @Override
  public void flush(BlockDevice.Slot given, Answer answer) {
    var slot = prepare(given, answer, false);
    engine.counters().flushes.increment();
    engine.step(c -> c.clientFlush(slot.number));
  }

  /// What the local file knows of holes counts only while reads come from it. It is asked first:
  /// whatever was written before the disk failed is in there.
  @Override
  public Allocation allocation(long offsetBytes, long lengthBytes) {
    try {
      var disk = engine.disk();
      var run = disk.provider().run(disk.metadata().offsetBytes() + offsetBytes, lengthBytes);
      if (!run.hole() || engine.ask(ResourceDevice::readsLocally)) {
        return new Allocation(run.lengthBytes(), run.hole());
      }
    } catch (ProviderException e) {
      LOG.warn("resource={} allocation is unknown: {}", engine.name(), e.getMessage());
    }
    return new Allocation(lengthBytes, false);
  }

  private static boolean readsLocally(ReplicationCore core) {
    return core.disk() == DiskState.UP_TO_DATE && !core.servesFromPeer();
  }

  @Override
  public void release(BlockDevice.Slot given) {
    var slot = (RequestSlot) given;
    if (slot.begun) {
      engine.ended(slot);
    } else {
      engine.slots().freeClient(slot);
    }
  }
}
