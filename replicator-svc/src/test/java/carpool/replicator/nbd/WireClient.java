package carpool.replicator.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/// A client that says exactly what a test wants, right or wrong.
final class WireClient implements AutoCloseable {
  private final SocketChannel channel;

  WireClient(SocketAddress address) throws IOException {
    channel =
        address instanceof UnixDomainSocketAddress
            ? SocketChannel.open(StandardProtocolFamily.UNIX)
            : SocketChannel.open();
    channel.connect(address);
  }

  /// A client in transmission.
  static WireClient inTransmission(SocketAddress address, String export, boolean structured)
      throws IOException {
    var client = new WireClient(address);
    client.receive(18);
    client.send("00000003");
    if (structured) {
      client.option(8, new byte[0]);
      client.receive(20);
    }
    client.option(7, go(export));
    client.receive(20 + 12 + 20);
    return client;
  }

  static byte[] go(String export) {
    var name = export.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(6 + name.length)
        .putInt(name.length)
        .put(name)
        .putShort((short) 0)
        .array();
  }

  void send(String hex) throws IOException {
    send(HexFormat.of().parseHex(hex.replaceAll("\\s", "")));
  }

  void send(byte[] bytes) throws IOException {
    var buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  void option(int option, byte[] data) throws IOException {
    send(
        ByteBuffer.allocate(16 + data.length)
            .putLong(Wire.IHAVEOPT)
            .putInt(option)
            .putInt(data.length)
            .put(data)
            .array());
  }

  void request(int flags, int command, long cookie, long offset, int length) throws IOException {
    send(request(flags, command, cookie, offset, length, new byte[0]));
  }

  static byte[] request(
      int flags, int command, long cookie, long offset, int length, byte[] payload) {
    return ByteBuffer.allocate(28 + payload.length)
        .putInt(Wire.REQUEST_MAGIC)
        .putShort((short) flags)
        .putShort((short) command)
        .putLong(cookie)
        .putLong(offset)
        .putInt(length)
        .put(payload)
        .array();
  }

  /// The next bytes as hex.
  String receive(int bytes) throws IOException {
    return HexFormat.of().formatHex(receiveBytes(bytes));
  }

  byte[] receiveBytes(int bytes) throws IOException {
    var buffer = ByteBuffer.allocate(bytes);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new EOFException("closed after " + buffer.position() + " of " + bytes + " bytes");
      }
    }
    return buffer.array();
  }

  /// The error of the next simple reply; checks its cookie.
  int simpleReply(long cookie) throws IOException {
    var reply = ByteBuffer.wrap(receiveBytes(16));
    if (reply.getInt() != Wire.SIMPLE_REPLY_MAGIC || reply.getLong(8) != cookie) {
      throw new IOException("not the reply to " + cookie + ": " + reply.getLong(8));
    }
    return reply.getInt();
  }

  /// True when the server has closed; reads what comes before that.
  boolean isClosedByServer() {
    return receiveUntilClosed() >= 0;
  }

  /// Number of bytes that come before the server closes.
  long receiveUntilClosed() {
    var buffer = ByteBuffer.allocate(64 << 10);
    long bytes = 0;
    try {
      for (int got = channel.read(buffer); got >= 0; got = channel.read(buffer.clear())) {
        bytes += got;
      }
    } catch (IOException _) {
      // A reset is an end, too.
    }
    return bytes;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
