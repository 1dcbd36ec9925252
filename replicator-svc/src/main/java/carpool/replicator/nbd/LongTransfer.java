package carpool.replicator.nbd;

import carpool.replicator.block.BlockDevice;
import carpool.replicator.block.BlockDevice.Answer;
import carpool.replicator.block.BlockDevice.DeviceGoneException;
import carpool.replicator.block.BlockDevice.Slot;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A READ or WRITE that is longer than a slot: carried out in slots, answered once. The payload is
/// in slots that were free all at once, else in an [Area]: so no connection ever holds one slot
/// while it waits for another, and a payload that never arrives completely changes nothing.
final class LongTransfer {
  private final Request request;
  private final SlotSource slots;
  private final BlockDevice device;
  private final @Nullable Area area;
  private final int length;
  private final AtomicInteger partsLeft;
  private volatile boolean failed;
  private volatile boolean abandoned;

  LongTransfer(
      Request request, SlotSource slots, BlockDevice device, @Nullable Area area, int length) {
    this.request = request;
    this.slots = slots;
    this.device = device;
    this.area = area;
    this.length = length;
    partsLeft = new AtomicInteger(partCount(length, device));
  }

  /// Writes the payload that is in `pieces`, one slot after the other.
  void write(Slot[] pieces, long offset, boolean forced) {
    Answer part = (_, ok) -> partDone(ok, this::written);
    for (var i = 0; i < partCount(length, device); i++) {
      var at = i * device.slotBytes();
      var now = Math.min(device.slotBytes(), length - at);
      pieces[i].buffer().clear().limit(now);
      device.write(pieces[i], offset + at, now, forced, part);
    }
  }

  /// Slots that a payload of `length` bytes takes.
  static int partCount(int length, BlockDevice device) {
    return Math.ceilDiv(length, device.slotBytes());
  }

  /// Writes the area's bytes.
  void write(long offset, boolean forced) throws DeviceGoneException, InterruptedException {
    Answer part = (_, ok) -> partDone(ok, this::written);
    try (var area = area()) {
      for (var at = 0; at < length; at += device.slotBytes()) {
        var now = Math.min(device.slotBytes(), length - at);
        var slot = next(at, this::written);
        slot.buffer().clear().put(0, area.buffer(), at, now).limit(now);
        device.write(slot, offset + at, now, forced, part);
      }
    }
  }

  private void written() {
    if (abandoned) {
      request.abandon();
    } else {
      request.reply(failed ? NbdError.EIO : NbdError.NONE);
    }
  }

  /// Reads into the area and answers from it.
  void read(long offset) throws DeviceGoneException, InterruptedException {
    for (var at = 0; at < length; at += device.slotBytes()) {
      var now = Math.min(device.slotBytes(), length - at);
      var slot = next(at, this::wasRead);
      device.read(slot, offset + at, now, partAt(at, now));
    }
  }

  private Answer partAt(int at, int bytes) {
    return (slot, ok) -> {
      if (ok) {
        area().buffer().put(at, slot.buffer(), 0, bytes);
      }
      device.release(slot);
      partDone(ok, this::wasRead);
    };
  }

  private void wasRead() {
    if (abandoned || failed) {
      area().close();
    }
    if (abandoned) {
      request.abandon();
    } else if (failed) {
      request.reply(NbdError.EIO);
    } else {
      request.replyFrom(area());
    }
  }

  private Area area() {
    return Objects.requireNonNull(area);
  }

  private Slot next(int at, Runnable atEnd) throws DeviceGoneException, InterruptedException {
    var taken = false;
    try {
      var slot = slots.take();
      taken = true;
      return slot;
    } finally {
      if (!taken) {
        abandonFrom(at, atEnd);
      }
    }
  }

  /// The parts from `at` on will never be asked for: the export is gone.
  private void abandonFrom(int at, Runnable atEnd) {
    abandoned = true;
    var parts = Math.ceilDiv(length - at, device.slotBytes());
    if (partsLeft.addAndGet(-parts) == 0) {
      atEnd.run();
    }
  }

  private void partDone(boolean ok, Runnable atEnd) {
    if (!ok) {
      failed = true;
    }
    if (partsLeft.decrementAndGet() == 0) {
      atEnd.run();
    }
  }

  /// Where slots come from; may wait.
  interface SlotSource {
    Slot take() throws DeviceGoneException, InterruptedException;
  }
}
