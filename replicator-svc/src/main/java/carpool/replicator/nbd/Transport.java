package carpool.replicator.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;

/// The byte stream of one connection. One thread receives; one thread at a time sends, perhaps
/// while the other receives; any thread wakes and closes.
interface Transport {
  /// Waits for bytes and puts as many as there are into `into`.
  ///
  /// @param timeoutMillis 0 waits for ever
  /// @return bytes received; 0 after [#wake] or when the time is over; -1 at the end of the stream
  int receive(ByteBuffer into, long timeoutMillis) throws IOException;

  /// Sends what goes out without waiting: buffers `first` up to `first + count`, in order.
  ///
  /// @return true when all of them are empty afterwards; false asks for [#awaitWritable]
  boolean sendNow(ByteBuffer[] from, int first, int count) throws IOException;

  /// Waits until [#sendNow] can make progress.
  ///
  /// @return false when the time is over
  boolean awaitWritable(long timeoutMillis) throws IOException;

  /// Makes a waiting [#receive], or the next one, return.
  void wake();

  /// Ends the stream in both directions; idempotent. Threads inside return or throw.
  void close();
}
