package carpool.replicator.link;

import carpool.replicator.stream.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/// The bytes of a block connection. One thread reads; one thread at a time writes, perhaps while
/// the other reads; any thread closes. Both wait for as long as it takes.
public interface BlockStream {
  /// Sends all or part of the buffers `first` up to `first + count`, in order.
  ///
  /// @return bytes taken from them
  long write(ByteBuffer[] from, int first, int count) throws IOException;

  /// Waits for bytes and puts what is there into `target`.
  ///
  /// @return their number; -1 at the end of the stream
  int read(ByteBuffer target) throws IOException;

  /// As [#read], and what came already behind `target` goes to `ahead`; only once `target` is full.
  ///
  /// @return bytes in both
  default long read(ByteBuffer target, ByteBuffer ahead) throws IOException {
    return read(target);
  }

  /// True when bytes were received already, so that [#read] will not wait. Reader's.
  default boolean holdsMore() {
    return false;
  }

  /// Ends the stream in both directions; idempotent. Threads inside return or throw.
  void close() throws IOException;

  /// In the clear, over a connected, blocking channel.
  static BlockStream plain(SocketChannel channel) {
    return new BlockStream() {
      private final ByteBuffer[] both = new ByteBuffer[2];

      @Override
      public long write(ByteBuffer[] from, int first, int count) throws IOException {
        return count == 1 ? channel.write(from[first]) : channel.write(from, first, count);
      }

      @Override
      public int read(ByteBuffer target) throws IOException {
        return channel.read(target);
      }

      @Override
      public long read(ByteBuffer target, ByteBuffer ahead) throws IOException {
        both[0] = target;
        both[1] = ahead;
        return channel.read(both);
      }

      @Override
      public void close() throws IOException {
        channel.close();
      }
    };
  }

  /// Over a transport that waits until all is sent, and is never woken.
  static BlockStream over(Transport transport) {
    return new BlockStream() {
      @Override
      public long write(ByteBuffer[] from, int first, int count) throws IOException {
        long before = remaining(from, first, count);
        transport.sendNow(from, first, count);
        return before - remaining(from, first, count);
      }

      @Override
      public int read(ByteBuffer target) throws IOException {
        return transport.receive(target, 0);
      }

      @Override
      public boolean holdsMore() {
        return transport.holdsMore();
      }

      @Override
      public void close() {
        transport.close();
      }
    };
  }

  private static long remaining(ByteBuffer[] buffers, int first, int count) {
    long bytes = 0;
    for (int i = first; i < first + count; i++) {
      bytes += buffers[i].remaining();
    }
    return bytes;
  }

  /// Sends the whole of `from`.
  static void writeFully(BlockStream stream, ByteBuffer from) throws IOException {
    var one = new ByteBuffer[] {from};
    while (from.hasRemaining()) {
      stream.write(one, 0, 1);
    }
  }

  /// Fills `into` to its limit.
  ///
  /// @throws IOException when the stream ends before
  static void readFully(BlockStream stream, ByteBuffer into) throws IOException {
    while (into.hasRemaining()) {
      if (stream.read(into) < 0) {
        throw new IOException("the peer closed the connection");
      }
    }
  }
}
