package carpool.replicator.shell;

import carpool.replicator.nbd.BlockDevice;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// One slot and the request in it; the fields are the present request's.
final class RequestSlot implements BlockDevice.Slot {
  final int number;
  private @Nullable ByteBuffer buffer;
  BlockDevice.@Nullable Answer answer;

  /// A read's buffer belongs to the client until it gives it back.
  boolean read;

  /// What is left of a long request without payload, which runs piece by piece.
  long nextOffset;

  long leftBytes;
  boolean punch;
  boolean forced;
  long startedNanos;
  boolean failed;

  /// Digests of the chunk in this slot, or of the peer's chunk that is to be compared.
  ByteBuffer digests = ByteBuffer.allocate(0);

  RequestSlot(int number) {
    this.number = number;
  }

  @Override
  public ByteBuffer buffer() {
    var b = buffer;
    if (b == null) {
      b = ByteBuffer.allocateDirect(Slots.BYTES);
      buffer = b;
    }
    return b;
  }
}
