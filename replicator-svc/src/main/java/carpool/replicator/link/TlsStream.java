package carpool.replicator.link;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;

/// TLS over a connected, blocking channel. The engine's two directions are independent, as are
/// reading and writing here.
///
/// Frames that are queued together share records of up to 16 KiB. Ciphertext is held in arrays,
/// where the JDK's AES-GCM works in place; the channel gets direct buffers, so that no thread that
/// happens to send keeps one of its own.
public final class TlsStream implements BlockStream {
  private static final int RECORDS_OUT = 8;
  private static final int RECORD_HEADER_BYTES = 5;
  private static final int RECORD_LENGTH_AT = 3;
  private static final ByteBuffer[] NOTHING = {ByteBuffer.allocate(0)};

  private final SocketChannel channel;
  private final SSLEngine engine;
  private final int recordBytes;
  private final int plainBytes;

  /// From position to limit: received, not yet decrypted. Reader's.
  private final ByteBuffer encrypted;

  private final ByteBuffer fromNet;

  /// From position to limit: decrypted, not yet taken. Reader's.
  private final ByteBuffer decrypted;

  /// Empty between two calls. Writer's.
  private final ByteBuffer toEncrypt;

  private final ByteBuffer toNet;
  private final Object writing = new Object();

  private TlsStream(SocketChannel channel, SSLEngine engine) {
    this.channel = channel;
    this.engine = engine;
    recordBytes = engine.getSession().getPacketBufferSize();
    plainBytes = engine.getSession().getApplicationBufferSize();
    encrypted = ByteBuffer.allocate(4 * recordBytes).limit(0);
    fromNet = ByteBuffer.allocateDirect(encrypted.capacity());
    decrypted = ByteBuffer.allocate(plainBytes).limit(0);
    toEncrypt = ByteBuffer.allocate(RECORDS_OUT * recordBytes);
    toNet = ByteBuffer.allocateDirect(toEncrypt.capacity());
  }

  /// Shakes hands; returns when both sides have proved who they are. Ended from outside by closing
  /// the channel.
  ///
  /// @throws SSLException when the other side is refused or refuses
  public static TlsStream handshake(SocketChannel channel, SSLEngine engine) throws IOException {
    var stream = new TlsStream(channel, engine);
    stream.handshake();
    return stream;
  }

  /// The session, with the certificate of the other side.
  public SSLSession session() {
    return engine.getSession();
  }

  private void handshake() throws IOException {
    engine.beginHandshake();
    try {
      var status = engine.getHandshakeStatus();
      while (status != HandshakeStatus.NOT_HANDSHAKING && status != HandshakeStatus.FINISHED) {
        switch (status) {
          case NEED_TASK -> runTasks();
          case NEED_WRAP -> wrapAndSend(NOTHING, 0, 1);
          case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> unwrapSome();
          case NOT_HANDSHAKING, FINISHED -> {}
        }
        status = engine.getHandshakeStatus();
      }
    } catch (SSLException e) {
      tellWhy(e);
      throw e;
    }
  }

  /// Sends the alert, so that the other side knows.
  private void tellWhy(SSLException failure) {
    try {
      while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP && !engine.isOutboundDone()) {
        wrapAndSend(NOTHING, 0, 1);
      }
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  private void unwrapSome() throws IOException {
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
    if (status == Status.BUFFER_UNDERFLOW && !receive()) {
      throw new SSLException("the peer closed the connection in the TLS handshake");
    }
  }

  private SSLEngineResult unwrap(ByteBuffer into) throws SSLException {
    var result = engine.unwrap(encrypted, into);
    if (result.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
      runTasks();
    }
    // NEED_WRAP after the handshake is the answer to a key update: it goes out with the next write,
    // which is soon enough (RFC 8446, 4.6.3), and the reader never waits for the writer.
    return result;
  }

  private void runTasks() {
    for (var task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
      task.run();
    }
  }

  /// False at the end of the stream.
  private boolean receive() throws IOException {
    encrypted.compact();
    try {
      fromNet.clear().limit(encrypted.remaining());
      if (channel.read(fromNet) < 0) {
        return false;
      }
      encrypted.put(fromNet.flip());
      return true;
    } finally {
      encrypted.flip();
    }
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    while (!decrypted.hasRemaining()) {
      boolean straight = target.remaining() >= plainBytes;
      var into = straight ? target : decrypted.clear();
      SSLEngineResult result;
      try {
        result = unwrap(into);
      } finally {
        if (!straight) {
          decrypted.flip();
        }
      }
      switch (result.getStatus()) {
        case CLOSED -> {
          return -1;
        }
        case BUFFER_UNDERFLOW -> {
          if (!receive()) {
            return -1;
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
    int taken = Math.min(decrypted.remaining(), target.remaining());
    target.put(decrypted.slice(decrypted.position(), taken));
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
  public long write(ByteBuffer[] from, int first, int count) throws IOException {
    return wrapAndSend(from, first, count);
  }

  private long wrapAndSend(ByteBuffer[] from, int first, int count) throws IOException {
    synchronized (writing) {
      long taken = 0;
      boolean more = true;
      while (more) {
        toEncrypt.clear();
        do {
          var result = engine.wrap(from, first, count, toEncrypt);
          if (result.getStatus() == Status.CLOSED && result.bytesProduced() == 0) {
            throw new SSLException("the TLS session is closed");
          }
          taken += result.bytesConsumed();
          more = from[first + count - 1].hasRemaining();
        } while (more && toEncrypt.remaining() >= recordBytes);
        toNet.clear().put(toEncrypt.flip()).flip();
        while (toNet.hasRemaining()) {
          channel.write(toNet);
        }
      }
      return taken;
    }
  }

  /// Closes the channel without a farewell: the last frame of a session is not known to either
  /// side, and a lost connection has to be survived anyway.
  @Override
  public void close() throws IOException {
    channel.close();
  }
}
