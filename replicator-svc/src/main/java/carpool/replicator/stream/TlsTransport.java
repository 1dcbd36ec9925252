package carpool.replicator.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;

/// TLS over another transport. Receiving and sending are independent, as in [SSLEngine], and wait
/// where the transport below waits.
///
/// What is sent together shares records of up to 16 KiB. Ciphertext is held in arrays, where the
/// JDK's AES-GCM works in place; the socket gets direct buffers, so that no thread that happens to
/// send keeps one of its own.
public final class TlsTransport implements Transport {
  private static final int RECORD_HEADER_BYTES = 5;
  private static final int RECORD_LENGTH_AT = 3;
  private static final ByteBuffer[] NOTHING = {ByteBuffer.allocate(0)};

  /// What [#close] says to the other side.
  public enum Farewell {
    /// close_notify, if the socket takes it at once (RFC 8446, 6.1).
    CLOSE_NOTIFY,
    /// Nothing: closing never waits, and a lost connection has to be survived anyway.
    NONE
  }

  private final Transport plain;
  private final SSLEngine engine;
  private final Farewell farewell;
  private final int recordBytes;
  private final int plainBytes;

  /// From position to limit: received, not yet decrypted. Receiver's.
  private final ByteBuffer encrypted;

  private final ByteBuffer fromNet;

  /// From position to limit: decrypted, not yet taken. Receiver's.
  private final ByteBuffer decrypted;

  /// Empty between two calls. Guarded by `sendLock`.
  private final ByteBuffer toEncrypt;

  /// From position to limit: encrypted, not yet sent. Guarded by `sendLock`.
  private final ByteBuffer toNet;

  private final ByteBuffer[] toNetOnly;
  private final Object sendLock = new Object();

  /// @param engine knows its side
  /// @param recordsAtOnce that go out with one call of the transport below, at least 1
  public TlsTransport(Transport plain, SSLEngine engine, int recordsAtOnce, Farewell farewell) {
    this.plain = plain;
    this.engine = engine;
    this.farewell = farewell;
    recordBytes = engine.getSession().getPacketBufferSize();
    plainBytes = engine.getSession().getApplicationBufferSize();
    encrypted = ByteBuffer.allocate(Math.max(2, recordsAtOnce / 2) * recordBytes).limit(0);
    fromNet = ByteBuffer.allocateDirect(encrypted.capacity());
    decrypted = ByteBuffer.allocate(plainBytes).limit(0);
    toEncrypt = ByteBuffer.allocate(recordsAtOnce * recordBytes);
    toNet = ByteBuffer.allocateDirect(toEncrypt.capacity()).limit(0);
    toNetOnly = new ByteBuffer[] {toNet};
  }

  /// The session, with the certificate of the other side.
  public SSLSession session() {
    return engine.getSession();
  }

  /// Shakes hands; returns when both sides have proved who they are.
  ///
  /// @param stepMillis for each step of the other side, where the transport below knows time limits
  /// @throws SSLException when the other side is refused or refuses; the alert was sent
  /// @throws IOException when the connection ends or the time is over
  public void handshake(long stepMillis) throws IOException {
    engine.beginHandshake();
    try {
      var status = engine.getHandshakeStatus();
      while (status != HandshakeStatus.NOT_HANDSHAKING && status != HandshakeStatus.FINISHED) {
        switch (status) {
          case NEED_TASK -> runTasks();
          case NEED_WRAP -> sendFully(stepMillis);
          case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> unwrapSome(stepMillis);
          case NOT_HANDSHAKING, FINISHED -> {}
        }
        status = engine.getHandshakeStatus();
      }
      sendFully(stepMillis);
    } catch (SSLException e) {
      tellWhy(e, stepMillis);
      throw e;
    }
  }

  /// Sends the alert, so that the other side knows.
  private void tellWhy(SSLException failure, long stepMillis) {
    try {
      sendFully(stepMillis);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  private void sendFully(long stepMillis) throws IOException {
    while (!sendNow(NOTHING, 0, 1)) {
      if (!plain.awaitWritable(stepMillis)) {
        throw new IOException("the other side does not take part in the TLS handshake");
      }
    }
  }

  private void unwrapSome(long stepMillis) throws IOException {
    decrypted.compact();
    Status status;
    try {
      status = unwrap(decrypted).getStatus();
    } finally {
      decrypted.flip();
    }
    if (status == Status.CLOSED) {
      throw new SSLException("the peer ended the TLS handshake");
    }
    if (status == Status.BUFFER_UNDERFLOW) {
      int got = fetch(stepMillis);
      if (got < 0) {
        throw new SSLException("the peer closed the connection in the TLS handshake");
      }
      if (got == 0) {
        throw new IOException("the other side did not finish the TLS handshake");
      }
    }
  }

  private SSLEngineResult unwrap(ByteBuffer into) throws SSLException {
    var result = engine.unwrap(encrypted, into);
    if (result.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
      runTasks();
    }
    // NEED_WRAP after the handshake is the answer to a key update: it goes out with the next send,
    // which is soon enough (RFC 8446, 4.6.3), and the receiver never waits for the sender.
    return result;
  }

  private void runTasks() {
    for (var task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
      task.run();
    }
  }

  /// @return as [Transport#receive]
  private int fetch(long timeoutMillis) throws IOException {
    encrypted.compact();
    try {
      fromNet.clear().limit(encrypted.remaining());
      int got = plain.receive(fromNet, timeoutMillis);
      encrypted.put(fromNet.flip());
      return got;
    } finally {
      encrypted.flip();
    }
  }

  @Override
  public int receive(ByteBuffer into, long timeoutMillis) throws IOException {
    while (!decrypted.hasRemaining()) {
      boolean straight = into.remaining() >= plainBytes;
      SSLEngineResult result;
      if (straight) {
        result = unwrap(into);
      } else {
        decrypted.clear();
        try {
          result = unwrap(decrypted);
        } finally {
          decrypted.flip();
        }
      }
      switch (result.getStatus()) {
        case CLOSED -> {
          return -1;
        }
        case BUFFER_UNDERFLOW -> {
          int got = fetch(timeoutMillis);
          if (got <= 0) {
            return got;
          }
        }
        case BUFFER_OVERFLOW -> throw new SSLException("a record longer than TLS allows");
        case OK -> {
          if (straight && result.bytesProduced() > 0) {
            return result.bytesProduced();
          }
        }
      }
    }
    int taken = Math.min(decrypted.remaining(), into.remaining());
    into.put(into.position(), decrypted, decrypted.position(), taken);
    into.position(into.position() + taken);
    decrypted.position(decrypted.position() + taken);
    return taken;
  }

  @Override
  public boolean holdsMore() {
    return decrypted.hasRemaining()
        || (encrypted.remaining() >= RECORD_HEADER_BYTES
            && encrypted.remaining() - RECORD_HEADER_BYTES
                >= (encrypted.getShort(encrypted.position() + RECORD_LENGTH_AT) & 0xffff));
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
        encryptSome(from, first, count);
      }
    }
  }

  private boolean hasMore(ByteBuffer[] from, int first, int count) {
    return engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP
        || Transport.anyLeft(from, first, count);
  }

  private void encryptSome(ByteBuffer[] from, int first, int count) throws IOException {
    toEncrypt.clear();
    do {
      var result = engine.wrap(from, first, count, toEncrypt);
      if (result.getStatus() == Status.CLOSED && result.bytesProduced() == 0) {
        throw new SSLException("the TLS session is closed");
      }
      if (result.getStatus() != Status.OK) {
        break; // what there is, an alert, goes out; then this is found again
      }
    } while (hasMore(from, first, count) && toEncrypt.remaining() >= recordBytes);
    toNet.clear().put(toEncrypt.flip()).flip();
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
    if (farewell == Farewell.CLOSE_NOTIFY) {
      try {
        synchronized (sendLock) {
          engine.closeOutbound();
          sendNow(NOTHING, 0, 1);
        }
      } catch (IOException _) {
        // The client is gone already.
      }
    }
    plain.close();
  }
}
