package carpool.replicator.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;

/// TLS over another transport. Receiving and sending are independent, as in [SSLEngine].
final class TlsTransport implements Transport {
  private static final ByteBuffer[] NOTHING = {ByteBuffer.allocate(0)};

  private final Transport plain;
  private final SSLEngine engine;

  /// Received, not yet decrypted; between position 0 and position. Receiver's.
  private final ByteBuffer fromNet;

  /// Decrypted, not yet taken; from position to limit. Receiver's.
  private final ByteBuffer decrypted;

  /// Encrypted, not yet sent; from position to limit. Guarded by `sendLock`.
  private final ByteBuffer toNet;

  private final ByteBuffer[] toNetOnly;
  private final Object sendLock = new Object();

  TlsTransport(Transport plain, SSLEngine engine) {
    this.plain = plain;
    this.engine = engine;
    var session = engine.getSession();
    var packet = session.getPacketBufferSize();
    fromNet = ByteBuffer.allocateDirect(2 * packet);
    decrypted = ByteBuffer.allocateDirect(2 * session.getApplicationBufferSize()).limit(0);
    toNet = ByteBuffer.allocateDirect(8 * packet).limit(0);
    toNetOnly = new ByteBuffer[] {toNet};
  }

  /// The handshake, waiting at most `idleMillis` for each step of the client.
  ///
  /// @throws IOException when it fails; the alert was sent
  void handshake(long idleMillis) throws IOException {
    engine.setUseClientMode(false);
    engine.beginHandshake();
    var status = engine.getHandshakeStatus();
    while (status != HandshakeStatus.NOT_HANDSHAKING && status != HandshakeStatus.FINISHED) {
      switch (status) {
        case NEED_TASK -> runTasks();
        case NEED_WRAP -> sendFully(idleMillis);
        case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> unwrapInHandshake(idleMillis);
        case NOT_HANDSHAKING, FINISHED -> {}
      }
      status = engine.getHandshakeStatus();
    }
    sendFully(idleMillis);
  }

  private void unwrapInHandshake(long idleMillis) throws IOException {
    try {
      if (unwrap() == Status.BUFFER_UNDERFLOW) {
        var got = plain.receive(fromNet, idleMillis);
        if (got <= 0) {
          throw new IOException("the client did not finish the TLS handshake");
        }
      }
    } catch (IOException e) {
      sendFully(idleMillis);
      throw e;
    }
  }

  private void runTasks() {
    for (var task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
      task.run();
    }
  }

  private void sendFully(long idleMillis) throws IOException {
    while (!sendNow(NOTHING, 0, 1)) {
      if (!plain.awaitWritable(idleMillis)) {
        throw new IOException("the client does not take part in the TLS handshake");
      }
    }
  }

  @Override
  public int receive(ByteBuffer into, long timeoutMillis) throws IOException {
    while (!decrypted.hasRemaining()) {
      var status = unwrap();
      if (status == Status.CLOSED) {
        return -1;
      }
      if (status == Status.BUFFER_UNDERFLOW) {
        var got = plain.receive(fromNet, timeoutMillis);
        if (got <= 0) {
          return got;
        }
      }
    }
    var now = Math.min(into.remaining(), decrypted.remaining());
    into.put(into.position(), decrypted, decrypted.position(), now);
    into.position(into.position() + now);
    decrypted.position(decrypted.position() + now);
    return now;
  }

  private Status unwrap() throws IOException {
    fromNet.flip();
    decrypted.compact();
    SSLEngineResult result;
    try {
      result = engine.unwrap(fromNet, decrypted);
    } finally {
      fromNet.compact();
      decrypted.flip();
    }
    if (result.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
      runTasks();
    }
    if (result.getHandshakeStatus() == HandshakeStatus.NEED_WRAP
        && result.getStatus() == Status.OK) {
      // A key update or the like; what does not go out now goes out with the next reply.
      sendNow(NOTHING, 0, 1);
    }
    return result.getStatus();
  }

  @Override
  public boolean sendNow(ByteBuffer[] from, int first, int count) throws IOException {
    synchronized (sendLock) {
      while (true) {
        if (toNet.hasRemaining() && !plain.sendNow(toNetOnly, 0, 1)) {
          return false;
        }
        if (!hasMore(from, first, count)) {
          return true;
        }
        toNet.clear();
        try {
          wrapSome(from, first, count);
        } finally {
          toNet.flip();
        }
      }
    }
  }

  private boolean hasMore(ByteBuffer[] from, int first, int count) {
    return engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP
        || from[first + count - 1].hasRemaining();
  }

  private void wrapSome(ByteBuffer[] from, int first, int count) throws IOException {
    while (true) {
      var result = engine.wrap(from, first, count, toNet);
      if (result.getStatus() == Status.CLOSED && result.bytesProduced() == 0) {
        throw new IOException("the TLS session is closed");
      }
      if (result.getStatus() != Status.OK || !hasMore(from, first, count)) {
        return;
      }
    }
  }

  @Override
  public boolean awaitWritable(long timeoutMillis) throws IOException {
    return plain.awaitWritable(timeoutMillis);
  }

  @Override
  public void wake() {
    plain.wake();
  }

  @Override
  public void close() {
    try {
      synchronized (sendLock) {
        engine.closeOutbound();
        // close_notify, if the socket takes it at once (nbd.md 5).
        sendNow(NOTHING, 0, 1);
      }
    } catch (IOException _) {
      // The client is gone already.
    }
    plain.close();
  }
}
