package carpool.election.raw;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Structures of the kernel, as byte arrays in the machine's own order.
final class Bytes {
  private Bytes() {}

  /// An int option value.
  static byte[] ofInt(int value) {
    return struct(4).putInt(value).array();
  }

  /// A C string.
  static byte[] ofString(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return struct(utf8.length + 1).put(utf8).array();
  }

  /// Zeroed bytes in the machine's order.
  static ByteBuffer struct(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
  }

  static MemorySegment allocate(Arena arena, byte[] bytes) {
    // Aligned for any structure; never empty, so that the address is valid.
    var segment = arena.allocate(Math.max(8, bytes.length), 8);
    MemorySegment.copy(bytes, 0, segment, JAVA_BYTE, 0, bytes.length);
    return segment;
  }

  static byte[] copy(MemorySegment segment, long offset, int length) {
    byte[] out = new byte[length];
    MemorySegment.copy(segment, JAVA_BYTE, offset, out, 0, length);
    return out;
  }
}
