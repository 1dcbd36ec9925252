package carpool.replicator.nbd;

import carpool.replicator.block.BlockDevice;
import java.nio.ByteBuffer;

/// The extents of a BLOCK_STATUS reply: consecutive from the request's offset, equal neighbours
/// merged, none past the request's end (nbd.md 8.2).
final class Extents {
  /// A reply may cover less than was asked for; the client asks on.
  static final int COUNT_MAX = 2048;

  private Extents() {}

  /// Asks the device, from `offset` on, until `length` is covered or the reply is full.
  ///
  /// @param length at least 1, inside the device
  /// @param one only the first extent
  static ByteBuffer of(BlockDevice device, long offset, long length, boolean one) {
    var out = ByteBuffer.allocate(8 * (one ? 1 : COUNT_MAX));
    var end = offset + length;
    var at = offset;
    var runStart = offset;
    var runHole = false;
    while (at < end) {
      var next = device.allocation(at, end - at);
      if (at > runStart && next.hole() != runHole) {
        put(out, at - runStart, runHole);
        if (!out.hasRemaining()) {
          return out.flip();
        }
        runStart = at;
      }
      runHole = next.hole();
      at = Math.min(end, at + next.lengthBytes());
    }
    put(out, at - runStart, runHole);
    return out.flip();
  }

  private static void put(ByteBuffer out, long length, boolean hole) {
    out.putInt((int) length).putInt(hole ? Wire.STATE_HOLE_AND_ZERO : 0);
  }
}
