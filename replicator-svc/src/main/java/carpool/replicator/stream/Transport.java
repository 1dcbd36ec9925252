package carpool.replicator.stream;

import java.io.IOException;
import java.nio.ByteBuffer;

/// The byte stream of one connection. One thread receives; one thread at a time sends, perhaps
/// while the other receives; any thread wakes and closes.
public interface Transport {
  /// Waits for bytes and puts as many as there are into `into`.
  ///
  /// @param timeoutMillis 0 waits for ever
  /// @return bytes received; 0 after [#wake] or when the time is over; -1 at the end of the stream
  int receive(ByteBuffer into, long timeoutMillis) throws IOException;

  /// True when bytes were received already, so that [#receive] will not wait. Receiver's.
  default boolean holdsMore() {
    return false;
  }

  /// Sends what goes out without waiting: buffers `first` up to `first + count`, in order.
  ///
  /// @return true when all of them are empty afterwards; false asks for [#awaitWritable]
  boolean sendNow(ByteBuffer[] from, int first, int count) throws IOException;

  /// True when one of the buffers `first` up to `first + count` has bytes left.
  static boolean anyLeft(ByteBuffer[] buffers, int first, int count) {
    for (int i = first + count - 1; i >= first; i--) { // most often it is the last
      if (buffers[i].hasRemaining()) {
        return true;
      }
    }
    return false;
  }

  /// Waits until [#sendNow] can make progress.
  ///
  /// @return false when the time is over
  boolean awaitWritable(long timeoutMillis) throws IOException;

  /// Makes a waiting [#receive], or the next one, return.
  void wake();

  /// Ends the stream in both directions; idempotent. Threads inside return or throw.
  void close();
}
