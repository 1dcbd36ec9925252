package carpool.replicator.core.layout;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// HAST's list of name-value pairs (hast.md section 1.2; `freebsd/freebsd-src:sbin/hastd/nv.c`).
///
/// A pair is: type (1 byte), length of the name with its NUL (1), length of the data (4, little
/// endian), the name and the data, each filled up to a multiple of 8. The list ends at the end of
/// the buffer or at a type of 0. The first of two pairs with one name wins. Name padding is ignored
/// when read and zero when written (the original leaks memory there, W34).
public final class NvList {
  static final int TYPE_UINT8 = 2;
  static final int TYPE_INT32 = 5;
  static final int TYPE_UINT32 = 6;
  static final int TYPE_INT64 = 7;
  static final int TYPE_UINT64 = 8;
  static final int TYPE_STRING = 17;

  private static final int HEADER_BYTES = 6;

  /// Width of one element of the types 1 to 16; the array types repeat the widths of the scalars.
  private static final int[] WIDTH = {0, 1, 1, 2, 2, 4, 4, 8, 8, 1, 1, 2, 2, 4, 4, 8, 8};

  private static final class Pair {
    private final int type;
    private final byte[] data;

    Pair(int type, byte[] data) {
      this.type = type;
      this.data = data;
    }
  }

  private final Map<String, Pair> pairs = new LinkedHashMap<>();

  /// Parses `bytes` from their position to their limit.
  ///
  /// @throws LayoutException when the list is malformed; the whole list is refused, as in the
  ///   original
  public static NvList parse(ByteBuffer bytes) throws LayoutException {
    var in = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
    var list = new NvList();
    while (in.hasRemaining()) {
      if (in.get(in.position()) == 0) {
        return list;
      }
      list.parsePair(in);
    }
    return list;
  }

  private void parsePair(ByteBuffer in) throws LayoutException {
    int at = in.position();
    if (in.remaining() < 8) {
      throw malformed(at, "less than 8 bytes are left");
    }
    int type = in.get() & 0x7f; // bit 7 says "host order", which on disk is never true
    int nameSize = in.get() & 0xff;
    int dataSize = in.getInt();
    if (type < 1 || type > TYPE_STRING) {
      throw malformed(at, "type " + type + " is unknown");
    }
    if (nameSize < 2) {
      throw malformed(at, "the name is empty");
    }
    if (dataSize <= 0) {
      throw malformed(at, "the data length is " + Integer.toUnsignedString(dataSize));
    }
    long whole = roundUp8(nameSize) + roundUp8(dataSize);
    if (in.remaining() < whole) {
      throw malformed(at, "the pair is cut off");
    }
    var name = new byte[nameSize];
    in.get(name);
    in.position(in.position() + (int) roundUp8(nameSize) - nameSize);
    var data = new byte[dataSize];
    in.get(data);
    in.position(in.position() + (int) roundUp8(dataSize) - dataSize);
    checkText(at, name, "name");
    checkData(at, type, data);
    pairs.putIfAbsent(
        new String(name, 0, nameSize - 1, StandardCharsets.UTF_8), new Pair(type, data));
  }

  private static void checkText(int at, byte[] text, String what) throws LayoutException {
    for (int i = 0; i < text.length; i++) {
      boolean last = i == text.length - 1;
      if ((text[i] == 0) != last) {
        throw malformed(at, "the " + what + " does not end where its length says");
      }
    }
  }

  private static void checkData(int at, int type, byte[] data) throws LayoutException {
    if (type == TYPE_STRING) {
      checkText(at, data, "string");
      return;
    }
    boolean scalar = type <= TYPE_UINT64;
    if (scalar ? data.length != WIDTH[type] : data.length % WIDTH[type] != 0) {
      throw malformed(at, "the data length does not fit type " + type);
    }
  }

  private static LayoutException malformed(int at, String what) {
    return new LayoutException("malformed list of name-value pairs at byte " + at + ": " + what);
  }

  /// The number called `name`, if there is one of exactly this type.
  public OptionalLong number(String name, int type) {
    var pair = pairs.get(name);
    if (pair == null || pair.type != type) {
      return OptionalLong.empty();
    }
    var data = ByteBuffer.wrap(pair.data).order(ByteOrder.LITTLE_ENDIAN);
    return OptionalLong.of(
        switch (pair.data.length) {
          case 1 -> pair.data[0];
          case 4 -> type == TYPE_UINT32 ? Integer.toUnsignedLong(data.getInt()) : data.getInt();
          case 8 -> data.getLong();
          default -> data.getShort();
        });
  }

  /// The string called `name`, or null when absent or of another type.
  public @Nullable String string(String name) {
    var pair = pairs.get(name);
    return pair == null || pair.type != TYPE_STRING
        ? null
        : new String(pair.data, 0, pair.data.length - 1, StandardCharsets.UTF_8);
  }

  /// Adds an unsigned 64-bit number.
  public NvList putUint64(String name, long value) {
    return put(name, TYPE_UINT64, littleEndian(8).putLong(0, value).array());
  }

  /// Adds an unsigned 32-bit number.
  public NvList putUint32(String name, long value) {
    return put(name, TYPE_UINT32, littleEndian(4).putInt(0, (int) value).array());
  }

  /// Adds a string; it must not contain a NUL.
  public NvList putString(String name, String value) {
    return put(name, TYPE_STRING, withNul(value));
  }

  private NvList put(String name, int type, byte[] data) {
    pairs.putIfAbsent(name, new Pair(type, data));
    return this;
  }

  /// The bytes of the list in the order in which the pairs were added, without an end mark.
  public byte[] toBytes() {
    int size = 0;
    for (var entry : pairs.entrySet()) {
      size +=
          HEADER_BYTES
              + (int) roundUp8(withNul(entry.getKey()).length)
              + (int) roundUp8(entry.getValue().data.length);
    }
    var bytes = new byte[size];
    var out = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    pairs.forEach((name, pair) -> {
      var key = withNul(name);
      out.put((byte) pair.type).put((byte) key.length).putInt(pair.data.length);
      putPadded(out, key);
      putPadded(out, pair.data);
    });
    return bytes;
  }

  private static void putPadded(ByteBuffer out, byte[] bytes) {
    int end = out.position() + (int) roundUp8(bytes.length);
    out.put(bytes).position(end);
  }

  private static byte[] withNul(String text) {
    var bytes = text.getBytes(StandardCharsets.UTF_8);
    return java.util.Arrays.copyOf(bytes, bytes.length + 1);
  }

  private static ByteBuffer littleEndian(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static long roundUp8(long n) {
    return (n + 7) & ~7L;
  }
}
