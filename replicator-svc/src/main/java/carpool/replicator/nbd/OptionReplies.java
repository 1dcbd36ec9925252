package carpool.replicator.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Replies to one option, collected into one piece of bytes.
final class OptionReplies {
  /// nbd-client leaves longer error texts on the socket (nbd.md 11).
  private static final int TEXT_BYTES_MAX = 1000;

  private final int option;
  private ByteBuffer bytes = ByteBuffer.allocate(256);

  OptionReplies(int option) {
    this.option = option;
  }

  void ack() {
    reply(Wire.REP_ACK);
  }

  void error(int type, String text) {
    var utf8 = text.getBytes(StandardCharsets.UTF_8);
    reply(type, Arrays.copyOf(utf8, Math.min(utf8.length, TEXT_BYTES_MAX)));
  }

  void server(String name, String description) {
    var utf8 = name.getBytes(StandardCharsets.UTF_8);
    reply(
        Wire.REP_SERVER, intBytes(utf8.length), utf8, description.getBytes(StandardCharsets.UTF_8));
  }

  void metaContext(int id, String name) {
    reply(Wire.REP_META_CONTEXT, intBytes(id), name.getBytes(StandardCharsets.UTF_8));
  }

  void exportInfo(long sizeBytes, int flags) {
    reply(
        Wire.REP_INFO,
        ByteBuffer.allocate(12)
            .putShort((short) Wire.INFO_EXPORT)
            .putLong(sizeBytes)
            .putShort((short) flags)
            .array());
  }

  void textInfo(int type, String text) {
    reply(
        Wire.REP_INFO,
        new byte[] {(byte) (type >> 8), (byte) type},
        text.getBytes(StandardCharsets.UTF_8));
  }

  void blockSizeInfo() {
    reply(
        Wire.REP_INFO,
        ByteBuffer.allocate(14)
            .putShort((short) Wire.INFO_BLOCK_SIZE)
            .putInt(Wire.BLOCK_MIN)
            .putInt(Wire.BLOCK_PREFERRED)
            .putInt(Wire.BLOCK_MAX)
            .array());
  }

  /// The one answer that is no option reply (nbd.md 2.4).
  void exportName(long sizeBytes, int flags, boolean zeroes) {
    room(134);
    bytes.putLong(sizeBytes).putShort((short) flags);
    if (zeroes) {
      bytes.put(new byte[124]);
    }
  }

  ByteBuffer toBytes() {
    return bytes.flip();
  }

  private void reply(int type, byte[]... parts) {
    var length = 0;
    for (var part : parts) {
      length += part.length;
    }
    room(20 + length);
    bytes.putLong(Wire.OPTION_REPLY_MAGIC).putInt(option).putInt(type).putInt(length);
    for (var part : parts) {
      bytes.put(part);
    }
  }

  private void room(int more) {
    if (bytes.remaining() < more) {
      bytes =
          ByteBuffer.allocate(2 * (bytes.position() + more))
              .put(bytes.array(), 0, bytes.position());
    }
  }

  private static byte[] intBytes(int value) {
    return ByteBuffer.allocate(4).putInt(value).array();
  }
}
