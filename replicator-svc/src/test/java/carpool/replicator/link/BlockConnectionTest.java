package carpool.replicator.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import carpool.replicator.core.CloseReason;
import carpool.replicator.core.PeerMessage;
import carpool.replicator.core.WriteKind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.HexFormat;
import java.util.concurrent.CountDownLatch;
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
import org.junit.jupiter.params.provider.ValueSource;

class BlockConnectionTest {
  private static final long DEVICE_BYTES = 1 << 20;
  private static final String MAGIC = "43505231";

  private final LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<CloseReason> ends = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<Integer> returned = new LinkedBlockingQueue<>();
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
  private class Ear implements BlockHandler {
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BlockConnection.PAYLOAD_MAX_BYTES);
    private final boolean tellsIdle;

    Ear() {
      this(false);
    }

    Ear(boolean tellsIdle) {
      this.tellsIdle = tellsIdle;
    }

    @Override
    public void onIdle() {
      if (tellsIdle) {
        heard.add("idle");
      }
    }

    @Override
    public int takePeerSlot() {
      return 7;
    }

    @Override
    public void returnPeerSlot(int slot) {
      returned.add(slot);
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
      heard.add("data " + slot + " " + ok + (ok ? " " + buffer.get(0) : ""));
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
    public void onEnd(CloseReason cause, String reason) {
      ends.add(cause);
      heard.add("end: " + reason);
    }
  }

  private static Coding coding(Checksum checksum, Compression compression) {
    return new Coding(checksum, compression, checksum);
  }

  private String next() throws InterruptedException {
    var text = heard.poll(10, TimeUnit.SECONDS);
    return text == null ? "nothing" : text;
  }

  private void listen(SocketChannel channel, Checksum checksum) {
    var connection =
        new BlockConnection(
            BlockStream.plain(channel),
            new Ear(),
            coding(checksum, Compression.NONE),
            DEVICE_BYTES);
    Thread.ofPlatform().daemon(true).start(connection::receive);
  }

  @ParameterizedTest
  @EnumSource(Checksum.class)
  void everyFrameArrivesInOrder(Checksum checksum) throws Exception {
    listen(peer, checksum);
    var sender =
        new BlockConnection(
            BlockStream.plain(ours), new Ear(), coding(checksum, Compression.HOLE), DEVICE_BYTES);
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
    sender.queueFlushed(12, false);
    sender.queueData(9, true, ones.duplicate().limit(16));
    sender.queueData(9, false, ones.duplicate().limit(16));
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
    assertEquals("flushed 12 false", next());
    assertEquals("data 9 true 1", next());
    assertEquals("data 9 false", next(), "a read that failed");
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
    "43505232 01 00 0000 0000000000000001 0000000000000000 00000001 00000001,a frame does not start with its magic number",
    "43505231 63 00 0000 0000000000000001 0000000000000000 00000001 00000001,frame type 99 is unknown",
    "43505231 08 00 0000 0000000000000001 0000000000000000 00020001 00000000,a READ frame for 131073 bytes",
    "43505231 0a 00 0000 0000000000000000 0000000000000000 00000000 00001001,a MESSAGE frame with a payload of 4097 bytes",
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
    "43505231 05 00 0000 7000000000000000 0000000000000000 00000000 00000000,an answer to the request 8070450532247928832",
    "43505231 01 06 0000 0000000000000001 0000000000000000 00001000 00000800,a WRITE frame with the flags 6",
    "43505231 01 10 0000 0000000000000001 0000000000000000 00001000 00001000,a WRITE frame with the flags 16",
    "43505231 02 02 0000 0000000000000001 0000000000000000 00001000 00000000,a ZERO frame with the flags 2",
    "43505231 01 04 0000 0000000000000001 0000000000000000 00001000 00001000,a WRITE frame with a payload of 4096 bytes",
    "43505231 01 08 0000 0000000000000001 0000000000000000 00001000 00000000,a WRITE frame with a payload of 0 bytes",
    "43505231 01 08 0000 0000000000000001 0000000000000000 00001000 00000002 ffff,a malformed LZ4 payload",
    "43505231 06 00 0001 0000000000000001 0000000000000000 00000000 00000000,a frame with 1 in its reserved field"
  })
  void whatTheProtocolDoesNotAllowEndsTheConnection(String frame, String reason) throws Exception {
    listen(ours, Checksum.NONE);

    peer.write(ByteBuffer.wrap(HexFormat.of().parseHex(frame.replace(" ", ""))));

    assertEquals("end: " + reason, next());
  }

  /// A payload that trickles in is no silence; one that stalls in the middle is.
  @ParameterizedTest
  @CsvSource({"4096", "131072"})
  void silenceCountsFromTheLastByteAlsoInTheMiddleOfAPayload(int payload) throws Exception {
    var connection =
        new BlockConnection(
            BlockStream.plain(ours),
            new Ear(),
            coding(Checksum.NONE, Compression.NONE),
            DEVICE_BYTES);
    Thread.ofPlatform().daemon(true).start(connection::receive);
    var header = ByteBuffer.allocate(36);
    header.putInt(0x43505231).put((byte) 1).put((byte) 0).putShort((short) 0).putLong(1).putLong(0);
    header.putInt(payload).putInt(payload);
    peer.write(header.clear().limit(32));
    awaitReceived(connection, 32);
    long later = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);

    long silence = connection.silentNanos(later);
    for (int i = 1; i <= 20; i++) {
      peer.write(ByteBuffer.allocate(1));
      awaitReceived(connection, 32 + i);
      long now = connection.silentNanos(later);
      assertTrue(now < silence, "byte " + i + " counts: " + now + ", before " + silence);
      silence = now;
    }

    long stalled = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
    assertTrue(connection.silentNanos(stalled) >= TimeUnit.SECONDS.toNanos(5), "a stall counts");
  }

  /// What the peer sent last is what counts, and a trickle is as good as a stream.
  @Test
  void timeOfTheLastByteIsThatOfAnyByte() throws Exception {
    var connection =
        new BlockConnection(
            BlockStream.plain(ours),
            new Ear(),
            coding(Checksum.NONE, Compression.NONE),
            DEVICE_BYTES);
    Thread.ofPlatform().daemon(true).start(connection::receive);
    for (int i = 1; i <= 3; i++) {
      long before = System.nanoTime();
      peer.write(ByteBuffer.allocate(1));
      awaitReceived(connection, i);
      assertTrue(connection.lastReceivedNanos() - before >= 0, "byte " + i);
    }
  }

  /// While this node is busy with what came, it does not wait in vain for anything.
  @Test
  void whatIsBeingHandledIsNoSilence() throws Exception {
    var inside = new CountDownLatch(1);
    var go = new CountDownLatch(1);
    var connection =
        new BlockConnection(
            BlockStream.plain(ours),
            new Ear() {
              @Override
              public void onFlush(long flushId) {
                inside.countDown();
                try {
                  assertTrue(go.await(10, TimeUnit.SECONDS));
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
              }
            },
            coding(Checksum.NONE, Compression.NONE),
            DEVICE_BYTES);
    Thread.ofPlatform().daemon(true).start(connection::receive);
    peer.write(ByteBuffer.wrap(HexFormat.of().parseHex(MAGIC + "06000000" + "00".repeat(24))));
    assertTrue(inside.await(10, TimeUnit.SECONDS));

    assertEquals(0, connection.silentNanos(System.nanoTime() + TimeUnit.MINUTES.toNanos(1)));
    go.countDown();
  }

  @Test
  void signOfLifeIsDueWhenNothingWasSentForAWhileAndNothingIsAboutToBe() {
    var connection =
        new BlockConnection(
            BlockStream.plain(ours),
            new Ear(),
            coding(Checksum.NONE, Compression.NONE),
            DEVICE_BYTES);
    long later = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);

    assertTrue(connection.keepAliveDue(later, TimeUnit.SECONDS.toNanos(4)));
    assertFalse(connection.keepAliveDue(later, TimeUnit.SECONDS.toNanos(60)), "not yet");
    connection.queueFlush(1);
    assertFalse(connection.keepAliveDue(later, TimeUnit.SECONDS.toNanos(4)), "a frame waits");
  }

  @Test
  void firstReasonForTheEndCounts() throws Exception {
    var connection =
        new BlockConnection(
            BlockStream.plain(ours),
            new Ear(),
            coding(Checksum.NONE, Compression.NONE),
            DEVICE_BYTES);
    connection.close(CloseReason.SILENT, "first");
    connection.close("second");
    connection.receive();

    assertEquals("end: first", next());
    assertEquals(CloseReason.SILENT, ends.poll());
  }

  /// Only zeroes are left out: one other byte anywhere, and the payload is sent.
  @ParameterizedTest
  @ValueSource(ints = {4096, 4095, 7})
  void payloadWithOneByteThatIsNotZeroIsSent(int length) throws Exception {
    listen(peer, Checksum.CRC32C);
    var sender =
        new BlockConnection(
            BlockStream.plain(ours),
            new Ear(),
            coding(Checksum.CRC32C, Compression.HOLE),
            DEVICE_BYTES);
    for (int at : new int[] {0, 7, 8, 15, 16, 23, 4088, length - 1}) {
      if (at < length) {
        var buffer = ByteBuffer.allocateDirect(length).put(at, (byte) 0x80);
        sender.queueWrite(1, 0, length, WriteKind.DATA, false, buffer);
        sender.drain();
        assertEquals("write 1 0+" + length + " DATA false -128", next(), "byte " + at);
      }
    }
  }

  /// Every bit of a packed payload and its checksum in turn: no write comes out of it.
  @Test
  void noChangedBitOfAPackedPayloadIsDelivered() throws Exception {
    var stream = new Sent();
    var sender =
        new BlockConnection(stream, new Ear(), coding(Checksum.CRC32C, Compression.LZ4), 1 << 20);
    var buffer = ByteBuffer.allocateDirect(4096);
    for (int i = 0; i < 4096; i++) {
      buffer.put(i, (byte) (i / 64));
    }
    sender.queueWrite(1, 0, 4096, WriteKind.DATA, false, buffer);
    sender.drain();
    var frame = new byte[stream.bytes.position()];
    stream.bytes.get(0, frame);
    assertTrue(frame.length < 1024, "packed: " + frame.length);

    for (int at = 32; at < frame.length; at++) {
      var changed = new Sent();
      changed.bytes.put(frame).put(at, (byte) (frame[at] ^ 1 << at % 8)).flip();
      new BlockConnection(changed, new Ear(), coding(Checksum.CRC32C, Compression.NONE), 1 << 20)
          .receive();
      assertEquals("end: a frame with a wrong checksum", next(), "byte " + at);
    }
  }

  /// Until so many bytes were received and the connection waits for more.
  private static void awaitReceived(BlockConnection connection, long bytes) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (connection.receivedBytes() < bytes || connection.silentNanos(Long.MAX_VALUE / 2) == 0) {
      assertTrue(System.nanoTime() < end, "received " + connection.receivedBytes());
      Thread.onSpinWait();
    }
  }

  @Test
  void changedByteIsFoundByTheChecksum() throws Exception {
    listen(ours, Checksum.CRC32C);
    var frame = HexFormat.of().parseHex(MAGIC + "06000000" + "00".repeat(24) + "12345678");

    peer.write(ByteBuffer.wrap(frame));

    assertEquals("end: a frame with a wrong checksum", next());
  }

  @ParameterizedTest
  @EnumSource(Checksum.class)
  void randomAndMutatedBytesEndTheConnectionAndNothingElse(Checksum checksum) throws Exception {
    var random = RandomGeneratorFactory.of("L64X128MixRandom").create(7);
    for (int round = 0; round < 300; round++) {
      listen(ours, checksum);
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

  @ParameterizedTest
  @EnumSource(names = {"LZF", "LZ4"})
  void packedPayloadsArriveWhole(Compression how) throws Exception {
    listen(peer, Checksum.SHA256);
    var sender =
        new BlockConnection(
            BlockStream.plain(ours), new Ear(), coding(Checksum.SHA256, how), DEVICE_BYTES);
    // More than the room for packed payloads, in one batch, of which some cannot be packed.
    for (int i = 0; i < 12; i++) {
      var buffer = ByteBuffer.allocateDirect(BlockConnection.PAYLOAD_MAX_BYTES);
      var noise = RandomGeneratorFactory.of("L64X128MixRandom").create(i);
      for (int at = 0; at < buffer.capacity(); at++) {
        buffer.put(at, i % 3 == 0 ? (byte) noise.nextInt() : (byte) i);
      }
      sender.queueWrite(i, 0, buffer.capacity(), WriteKind.DATA, false, buffer);
    }

    Thread.ofVirtual().start(sender::drain);

    for (int i = 0; i < 12; i++) {
      var came = next();
      if (i % 3 == 0) {
        assertTrue(came.startsWith("write " + i + " 0+131072 DATA false "), came);
      } else {
        assertEquals("write " + i + " 0+131072 DATA false " + (i << 17), came);
      }
    }
    assertTrue(sender.sentBytes() < 5 * 131072L, "sent " + sender.sentBytes());
  }

  /// What one side has sent, all of it there at once.
  private static final class Sent implements BlockStream {
    private final ByteBuffer bytes = ByteBuffer.allocate(2 << 20);

    @Override
    public long write(ByteBuffer[] from, int first, int count) {
      long before = bytes.position();
      for (int i = first; i < first + count; i++) {
        bytes.put(from[i]);
      }
      return bytes.position() - before;
    }

    @Override
    public int read(ByteBuffer target) {
      int n = Math.min(bytes.remaining(), target.remaining());
      target.put(bytes.slice(bytes.position(), n));
      bytes.position(bytes.position() + n);
      return n == 0 ? -1 : n;
    }

    @Override
    public long read(ByteBuffer target, ByteBuffer ahead) {
      int n = read(target);
      return target.hasRemaining() ? n : n + Math.max(0, read(ahead));
    }

    @Override
    public void close() {}
  }

  @ParameterizedTest
  @EnumSource(Checksum.class)
  void answersToLongWritesGoOutTogetherWhenTheNextIsHere(Checksum checksum) throws Exception {
    var stream = new Sent();
    var sender =
        new BlockConnection(stream, new Ear(), coding(checksum, Compression.NONE), DEVICE_BYTES);
    for (int i = 0; i < 4; i++) {
      var buffer = ByteBuffer.allocateDirect(BlockConnection.PAYLOAD_MAX_BYTES);
      for (int at = 0; at < buffer.capacity(); at++) {
        buffer.put(at, (byte) i);
      }
      sender.queueWrite(i, 0, buffer.capacity(), WriteKind.DATA, false, buffer);
    }
    sender.queueFlush(11);
    sender.drain();
    stream.bytes.flip();

    new BlockConnection(stream, new Ear(true), coding(checksum, Compression.NONE), DEVICE_BYTES)
        .receive();

    assertEquals("idle", next(), "before anything has come");
    for (int i = 0; i < 4; i++) {
      assertEquals("write " + i + " 0+131072 DATA false " + (i << 17), next());
    }
    assertTrue(heard.contains("flush 11"), heard.toString());
    assertTrue(heard.contains("idle"), "nothing is here any more");
  }

  /// Every bit of header, payload and checksum in turn: no write comes out of it.
  @ParameterizedTest
  @EnumSource(
      value = Checksum.class,
      names = {"CRC32", "CRC32C", "SHA256"})
  void noChangedBitIsDelivered(Checksum checksum) throws Exception {
    var frame = ByteBuffer.allocate(32 + 16 + checksum.bytes());
    frame.put(HexFormat.of().parseHex(MAGIC + "01000000" + "00".repeat(7) + "05"));
    frame.putLong(4096).putInt(16).putInt(16).put(new byte[16]);
    checksum.compute(frame.slice(0, 32), frame.slice(32, 16), frame);
    var good = frame.array();

    for (int bit = 0; bit < good.length * 8; bit++) {
      listen(ours, checksum);
      var changed = good.clone();
      changed[bit / 8] ^= (byte) (1 << bit % 8);

      sent(changed);
      peer.close(); // a longer length waits for more

      var last = next();
      assertTrue(last.startsWith("end: "), "bit " + bit + ": " + last);
      ours.close();
      connect();
    }
    assertTrue(ends.stream().filter(CloseReason.CHECKSUM::equals).count() > good.length * 4L);
  }

  /// The same for what carries no data: a changed offset of a HOLE would zero another range.
  @ParameterizedTest
  @EnumSource(FrameType.class)
  void noChangedBitOfAnyFrameIsDelivered(FrameType type) throws Exception {
    int payload =
        switch (type) {
          case WRITE, DATA -> 16;
          case COMPARE -> 32;
          case MESSAGE -> 4;
          case ZERO, HOLE, RECEIVED, WRITTEN, FLUSH, FLUSHED, READ, KEEP_ALIVE, COMPARED -> 0;
        };
    int length = type == FrameType.WRITTEN || type == FrameType.DATA ? 0 : 16;
    var frame = ByteBuffer.allocate(32 + payload + 4);
    frame.put(HexFormat.of().parseHex(MAGIC)).put((byte) type.code()).put(new byte[3]).putLong(5);
    frame.putLong(4096).putInt(length).putInt(payload).put(new byte[payload]);
    Checksum.CRC32C.compute(frame.slice(0, 32), frame.slice(32, payload), frame);
    var good = frame.array();

    for (int bit = 0; bit < good.length * 8; bit++) {
      listen(ours, Checksum.CRC32C);
      var changed = good.clone();
      changed[bit / 8] ^= (byte) (1 << bit % 8);

      sent(changed);
      peer.close(); // a longer length waits for more

      var last = next();
      assertTrue(last.startsWith("end: "), "bit " + bit + ": " + last);
      ours.close();
      connect();
    }
  }

  @Test
  void slotOfAPayloadThatIsCutOffIsGivenBack() throws Exception {
    listen(ours, Checksum.CRC32C);
    peer.write(
        ByteBuffer.wrap(
            HexFormat.of()
                .parseHex(MAGIC + "01000000" + "00".repeat(16) + "00001000" + "00001000" + "ab")));
    peer.close();

    assertEquals("end: the peer closed the connection", next());
    assertEquals(CloseReason.PEER_CLOSED, ends.poll());
    assertEquals(7, returned.poll());
  }

  private boolean sent(byte[] bytes) {
    try {
      return peer.write(ByteBuffer.wrap(bytes)) > 0;
    } catch (IOException ended) {
      return false;
    }
  }
}
