package carpool.replicator.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/// A plain socket in blocking mode: one system call for each receive and send, no time limits.
/// Whoever wants it to end closes the channel.
public final class BlockingTransport implements Transport {
  private final SocketChannel channel;

  /// Takes over `channel`, which is in blocking mode.
  public BlockingTransport(SocketChannel channel) {
    this.channel = channel;
  }

  /// Waits for as long as it takes, whatever the time limit.
  @Override
  public int receive(ByteBuffer into, long timeoutMillis) throws IOException {
    return channel.read(into);
  }

  /// Waits until all is sent.
  @Override
  public boolean sendNow(ByteBuffer[] from, int first, int count) throws IOException {
    while (Transport.anyLeft(from, first, count)) {
      if (count == 1) {
        channel.write(from[first]);
      } else {
        channel.write(from, first, count);
      }
    }
    return true;
  }

  @Override
  public boolean awaitWritable(long timeoutMillis) {
    return true;
  }

  /// Does nothing: a read that waits ends by [#close] only.
  @Override
  public void wake() {}

  @Override
  public void close() {
    Closing.quietly(channel);
  }
}
