package carpool.replicator.block;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// The device behind an NBD export, as the NBD server sees it: requests in slots, answered by a
/// callback, in any order.
///
/// All methods may be called by many connections at once. A request that was answered OK on one
/// connection is seen by every later request of every connection, and a flush covers all of them,
/// so the export may offer CAN_MULTI_CONN (nbd.md 10.3).
public interface BlockDevice {
  /// Bytes.
  long sizeBytes();

  /// True when writes are refused with EPERM.
  boolean readOnly();

  /// Capacity of a slot's buffer in bytes, a multiple of 4096; longer payloads are split by the
  /// caller.
  int slotBytes();

  /// Takes a free slot; waits while there is none, which is the only back-pressure there is.
  ///
  /// @throws DeviceGoneException when the device is not served any more
  /// @throws InterruptedException when the waiting thread is interrupted
  Slot acquire() throws DeviceGoneException, InterruptedException;

  /// Takes a free slot if there is one. A connection that finds none sends the replies it kept back
  /// for batching before it waits in [#acquire].
  ///
  /// @return null when there is none at this moment
  /// @throws DeviceGoneException as [#acquire]
  default @Nullable Slot tryAcquire() throws DeviceGoneException {
    return null;
  }

  /// Takes `count` slots for the pieces of one long payload, all or none; never waits. [#filled]
  /// tells when the payload is in them, or will never be; then each is written or released.
  ///
  /// @return false when the payload has to be collected elsewhere first
  /// @throws DeviceGoneException as [#acquire]
  default boolean tryAcquire(Slot[] into, int count) throws DeviceGoneException {
    return false;
  }

  /// See [#tryAcquire(Slot\[\], int)].
  default void filled(int count) {}

  /// True when [#zero] with `mayPunch` is faster than writing zeroes, whatever the range; then
  /// FAST_ZERO requests are carried out instead of refused.
  default boolean zeroesFast() {
    return false;
  }

  /// Reads into the slot's buffer from its index 0. After [Answer#done] the buffer belongs to the
  /// caller until it calls [#release].
  ///
  /// @param lengthBytes 1 to [#slotBytes]
  void read(Slot slot, long offsetBytes, int lengthBytes, Answer answer);

  /// Writes the slot's buffer from its index 0. The slot belongs to the device from here on; the
  /// caller does not touch it again and does not release it.
  ///
  /// @param forced answered only when durable (FUA)
  void write(Slot slot, long offsetBytes, int lengthBytes, boolean forced, Answer answer);

  /// Writes zeroes without a payload; any length that lies in the device. The slot belongs to the
  /// device from here on.
  ///
  /// @param mayPunch the space may be given back
  void zero(
      Slot slot,
      long offsetBytes,
      long lengthBytes,
      boolean mayPunch,
      boolean forced,
      Answer answer);

  /// Makes durable what was answered before, on every connection. The slot belongs to the device
  /// from here on.
  void flush(Slot slot, Answer answer);

  /// Where data is allocated, from `offsetBytes` on: the length of the first run, and whether it is
  /// a hole (which reads as zeroes).
  Allocation allocation(long offsetBytes, long lengthBytes);

  /// Gives a slot back: one that was acquired and not used, or that of an answered read.
  void release(Slot slot);

  /// A buffer and its number.
  interface Slot {
    /// Direct, capacity [BlockDevice#slotBytes]. Position and limit are the owner's.
    ByteBuffer buffer();
  }

  /// Receives the answer to one request, exactly once, on any thread; must not block for long.
  @FunctionalInterface
  interface Answer {
    /// Called once.
    void done(Slot slot, boolean ok);
  }

  /// A run of equal allocation.
  ///
  /// @param lengthBytes at least 1
  record Allocation(long lengthBytes, boolean hole) {}

  /// The export ended: role change, cut-off or stop.
  final class DeviceGoneException extends Exception {
    private static final long serialVersionUID = 1L;

    /// An exception that says why.
    public DeviceGoneException(String why) {
      super(why);
    }
  }
}
