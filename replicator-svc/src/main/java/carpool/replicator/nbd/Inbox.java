package carpool.replicator.nbd;

import carpool.replicator.stream.Transport;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.function.BooleanSupplier;

/// Read-ahead of one connection: one receive fetches many small requests. Owned by the connection's
/// thread.
final class Inbox {
  /// Room for fifteen 4 KiB writes.
  static final int BYTES = 64 << 10;

  private final ByteBuffer ahead = ByteBuffer.allocateDirect(BYTES).limit(0);
  private Transport transport;
  private long idleMillis;

  /// @param idleMillis silence that ends the connection; 0 = none
  Inbox(Transport transport, long idleMillis) {
    this.transport = transport;
    this.idleMillis = idleMillis;
  }

  /// The silence that ends the connection from now on; 0 = none.
  void allowIdle(long millis) {
    idleMillis = millis;
  }

  /// Bytes received and not yet taken.
  int buffered() {
    return ahead.remaining();
  }

  /// Goes on over another transport; only with nothing buffered.
  void switchTo(Transport next) {
    transport = next;
  }

  /// Waits until `bytes` can be taken from [#bytes].
  ///
  /// @param bytes at most [#BYTES]
  /// @param stopped asked after each wake-up
  /// @return false when `stopped` said so while the bytes were not all here
  /// @throws EOFException when the client is gone
  boolean await(int bytes, BooleanSupplier stopped) throws IOException {
    while (ahead.remaining() < bytes) {
      if (stopped.getAsBoolean()) {
        return false;
      }
      receiveMore();
    }
    return true;
  }

  /// The bytes received and not yet taken, from position to limit; taking moves the position.
  ByteBuffer bytes() {
    return ahead;
  }

  /// Fills `into` from position to limit: what is here already, the rest straight from the socket.
  void fill(ByteBuffer into) throws IOException {
    takeBuffered(into);
    while (into.hasRemaining()) {
      if (into.remaining() < BYTES / 8) {
        // A short rest: fetch what follows it in the same receive.
        receiveMore();
        takeBuffered(into);
      } else {
        receive(into);
      }
    }
  }

  /// Drops the next `bytes` bytes of the stream.
  void skip(long bytes) throws IOException {
    var left = bytes;
    while (left > 0) {
      if (!ahead.hasRemaining()) {
        receiveMore();
      }
      var now = (int) Math.min(left, ahead.remaining());
      ahead.position(ahead.position() + now);
      left -= now;
    }
  }

  private void takeBuffered(ByteBuffer into) {
    var now = Math.min(into.remaining(), ahead.remaining());
    into.put(into.position(), ahead, ahead.position(), now);
    into.position(into.position() + now);
    ahead.position(ahead.position() + now);
  }

  private void receiveMore() throws IOException {
    ahead.compact();
    try {
      receive(ahead);
    } finally {
      ahead.flip();
    }
  }

  private void receive(ByteBuffer into) throws IOException {
    var since = idleMillis == 0 ? 0 : System.nanoTime();
    var got = transport.receive(into, idleMillis);
    if (got < 0) {
      throw new EOFException("the client closed the connection");
    }
    if (got == 0 && idleMillis > 0 && System.nanoTime() - since >= idleMillis * 1_000_000) {
      throw new SocketTimeoutException("the client was silent for " + idleMillis + " ms");
    }
  }
}
