package carpool.replicator.peer.session;

import carpool.replicator.core.CloseReason;
import carpool.replicator.core.PeerMessage;
import carpool.replicator.core.WriteKind;
import carpool.replicator.link.BlockConnection;
import carpool.replicator.link.BlockHandler;
import carpool.replicator.link.BlockStream;
import carpool.replicator.link.Checksum;
import carpool.replicator.link.Coding;
import carpool.replicator.link.Compression;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The other end of a data connection: tells what it hears as text, and answers requests as a good
/// peer would, unless it is told to answer with failures or not at all.
final class WirePeer implements BlockHandler {
  static final Coding CODING = new Coding(Checksum.CRC32C, Compression.NONE, Checksum.CRC32C);

  final BlockConnection connection;
  private final SocketChannel channel;
  private final LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BlockConnection.PAYLOAD_MAX_BYTES);
  volatile boolean answers = true;
  volatile boolean ok = true;

  WirePeer(SocketChannel channel, long sizeBytes) {
    this.channel = channel;
    connection = new BlockConnection(BlockStream.plain(channel), this, CODING, sizeBytes);
    Thread.ofPlatform().daemon(true).name("wire-peer").start(connection::receive);
  }

  void say(PeerMessage message) {
    connection.queueMessage(message);
    connection.drain();
  }

  /// Sends bytes that need be no frame.
  void raw(ByteBuffer bytes) throws IOException {
    channel.write(bytes);
  }

  /// Waits for this text, passing over what comes before it.
  void await(String text) throws InterruptedException {
    var passed = new StringBuilder();
    for (var next = poll(); !next.equals(text); next = poll()) {
      if (next.isEmpty()) {
        throw new AssertionError("no `" + text + "`, but" + passed);
      }
      passed.append('\n').append(next);
    }
  }

  /// The next text that begins so; what comes before it is passed over.
  String awaitStart(String begin) throws InterruptedException {
    var next = poll();
    while (!next.startsWith(begin) && !next.isEmpty()) {
      next = poll();
    }
    return next;
  }

  /// All that is heard until the end of the connection.
  List<String> awaitEnd() throws InterruptedException {
    var all = new ArrayList<String>();
    for (var next = poll(); !next.equals("end") && !next.isEmpty(); next = poll()) {
      all.add(next);
    }
    return all;
  }

  private String poll() throws InterruptedException {
    var text = heard.poll(10, TimeUnit.SECONDS);
    return text == null ? "" : text;
  }

  private void answer(Runnable queued) {
    if (answers) {
      queued.run();
      connection.drain();
    }
  }

  @Override
  public int takePeerSlot() {
    return 0;
  }

  @Override
  public void returnPeerSlot(int slot) {}

  @Override
  public ByteBuffer buffer(int slot) {
    return buffer;
  }

  @Override
  public void onWrite(
      int slot, long sequence, long offsetBytes, int lengthBytes, WriteKind kind, boolean receipt) {
    heard.add(
        "write %d %d+%d %s%s %d"
            .formatted(
                sequence,
                offsetBytes,
                lengthBytes,
                kind,
                receipt ? " receipt" : "",
                kind == WriteKind.DATA ? buffer.get(0) : 0));
    answer(() -> connection.queueWritten(sequence, ok));
  }

  @Override
  public void onRead(int slot, long sequence, long offsetBytes, int lengthBytes) {
    heard.add("read " + sequence + " " + offsetBytes + "+" + lengthBytes);
    answer(() -> connection.queueData(sequence, ok, ByteBuffer.allocateDirect(lengthBytes)));
  }

  @Override
  public void onCompare(
      int slot, long sequence, long offsetBytes, int lengthBytes, ByteBuffer digests) {
    answer(() -> connection.queueCompared(sequence, lengthBytes, 0));
  }

  @Override
  public void onCompared(int slot, int coveredBytes, long differentMask) {
    heard.add("compared " + slot);
  }

  @Override
  public void onReceived(int slot) {
    heard.add("received " + slot);
  }

  @Override
  public void onWritten(int slot, boolean success) {
    heard.add("written " + slot + " " + success);
  }

  @Override
  public @Nullable ByteBuffer readTarget(int slot, int lengthBytes) {
    return buffer;
  }

  @Override
  public void onData(int slot, boolean success) {
    heard.add("data " + slot + " " + success + (success ? " " + buffer.get(0) : ""));
  }

  @Override
  public void onFlush(long flushId) {
    heard.add("flush");
    answer(() -> connection.queueFlushed(flushId, ok));
  }

  @Override
  public void onFlushed(long flushId, boolean success) {
    heard.add("flushed " + flushId + " " + success);
  }

  @Override
  public void onMessage(PeerMessage message) {
    heard.add(message.getClass().getSimpleName());
    switch (message) {
      case PeerMessage.SyncStart _ -> answer(() -> say(new PeerMessage.SyncReady()));
      case PeerMessage.InStep _ -> answer(() -> say(new PeerMessage.InStepDone()));
      default -> {}
    }
  }

  @Override
  public void onEnd(CloseReason cause, String reason) {
    heard.add("end");
  }
}
