package carpool.replicator.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import carpool.replicator.core.PeerMessage;
import carpool.replicator.core.WriteKind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.HexFormat;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGeneratorFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class BlockConnectionTest {
  private static final long DEVICE_BYTES = 1 << 20;
  private static final String MAGIC = "43505231";

  private final LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();
  private SocketChannel ours;
  private SocketChannel peer;

  @BeforeEach
  void connect() throws IOException {
    try (var port = ServerSocketChannel.open()) {
      port.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      ours = SocketChannel.open(port.getLocalAddress());
      peer = port.accept();
    }
  }

  @AfterEach
  void disconnect() throws IOException {
    ours.close();
    peer.close();
  }

  /// Tells what came as text.
  private final class Ear implements BlockHandler {
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BlockConnection.PAYLOAD_MAX_BYTES);

    @Override
    public int takePeerSlot() {
      return 7;
    }

    @Override
    public ByteBuffer buffer(int slot) {
      return buffer;
    }

    @Override
    public void onWrite(
        int slot, long sequence, long offset, int length, WriteKind kind, boolean receipt) {
      int sum = 0;
      for (int i = 0; kind == WriteKind.DATA && i < length; i++) {
        sum += buffer.get(i);
      }
      heard.add(
          "write " + sequence + " " + offset + "+" + length + " " + kind + " " + receipt + " "
              + sum);
    }

    @Override
    public void onRead(int slot, long sequence, long offset, int length) {
      heard.add("read " + sequence + " " + offset + "+" + length);
    }

    @Override
    public void onCompare(int slot, long sequence, long offset, int length, ByteBuffer digests) {
      heard.add("compare " + sequence + " " + offset + "+" + length + " " + digests.remaining());
    }

    @Override
    public void onCompared(int slot, int coveredBytes, long differentMask) {
      heard.add("compared " + slot + " " + coveredBytes + " " + differentMask);
    }

    @Override
    public void onReceived(int slot) {
      heard.add("received " + slot);
    }

    @Override
    public void onWritten(int slot, boolean ok) {
      heard.add("written " + slot + " " + ok);
    }

    @Override
    public @Nullable ByteBuffer readTarget(int slot, int length) {
      return buffer;
    }

    @Override
    public void onData(int slot, boolean ok) {
      heard.add("data " + slot + " " + ok + " " + buffer.get(0));
    }

    @Override
    public void onFlush(long flushId) {
      heard.add("flush " + flushId);
    }

    @Override
    public void onFlushed(long flushId, boolean ok) {
      heard.add("flushed " + flushId + " " + ok);
    }

    @Override
    public void onMessage(PeerMessage message) {
      heard.add("message " + message);
    }

    @Override
    public void onEnd(String reason) {
      heard.add("end: " + reason);
    }
  }

  private String next() throws InterruptedException {
    var text = heard.poll(10, TimeUnit.SECONDS);
    return text == null ? "nothing" : text;
  }

  private void listen(SocketChannel channel, Checksum checksum) {
    var connection = new BlockConnection(channel, new Ear(), checksum, true, DEVICE_BYTES);
    Thread.ofPlatform().daemon(true).start(connection::receive);
  }

  @ParameterizedTest
  @EnumSource(Checksum.class)
  void everyFrameArrivesInOrder(Checksum checksum) throws Exception {
    listen(peer, checksum);
    var sender = new BlockConnection(ours, new Ear(), checksum, true, DEVICE_BYTES);
    var ones = ByteBuffer.allocateDirect(4096);
    for (int i = 0; i < 4096; i++) {
      ones.put(i, (byte) 1);
    }

    sender.queueWrite(3, 8192, 4096, WriteKind.DATA, true, ones);
    sender.queueWrite(4, 0, 4096, WriteKind.DATA, false, ByteBuffer.allocateDirect(4096));
    sender.queueWrite(5, 4096, 65536, WriteKind.ZERO, false, ones);
    sender.queueWrite(6, 4096, 65536, WriteKind.HOLE, false, ones);
    sender.queueFlush(11);
    sender.queueRead(8, 512, 1024);
    sender.queueReceived(1);
    sender.queueWritten(2, true);
    sender.queueWritten(2, false);
    sender.queueFlushed(12, true);
    sender.queueData(9, true, ones.duplicate().limit(16));
    sender.queueMessage(new PeerMessage.SyncStart());
    sender.queueCompare(13, 65536, 131072, ones.duplicate().limit(64));
    sender.queueCompare(14, 0, 1048576, ByteBuffer.allocate(0));
    sender.queueCompared(15, 131072, 2);
    sender.drain();

    assertEquals("write 3 8192+4096 DATA true 4096", next());
    assertEquals("write 4 0+4096 HOLE false 0", next(), "a payload of zeroes is left out");
    assertEquals("write 5 4096+65536 ZERO false 0", next());
    assertEquals("write 6 4096+65536 HOLE false 0", next());
    assertEquals("flush 11", next());
    assertEquals("read 8 512+1024", next());
    assertEquals("received 1", next());
    assertEquals("written 2 true", next());
    assertEquals("written 2 false", next());
    assertEquals("flushed 12 true", next());
    assertEquals("data 9 true 1", next());
    assertEquals("message SyncStart[]", next());
    assertEquals("compare 13 65536+131072 64", next());
    assertEquals("compare 14 0+1048576 0", next(), "with zeroes, of any length");
    assertEquals("compared 15 131072 2", next());
    sender.close("done");
    assertEquals("end: the peer closed the connection", next());
  }

  @ParameterizedTest
  @CsvSource({
    "00000000 01 00 0000 0000000000000001 0000000000000000 00000001 00000001,a frame does not start with its magic number",
    "43505231 63 00 0000 0000000000000001 0000000000000000 00000001 00000001,frame type 99 is unknown",
    "43505231 01 00 0000 0000000000000001 0000000000100000 00000001 00000001,a range of 1 bytes at 1048576",
    "43505231 01 00 0000 0000000000000001 ffffffffffffffff 00000001 00000001,a range of 1 bytes at -1",
    "43505231 01 00 0000 0000000000000001 0000000000000000 ffffffff 00000001,a range of -1 bytes at 0",
    "43505231 01 00 0000 0000000000000001 0000000000000000 00001000 00000800,a WRITE frame with a payload of 2048 bytes",
    "43505231 01 00 0000 0000000000000001 0000000000000000 00080000 00080000,a WRITE frame with a payload of 524288 bytes",
    "43505231 09 00 0000 0000000000000001 0000000000000000 00000000 7fffffff,a DATA frame with a payload of 2147483647 bytes",
    "43505231 0a 00 0000 0000000000000000 0000000000000000 00000000 00100000,a MESSAGE frame with a payload of 1048576 bytes",
    "43505231 0c 00 0000 0000000000000001 0000000000000000 00020000 00000020,a COMPARE frame with a payload of 32 bytes",
    "43505231 0c 00 0000 0000000000000001 0000000000000000 00040000 00000080,a COMPARE frame with a payload of 128 bytes",
    "43505231 0c 00 0000 0000000000000001 0000000000000000 00200000 00000000,a range of 2097152 bytes at 0",
    "43505231 05 00 0000 7000000000000000 0000000000000000 00000000 00000000,an answer to the request 8070450532247928832"
  })
  void whatTheProtocolDoesNotAllowEndsTheConnection(String frame, String reason) throws Exception {
    listen(ours, Checksum.NONE);

    peer.write(ByteBuffer.wrap(HexFormat.of().parseHex(frame.replace(" ", ""))));

    assertEquals("end: " + reason, next());
  }

  @Test
  void changedByteIsFoundByTheChecksum() throws Exception {
    listen(ours, Checksum.CRC32C);
    var frame = HexFormat.of().parseHex(MAGIC + "06000000" + "00".repeat(24) + "12345678");

    peer.write(ByteBuffer.wrap(frame));

    assertEquals("end: a frame with a wrong checksum", next());
  }

  @Test
  void randomAndMutatedBytesEndTheConnectionAndNothingElse() throws Exception {
    var random = RandomGeneratorFactory.of("L64X128MixRandom").create(7);
    for (int round = 0; round < 300; round++) {
      listen(ours, Checksum.NONE);
      for (int frames = random.nextInt(6); frames >= 0; frames--) {
        var bytes = new byte[32 + random.nextInt(64)];
        random.nextBytes(bytes);
        ByteBuffer.wrap(bytes).putInt(0x43505231).put((byte) (1 + random.nextInt(12)));
        if (random.nextBoolean()) {
          ByteBuffer.wrap(bytes)
              .putLong(8, random.nextInt(200))
              .putLong(16, random.nextInt(1 << 21));
          ByteBuffer.wrap(bytes).putInt(24, random.nextInt(8192)).putInt(28, random.nextInt(8192));
        }
        if (!sent(bytes)) {
          break; // the other side has ended the connection already
        }
      }
      peer.close();
      var last = next();
      while (!last.startsWith("end: ") && !last.equals("nothing")) {
        last = next();
      }
      assertTrue(last.startsWith("end: "), "round " + round + ": " + last);
      ours.close();
      connect();
    }
  }

  private boolean sent(byte[] bytes) {
    try {
      return peer.write(ByteBuffer.wrap(bytes)) > 0;
    } catch (IOException ended) {
      return false;
    }
  }
}
