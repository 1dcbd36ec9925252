package carpool.replicator.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/// A plain socket. It is in non-blocking mode because a send must never wait (the sender may be the
/// thread that receives from the peer node) while a receive must; each direction waits on its own
/// selector.
public final class SocketTransport implements Transport {
  private static final int LOOKS_IN_VAIN = 16;
  private static final int LOOKS_AGAIN = 64;

  private final SocketChannel channel;
  private final Selector readable;
  private final Object writableLock = new Object();
  private @Nullable Selector writable;
  private volatile boolean closed;

  /// Looks in a row that found nothing, and waits without a look since. Receiver's.
  private int empty;

  /// Takes over `channel`.
  public SocketTransport(SocketChannel channel) throws IOException {
    this.channel = channel;
    channel.configureBlocking(false);
    readable = Selector.open();
    channel.register(readable, SelectionKey.OP_READ);
  }

  @Override
  public int receive(ByteBuffer into, long timeoutMillis) throws IOException {
    if (!into.hasRemaining() || !waitsAnyway()) {
      var got = channel.read(into);
      empty = got == 0 ? empty + 1 : 0;
      if (got != 0 || !into.hasRemaining()) {
        return got;
      }
    }
    try {
      readable.select(SocketTransport::ignore, timeoutMillis);
    } catch (ClosedSelectorException _) {
      return -1;
    }
    return closed ? -1 : channel.read(into);
  }

  /// A client that has one request under way at a time has nothing there when it is looked for the
  /// next: no need to look before waiting, but now and then, because it may change.
  private boolean waitsAnyway() {
    return empty >= LOOKS_IN_VAIN && ++empty % LOOKS_AGAIN != 0;
  }

  @Override
  public boolean sendNow(ByteBuffer[] from, int first, int count) throws IOException {
    if (count == 1) {
      channel.write(from[first]);
    } else {
      channel.write(from, first, count);
    }
    return !Transport.anyLeft(from, first, count);
  }

  @Override
  public boolean awaitWritable(long timeoutMillis) throws IOException {
    try {
      return writableSelector().select(SocketTransport::ignore, timeoutMillis) > 0 || closed;
    } catch (ClosedSelectorException _) {
      return true;
    }
  }

  private Selector writableSelector() throws IOException {
    synchronized (writableLock) {
      if (writable == null) {
        writable = Selector.open();
        channel.register(writable, SelectionKey.OP_WRITE);
      }
      return writable;
    }
  }

  private static void ignore(SelectionKey key) {}

  @Override
  public void wake() {
    readable.wakeup();
  }

  @Override
  public void close() {
    closed = true;
    Closing.quietly(channel);
    Closing.quietly(readable);
    synchronized (writableLock) {
      if (writable != null) {
        Closing.quietly(writable);
      }
    }
  }
}
