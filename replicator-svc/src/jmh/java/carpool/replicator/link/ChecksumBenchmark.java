package carpool.replicator.link;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// The checksum of one frame.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ChecksumBenchmark {
  @Param({"CRC32", "CRC32C", "SHA256"})
  Checksum checksum;

  @Param({"4096", "131072"})
  int payloadBytes;

  private final ByteBuffer header = ByteBuffer.allocateDirect(32);
  private final ByteBuffer payload = ByteBuffer.allocateDirect(128 << 10);
  private final ByteBuffer out = ByteBuffer.allocateDirect(32);

  /// One frame.
  @Benchmark
  public ByteBuffer frame() {
    checksum.compute(header.clear(), payload.clear().limit(payloadBytes), out.clear());
    return out;
  }
}
