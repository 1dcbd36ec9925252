package carpool.replicator.link;

import carpool.replicator.core.CloseReason;
import carpool.replicator.core.PeerMessage;
import carpool.replicator.core.WriteKind;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/// Coding and decoding of frames, without a socket: 240 writes of 4 KiB.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FrameBenchmark {
  private static final int FRAMES = 240;
  private static final int BLOCK = 4096;

  @Param({"NONE", "CRC32C"})
  Checksum checksum;

  private final Wire wire = new Wire();
  private final Sink sink = new Sink();
  private final ByteBuffer[] payloads = new ByteBuffer[FRAMES];
  private BlockConnection sender;

  /// Makes the sending side.
  @Setup
  public void connect() {
    var coding = new Coding(checksum, Compression.HOLE, checksum);
    sender = new BlockConnection(wire, sink, coding, 1 << 30);
    for (int i = 0; i < FRAMES; i++) {
      payloads[i] = ByteBuffer.allocateDirect(BLOCK).putLong(0, i + 1);
    }
  }

  /// Queues and sends a batch.
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public long encode() {
    wire.clear();
    for (int i = 0; i < FRAMES; i++) {
      sender.queueWrite(i, (long) i * BLOCK, BLOCK, WriteKind.DATA, false, payloads[i].clear());
    }
    sender.drain();
    return wire.bytes();
  }

  /// As [#encode], and receives it.
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public int roundTrip() {
    encode();
    sink.writes = 0;
    wire.rewind();
    var coding = new Coding(checksum, Compression.HOLE, checksum);
    new BlockConnection(wire, sink, coding, 1 << 30).receive();
    return sink.writes;
  }

  private static final class Wire implements BlockStream {
    private final ByteBuffer all = ByteBuffer.allocateDirect(1 << 20);

    void clear() {
      all.clear();
    }

    int bytes() {
      return all.position();
    }

    void rewind() {
      all.flip();
    }

    @Override
    public long write(ByteBuffer[] from, int first, int count) {
      long before = all.position();
      for (int i = first; i < first + count; i++) {
        all.put(from[i]);
      }
      return all.position() - before;
    }

    @Override
    public int read(ByteBuffer target) {
      int now = Math.min(all.remaining(), target.remaining());
      if (now == 0) {
        return -1;
      }
      target.put(target.position(), all, all.position(), now).position(target.position() + now);
      all.position(all.position() + now);
      return now;
    }

    @Override
    public void close() {}
  }

  private static final class Sink implements BlockHandler {
    private final ByteBuffer slot = ByteBuffer.allocateDirect(BlockConnection.PAYLOAD_MAX_BYTES);
    int writes;

    @Override
    public int takePeerSlot() {
      return 0;
    }

    @Override
    public void returnPeerSlot(int number) {}

    @Override
    public ByteBuffer buffer(int number) {
      return slot;
    }

    @Override
    public void onWrite(
        int number, long sequence, long offset, int length, WriteKind kind, boolean receipt) {
      writes++;
    }

    @Override
    public void onRead(int number, long sequence, long offsetBytes, int lengthBytes) {}

    @Override
    public void onCompare(int number, long sequence, long offset, int length, ByteBuffer digests) {}

    @Override
    public void onCompared(int number, int coveredBytes, long differentMask) {}

    @Override
    public void onReceived(int number) {}

    @Override
    public void onWritten(int number, boolean ok) {}

    @Override
    public @Nullable ByteBuffer readTarget(int number, int lengthBytes) {
      return null;
    }

    @Override
    public void onData(int number, boolean ok) {}

    @Override
    public void onFlush(long flushId) {}

    @Override
    public void onFlushed(long flushId, boolean ok) {}

    @Override
    public void onMessage(PeerMessage message) {}

    @Override
    public void onEnd(CloseReason cause, String reason) {}
  }
}
