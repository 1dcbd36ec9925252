package carpool.election.raw;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// `struct msghdr` with one buffer, an address and ancillary data:
///
/// ```
///  0 name*  8 namelen  16 iov*  24 iovlen  32 control*  40 controllen  48 flags   (56 bytes)
///  cmsghdr: 0 len (u64)  8 level  12 type  16 data, next one aligned to 8
/// ```
final class Message {
  private static final int NAME_BYTES = 32;
  private static final int CONTROL_BYTES = 256;
  private static final int CMSG_HEADER = 16;

  private final MemorySegment header;
  private final MemorySegment name;
  private final MemorySegment data;
  private final MemorySegment control;
  private final int dataBytes;

  private Message(
      MemorySegment header,
      MemorySegment name,
      MemorySegment data,
      MemorySegment control,
      int dataBytes) {
    this.header = header;
    this.name = name;
    this.data = data;
    this.control = control;
    this.dataBytes = dataBytes;
  }

  /// An empty message to receive into, again and again.
  static Message receiving(Arena arena, int dataBytes) {
    var message =
        new Message(
            arena.allocate(56, 8),
            arena.allocate(NAME_BYTES, 8),
            arena.allocate(dataBytes, 8),
            arena.allocate(CONTROL_BYTES, 8),
            dataBytes);
    message.point(arena, dataBytes);
    return message;
  }

  /// A message to send.
  ///
  /// @param ancillary one control message, or null
  static Message sending(
      Arena arena, byte[] address, byte[] payload, @Nullable Ancillary ancillary) {
    var name = Bytes.allocate(arena, address);
    var data = Bytes.allocate(arena, payload);
    var control = arena.allocate(CONTROL_BYTES, 8);
    var message = new Message(arena.allocate(56, 8), name, data, control, payload.length);
    message.point(arena, payload.length);
    message.header.set(JAVA_INT, 8, address.length);
    long controlBytes = ancillary == null ? 0 : ancillary.writeTo(control);
    message.header.set(JAVA_LONG, 40, controlBytes);
    return message;
  }

  private void point(Arena arena, int length) {
    var iov = arena.allocate(16, 8);
    iov.set(ADDRESS, 0, data);
    iov.set(JAVA_LONG, 8, length);
    header.set(ADDRESS, 0, name);
    header.set(ADDRESS, 16, iov);
    header.set(JAVA_LONG, 24, 1);
    header.set(ADDRESS, 32, control);
  }

  /// The header, with the lengths the kernel overwrites set anew.
  MemorySegment ready() {
    header.set(JAVA_INT, 8, NAME_BYTES);
    header.set(JAVA_LONG, 40, CONTROL_BYTES);
    return header;
  }

  MemorySegment header() {
    return header;
  }

  /// The first `count` bytes received, at most the size of the buffer.
  byte[] data(long count) {
    return Bytes.copy(data, 0, (int) Math.min(count, dataBytes));
  }

  /// The address received from, in the machine's order.
  ByteBuffer name() {
    return ByteBuffer.wrap(Bytes.copy(name, 0, NAME_BYTES)).order(ByteOrder.nativeOrder());
  }

  /// The data of the first control message of this kind, or null.
  @Nullable ByteBuffer control(int level, int type) {
    long end = Math.min(CONTROL_BYTES, header.get(JAVA_LONG, 40));
    long at = 0;
    while (at + CMSG_HEADER <= end) {
      long length = control.get(JAVA_LONG, at);
      if (length < CMSG_HEADER || at + length > end) {
        return null;
      }
      if (control.get(JAVA_INT, at + 8) == level && control.get(JAVA_INT, at + 12) == type) {
        byte[] bytes = Bytes.copy(control, at + CMSG_HEADER, (int) length - CMSG_HEADER);
        return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
      }
      at += (length + 7) & ~7L;
    }
    return null;
  }

  /// One control message to send along.
  static final class Ancillary {
    private final int level;
    private final int type;
    private final byte[] value;

    Ancillary(int level, int type, byte[] value) {
      this.level = level;
      this.type = type;
      this.value = value;
    }

    private long writeTo(MemorySegment control) {
      control.set(JAVA_LONG, 0, (long) CMSG_HEADER + value.length);
      control.set(JAVA_INT, 8, level);
      control.set(JAVA_INT, 12, type);
      MemorySegment.copy(MemorySegment.ofArray(value), 0, control, CMSG_HEADER, value.length);
      return (CMSG_HEADER + value.length + 7) & ~7L;
    }
  }
}
