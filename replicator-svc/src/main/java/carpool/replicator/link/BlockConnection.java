package carpool.replicator.link;

import carpool.kit.boot.Host;
import carpool.replicator.core.CloseReason;
import carpool.replicator.core.Geometry;
import carpool.replicator.core.PeerMessage;
import carpool.replicator.core.WriteKind;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The TCP connection that carries blocks between two nodes (docs/replication-protocol.md).
///
/// A frame is a header of 32 bytes, the payload, and the checksum that was agreed on:
///
/// | bytes | field |
/// |---|---|
/// | 4 | magic `CPR1` |
/// | 1 | type (`FrameType`) |
/// | 1 | flags: 1 = acknowledge receipt, 2 = the payload is all zeroes and left out, 4 = it is packed
/// by LZF, 8 = by LZ4 |
/// | 2 | 0 |
/// | 8 | sequence: slot of the sender for requests, and the same in the answer; id of a flush |
/// | 8 | offset in the data area, bytes |
/// | 4 | length of the range, bytes; in answers 0 = done, else failed |
/// | 4 | length of the payload on the wire |
///
/// Frames are queued in order by `queue…`, which never blocks, and sent by `drain`: one thread at a
/// time gathers all that is queued into one system call, so a lone frame goes out at once and a
/// burst goes out together. One thread receives.
public final class BlockConnection {
  /// Longest payload of a frame; buffers are as long.
  public static final int PAYLOAD_MAX_BYTES = Geometry.CHUNK_MAX_BYTES;

  /// Length of a digest in a comparison: SHA-256.
  public static final int DIGEST_BYTES = Geometry.DIGEST_BYTES;

  /// What one digest covers, counted from the start of the range.
  public static final int DIGEST_BLOCK_BYTES = Geometry.BLOCK_BYTES;

  private static final int MAGIC = 0x43505231;
  private static final int HEADER_BYTES = 32;
  private static final int BATCH = 64;
  private static final int LONG_PAYLOAD_BYTES = 32 << 10;
  private static final long SLOW_LINK_NANOS = 300_000;
  private static final int FLAG_RECEIPT = 1;
  private static final int FLAG_ZEROES = 2;
  private static final int FLAG_LZF = 4;
  private static final int FLAG_LZ4 = 8;
  private static final int FLAGS_PACKED = FLAG_ZEROES | FLAG_LZF | FLAG_LZ4;
  private static final int PACKED_BYTES = 2 * PAYLOAD_MAX_BYTES;
  private static final ByteBuffer EMPTY = ByteBuffer.allocateDirect(0);

  private record End(CloseReason cause, String reason) {}

  private static final class Frame {
    FrameType type = FrameType.KEEP_ALIVE;
    int flags;
    long sequence;
    long offset;
    int length;
    ByteBuffer payload = EMPTY;
  }

  private final Host host;
  private final BlockStream stream;
  private final BlockHandler handler;
  private final Coding coding;
  private final long sizeBytesMax;

  private final ReentrantLock sending = new ReentrantLock();
  private final ArrayDeque<Frame> queue = new ArrayDeque<>();
  private final ArrayDeque<Frame> spare = new ArrayDeque<>();
  private final Frame[] batch = new Frame[BATCH];
  private final ByteBuffer[] headers = new ByteBuffer[BATCH];
  private final ByteBuffer[] sums = new ByteBuffer[BATCH];
  private final Packer outPacker = new Packer();
  private final ByteBuffer packed;
  private final ByteBuffer[] gather = new ByteBuffer[BATCH * 3];

  private final ByteBuffer in;
  private final Packer inPacker = new Packer();

  /// The last frame's payload was long: the next one's will be, and reading ahead would copy it.
  private boolean longPayloads;

  /// The last long payload took so long that nothing may be kept back while the next one comes.
  private boolean slowLink;

  private final AtomicReference<@Nullable End> end = new AtomicReference<>();

  private volatile long lastSentNanos;
  private volatile long waitsSinceNanos;
  private final AtomicLong sentBytes = new AtomicLong();
  private final AtomicLong receivedBytes = new AtomicLong();
  private volatile long lastReceivedNanos;

  /// A connection over a connected stream; `handler` is called from [#receive].
  ///
  /// @param sizeBytes size of the device: requests beyond it end the connection
  public BlockConnection(BlockStream stream, BlockHandler handler, Coding coding, long sizeBytes) {
    this(Host.REAL, stream, handler, coding, sizeBytes);
  }

  /// As the other one, on this host.
  public BlockConnection(
      Host host, BlockStream stream, BlockHandler handler, Coding coding, long sizeBytes) {
    this.host = host;
    this.stream = stream;
    this.handler = handler;
    this.coding = coding;
    this.sizeBytesMax = sizeBytes;
    int stride = HEADER_BYTES + coding.sent().bytes();
    in = host.buffer(64 << 10).limit(0);
    var heads = host.buffer(BATCH * stride);
    for (int i = 0; i < BATCH; i++) {
      headers[i] = heads.slice(i * stride, HEADER_BYTES);
      sums[i] = heads.slice(i * stride + HEADER_BYTES, coding.sent().bytes());
    }
    packed = packs() ? host.buffer(PACKED_BYTES) : EMPTY;
    lastSentNanos = host.nanoTime();
    lastReceivedNanos = lastSentNanos;
  }

  // ----- sending

  private void enqueue(
      FrameType type, int flags, long sequence, long offset, int length, ByteBuffer payload) {
    synchronized (queue) {
      var frame = spare.pollLast();
      if (frame == null) {
        frame = new Frame();
      }
      frame.type = type;
      frame.flags = flags;
      frame.sequence = sequence;
      frame.offset = offset;
      frame.length = length;
      frame.payload = payload;
      queue.addLast(frame);
    }
  }

  /// Queues a write; the buffer (from index 0) must stay as it is until the peer answers or the
  /// connection ended.
  public void queueWrite(
      int slot, long offset, int length, WriteKind kind, boolean receipt, ByteBuffer buffer) {
    int flags = receipt ? FLAG_RECEIPT : 0;
    switch (kind) {
      case DATA -> {
        // A view of its own: whoever sends moves its position even after the peer has answered.
        var payload = buffer.duplicate().position(0).limit(length);
        enqueue(FrameType.WRITE, flags, slot, offset, length, payload);
      }
      case ZERO -> enqueue(FrameType.ZERO, flags, slot, offset, length, EMPTY);
      case HOLE -> enqueue(FrameType.HOLE, flags, slot, offset, length, EMPTY);
    }
  }

  /// Queues a flush.
  public void queueFlush(long flushId) {
    enqueue(FrameType.FLUSH, 0, flushId, 0, 0, EMPTY);
  }

  /// Queues a read; the answer comes to `onData`.
  public void queueRead(int slot, long offset, int length) {
    enqueue(FrameType.READ, 0, slot, offset, length, EMPTY);
  }

  /// Queues a comparison; `digests` (from position to limit) must stay as they are until the peer
  /// answers or the connection ended. None at all: with zeroes.
  public void queueCompare(int slot, long offset, int length, ByteBuffer digests) {
    enqueue(FrameType.COMPARE, 0, slot, offset, length, digests);
  }

  /// Queues the answer to the peer's comparison.
  public void queueCompared(long sequence, int coveredBytes, long differentMask) {
    enqueue(FrameType.COMPARED, 0, sequence, differentMask, coveredBytes, EMPTY);
  }

  /// Queues the receipt of the peer's write.
  public void queueReceived(long sequence) {
    enqueue(FrameType.RECEIVED, 0, sequence, 0, 0, EMPTY);
  }

  /// Queues the answer to the peer's write.
  public void queueWritten(long sequence, boolean ok) {
    enqueue(FrameType.WRITTEN, 0, sequence, 0, ok ? 0 : 1, EMPTY);
  }

  /// Queues the answer to the peer's flush.
  public void queueFlushed(long flushId, boolean ok) {
    enqueue(FrameType.FLUSHED, 0, flushId, 0, ok ? 0 : 1, EMPTY);
  }

  /// Queues the answer to the peer's read. `payload` belongs to the connection from here on.
  public void queueData(long sequence, boolean ok, ByteBuffer payload) {
    enqueue(FrameType.DATA, 0, sequence, 0, ok ? 0 : 1, ok ? payload : EMPTY);
  }

  /// Queues a message.
  public void queueMessage(PeerMessage message) {
    enqueue(FrameType.MESSAGE, 0, 0, 0, 0, MessageCodec.encode(message));
  }

  /// Whether a sign of life is due: nothing was sent for `idleNanos`, and nothing waits to be.
  public boolean keepAliveDue(long nowNanos, long idleNanos) {
    return nowNanos - lastSentNanos > idleNanos && !hasQueued();
  }

  /// Queues a sign of life.
  public void queueKeepAlive() {
    enqueue(FrameType.KEEP_ALIVE, 0, 0, 0, 0, EMPTY);
  }

  private static boolean allZero(ByteBuffer payload) {
    int at = payload.position();
    int end = payload.limit();
    for (; at + 8 <= end; at += 8) {
      if (payload.getLong(at) != 0) {
        return false;
      }
    }
    for (; at < end; at++) {
      if (payload.get(at) != 0) {
        return false;
      }
    }
    return true;
  }

  /// Sends what is queued, unless another thread is doing so: that one sends ours too.
  public void drain() {
    while (hasQueued() && sending.tryLock()) {
      try {
        for (int n = nextBatch(); n > 0; n = nextBatch()) {
          send(n);
        }
      } catch (IOException e) {
        close(
            CloseReason.IO_ERROR,
            e.getMessage() == null ? e.toString() : "sending: " + e.getMessage());
        return;
      } finally {
        sending.unlock();
      }
    }
  }

  private boolean hasQueued() {
    synchronized (queue) {
      return !queue.isEmpty();
    }
  }

  private int nextBatch() {
    synchronized (queue) {
      int n = 0;
      while (n < BATCH && !queue.isEmpty()) {
        batch[n++] = queue.pollFirst();
      }
      return n;
    }
  }

  private void send(int count) throws IOException {
    if (end.get() != null) {
      recycle(count);
      return;
    }
    packed.clear();
    int buffers = 0;
    long bytes = 0;
    for (int i = 0; i < count; i++) {
      var frame = batch[i];
      if (packs() && packed.remaining() < frame.payload.remaining()) {
        transmit(buffers, bytes);
        packed.clear();
        buffers = 0;
        bytes = 0;
      }
      if (frame.type == FrameType.WRITE && coding.compression() != Compression.NONE) {
        pack(frame);
      }
      var header = headers[i].clear();
      header
          .putInt(MAGIC)
          .put((byte) frame.type.code())
          .put((byte) frame.flags)
          .putShort((short) 0)
          .putLong(frame.sequence)
          .putLong(frame.offset)
          .putInt(frame.length)
          .putInt(frame.payload.remaining())
          .flip();
      gather[buffers++] = header;
      bytes += HEADER_BYTES + frame.payload.remaining() + coding.sent().bytes();
      if (frame.payload.hasRemaining()) {
        gather[buffers++] = frame.payload;
      }
      if (coding.sent() != Checksum.NONE) {
        coding.sent().compute(header, frame.payload, sums[i].clear());
        gather[buffers++] = sums[i].flip();
      }
    }
    transmit(buffers, bytes);
    recycle(count);
  }

  private boolean packs() {
    return coding.compression() == Compression.LZF || coding.compression() == Compression.LZ4;
  }

  /// Here and not when it is queued, which happens under the lock of the resource.
  private void pack(Frame frame) {
    if (allZero(frame.payload)) {
      frame.flags |= FLAG_ZEROES;
      frame.payload = EMPTY;
    } else if (packs()) {
      int start = packed.position();
      if (outPacker.pack(coding.compression(), frame.payload, packed)) {
        frame.flags |= coding.compression() == Compression.LZF ? FLAG_LZF : FLAG_LZ4;
        frame.payload = packed.slice(start, packed.position() - start);
      }
    }
  }

  private void transmit(int buffers, long bytes) throws IOException {
    long left = bytes;
    int first = 0;
    while (left > 0) {
      left -= stream.write(gather, first, buffers - first);
      while (first < buffers && !gather[first].hasRemaining()) {
        first++;
      }
    }
    lastSentNanos = host.nanoTime();
    sentBytes.addAndGet(bytes);
  }

  private void recycle(int count) {
    synchronized (queue) {
      for (int i = 0; i < count; i++) {
        batch[i].payload = EMPTY;
        spare.addLast(batch[i]);
      }
    }
  }

  // ----- receiving

  /// Receives until the connection ends, then calls `onEnd`. Runs on a thread of its own.
  public void receive() {
    try {
      while (true) {
        receiveFrame();
      }
    } catch (ChecksumException e) {
      close(CloseReason.CHECKSUM, String.valueOf(e.getMessage()));
    } catch (ProtocolException e) {
      close(CloseReason.MALFORMED, String.valueOf(e.getMessage()));
    } catch (EOFException e) {
      close(CloseReason.PEER_CLOSED, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      close(CloseReason.IO_ERROR, e.getMessage() == null ? e.toString() : e.getMessage());
    } catch (InterruptedException e) {
      close("interrupted");
    } catch (RuntimeException e) {
      // Nothing that comes over the wire may end this thread without the session ending too.
      close(CloseReason.MALFORMED, "receiving: " + e);
    }
    sending.lock(); // nobody is in the middle of a frame any more
    try {
      var reason = end.get();
      handler.onEnd(
          reason == null ? CloseReason.ENDED_HERE : reason.cause(),
          reason == null ? "closed" : reason.reason());
    } finally {
      sending.unlock();
    }
  }

  private void receiveFrame() throws IOException, InterruptedException {
    fill(HEADER_BYTES);
    int start = in.position();
    int magic = in.getInt();
    var type = FrameType.ofCode(in.get());
    int flags = in.get() & 0xff;
    int reserved = in.getShort();
    long sequence = in.getLong();
    long offset = in.getLong();
    int length = in.getInt();
    int payload = in.getInt();
    longPayloads = payload >= LONG_PAYLOAD_BYTES;
    if (magic != MAGIC) {
      throw new ProtocolException("a frame does not start with its magic number");
    }
    if (reserved != 0) {
      throw new ProtocolException("a frame with " + reserved + " in its reserved field");
    }
    var header = EMPTY;
    if (coding.received() != Checksum.NONE) {
      header =
          ByteBuffer.allocate(HEADER_BYTES)
              .put(in.duplicate().position(start).limit(start + HEADER_BYTES))
              .flip();
    }
    checkLengths(type, flags, offset, length, payload);
    switch (type) {
      case WRITE, ZERO, HOLE ->
          receiveWrite(type, flags, sequence, offset, length, payload, header);
      case RECEIVED -> {
        verify(header, EMPTY);
        handler.onReceived(slot(sequence));
      }
      case WRITTEN -> {
        verify(header, EMPTY);
        handler.onWritten(slot(sequence), length == 0);
      }
      case FLUSH -> {
        verify(header, EMPTY);
        handler.onFlush(sequence);
      }
      case FLUSHED -> {
        verify(header, EMPTY);
        handler.onFlushed(sequence, length == 0);
      }
      case READ -> {
        verify(header, EMPTY);
        handler.onRead(handler.takePeerSlot(), sequence, offset, length);
      }
      case DATA -> receiveData(slot(sequence), length == 0, payload, header);
      case MESSAGE -> {
        var bytes = ByteBuffer.allocate(payload);
        read(bytes);
        bytes.flip();
        verify(header, bytes);
        handler.onMessage(MessageCodec.decode(bytes));
      }
      case KEEP_ALIVE -> verify(header, EMPTY);
      case COMPARE -> {
        var digests = ByteBuffer.allocate(payload);
        read(digests);
        digests.flip();
        verify(header, digests);
        handler.onCompare(handler.takePeerSlot(), sequence, offset, length, digests);
      }
      case COMPARED -> {
        verify(header, EMPTY);
        handler.onCompared(slot(sequence), length, offset);
      }
    }
  }

  private void checkLengths(FrameType type, int flags, long offset, int length, int payload)
      throws ProtocolException {
    boolean range =
        type == FrameType.WRITE
            || type == FrameType.ZERO
            || type == FrameType.HOLE
            || type == FrameType.READ
            || type == FrameType.COMPARE;
    if (range && (length <= 0 || offset < 0 || offset > sizeBytesMax - length)) {
      throw new ProtocolException("a range of " + length + " bytes at " + offset);
    }
    if (type == FrameType.READ && length > PAYLOAD_MAX_BYTES) {
      throw new ProtocolException("a READ frame for " + length + " bytes");
    }
    int allowed =
        switch (type) {
          case WRITE -> FLAG_RECEIPT | FLAGS_PACKED;
          case ZERO, HOLE -> FLAG_RECEIPT;
          case RECEIVED,
              WRITTEN,
              FLUSH,
              FLUSHED,
              READ,
              DATA,
              MESSAGE,
              KEEP_ALIVE,
              COMPARE,
              COMPARED ->
              0;
        };
    int how = flags & FLAGS_PACKED;
    if ((flags & ~allowed) != 0 || Integer.bitCount(how) > 1) {
      throw new ProtocolException("a " + type + " frame with the flags " + flags);
    }
    int most =
        switch (type) {
          case WRITE -> how == 0 ? length : how == FLAG_ZEROES ? 0 : length - 1;
          case DATA -> PAYLOAD_MAX_BYTES;
          case MESSAGE -> 4096;
          case COMPARE -> payload == 0 ? 0 : digestBytes(length);
          case ZERO, HOLE, RECEIVED, WRITTEN, FLUSH, FLUSHED, READ, KEEP_ALIVE, COMPARED -> 0;
        };
    if (payload < 0
        || payload > most
        || payload > PAYLOAD_MAX_BYTES
        || (type == FrameType.COMPARE
            && (payload != most || (payload > 0 && length > PAYLOAD_MAX_BYTES)))
        || (type == FrameType.WRITE
            && (length > PAYLOAD_MAX_BYTES
                || ((flags & (FLAG_LZF | FLAG_LZ4)) == 0 ? payload != most : payload == 0)))) {
      throw new ProtocolException("a " + type + " frame with a payload of " + payload + " bytes");
    }
  }

  private static int digestBytes(int length) {
    return (int)
        Math.min((((length - 1L) / DIGEST_BLOCK_BYTES) + 1) * DIGEST_BYTES, PAYLOAD_MAX_BYTES);
  }

  private static int slot(long sequence) throws ProtocolException {
    if (sequence < 0 || sequence > 1 << 20) {
      throw new ProtocolException("an answer to the request " + sequence);
    }
    return (int) sequence;
  }

  private void receiveWrite(
      FrameType type,
      int flags,
      long sequence,
      long offset,
      int length,
      int payload,
      ByteBuffer header)
      throws IOException, InterruptedException {
    int slot = handler.takePeerSlot();
    boolean whole = false;
    WriteKind kind;
    try {
      kind = receivePayload(slot, type, flags, length, payload, header);
      whole = true;
    } finally {
      if (!whole) {
        handler.returnPeerSlot(slot);
      }
    }
    handler.onWrite(slot, sequence, offset, length, kind, (flags & FLAG_RECEIPT) != 0);
  }

  private WriteKind receivePayload(
      int slot, FrameType type, int flags, int length, int payload, ByteBuffer header)
      throws IOException {
    var kind =
        switch (type) {
          case ZERO -> WriteKind.ZERO;
          case HOLE -> WriteKind.HOLE;
          default -> WriteKind.DATA;
        };
    if (type != FrameType.WRITE || (flags & FLAG_ZEROES) != 0) {
      verify(header, EMPTY);
      return type == FrameType.WRITE ? WriteKind.HOLE : kind; // zeroes cost no space either
    }
    var buffer = handler.buffer(slot).clear().limit(length);
    if ((flags & FLAGS_PACKED) == 0) {
      read(buffer);
      buffer.flip();
      verify(header, buffer);
    } else {
      var room = inPacker.packed(payload);
      read(room);
      room.flip();
      verify(header, room);
      inPacker.unpack((flags & FLAG_LZF) != 0 ? Compression.LZF : Compression.LZ4, payload, buffer);
      buffer.flip();
    }
    return kind;
  }

  private void receiveData(int slot, boolean ok, int payload, ByteBuffer header)
      throws IOException {
    var target = handler.readTarget(slot, payload);
    var buffer = target == null ? ByteBuffer.allocate(payload) : target;
    buffer.clear().limit(payload);
    read(buffer);
    buffer.flip();
    verify(header, buffer);
    if (target != null) {
      handler.onData(slot, ok);
    }
  }

  private void verify(ByteBuffer header, ByteBuffer payload) throws IOException {
    var checksum = coding.received();
    if (checksum == Checksum.NONE) {
      return;
    }
    fill(checksum.bytes());
    var expected = ByteBuffer.allocate(checksum.bytes());
    checksum.compute(header, payload, expected);
    expected.flip();
    var found = in.slice(in.position(), checksum.bytes());
    in.position(in.position() + checksum.bytes());
    if (!expected.equals(found)) {
      throw new ChecksumException();
    }
  }

  /// Fills `target` to its limit.
  private void read(ByteBuffer target) throws IOException {
    int buffered = Math.min(in.remaining(), target.remaining());
    target.put(in.slice(in.position(), buffered));
    in.position(in.position() + buffered);
    if (longPayloads) {
      readLong(target);
    }
    while (target.hasRemaining()) {
      count(waitAndRead(target));
    }
  }

  /// Fills `target`, and takes the header of the next frame along if that is here already. What is
  /// kept back to be sent together waits meanwhile, but only on a link so fast that nobody notices.
  private void readLong(ByteBuffer target) throws IOException {
    long begun = host.nanoTime();
    while (target.hasRemaining()) {
      if (slowLink) {
        handler.onIdle();
      }
      in.clear().limit(coding.received().bytes() + HEADER_BYTES);
      long n;
      try {
        waitsSinceNanos = host.nanoTime();
        n = stream.read(target, in);
      } finally {
        waitsSinceNanos = 0;
        in.flip();
      }
      count(n); // after the end of the wait: who sees the bytes sees the next one
    }
    slowLink = host.nanoTime() - begun > SLOW_LINK_NANOS;
  }

  /// Makes at least `bytes` available in the input buffer.
  private void fill(int bytes) throws IOException {
    if (in.remaining() >= bytes) {
      return;
    }
    in.compact();
    if (longPayloads) {
      in.limit(Math.max(bytes, in.position()));
    }
    try {
      while (in.position() < bytes) {
        count(waitAndRead(in));
      }
    } finally {
      in.flip();
    }
  }

  private int waitAndRead(ByteBuffer target) throws IOException {
    if (!stream.holdsMore()) {
      handler.onIdle();
    }
    waitsSinceNanos = host.nanoTime();
    int n = stream.read(target);
    waitsSinceNanos = 0;
    return n;
  }

  private void count(long n) throws IOException {
    if (n < 0) {
      throw new EOFException("the peer closed the connection");
    }
    // The time first: who sees the bytes counted must not see the silence before them.
    lastReceivedNanos = host.nanoTime();
    receivedBytes.addAndGet(n);
  }

  // ----- life

  /// Nanoseconds for which this side has waited in vain for anything of the peer; 0 while it is
  /// busy with what came.
  public long silentNanos(long nowNanos) {
    long since = waitsSinceNanos;
    return since == 0 ? 0 : Math.max(0, nowNanos - Math.max(since, lastReceivedNanos));
  }

  /// When anything was received last, `System.nanoTime`.
  public long lastReceivedNanos() {
    return lastReceivedNanos;
  }

  /// Bytes sent so far.
  public long sentBytes() {
    return sentBytes.get();
  }

  /// Bytes received so far.
  public long receivedBytes() {
    return receivedBytes.get();
  }

  /// Ends the connection for a reason of this node's; see [#close(CloseReason, String)].
  public void close(String reason) {
    close(CloseReason.ENDED_HERE, reason);
  }

  /// Ends the connection; `onEnd` follows on the receive thread. The first reason counts.
  public void close(CloseReason cause, String reason) {
    end.compareAndSet(null, new End(cause, reason));
    try {
      stream.close();
    } catch (IOException e) {
      end.compareAndSet(null, new End(CloseReason.IO_ERROR, "closing: " + e.getMessage()));
    }
  }
}
