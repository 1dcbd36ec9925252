package carpool.replicator.core;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/// Marking a write whose extent is hot: what nearly every write pays.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ActivemapBenchmark {
  private static final long EXTENT = 2 << 20;

  @Param({"30", "40", "44"})
  int sizeBits;

  private final SplittableRandom random = new SplittableRandom(1);
  private Activemap map;

  /// All extents of the first gigabyte are marked.
  @Setup
  public void mark() {
    map = new Activemap(1L << sizeBits, EXTENT, 1024);
    var onDisk = new BlockSet(((1L << sizeBits) - 1) / EXTENT + 1);
    for (long extent = 0; extent < (1L << 30) / EXTENT; extent++) {
      onDisk.add(extent);
    }
    map.load(onDisk);
  }

  /// A write of 4 KiB somewhere in the first gigabyte.
  @Benchmark
  public boolean markHot() {
    return map.mark((random.nextInt() & 0x3ffffL) << 12, 4096);
  }
}
