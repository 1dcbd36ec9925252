package carpool.replicator.engine;

import carpool.replicator.core.BlockSet;
import carpool.replicator.core.DiskState;
import carpool.replicator.core.Effect;
import carpool.replicator.core.EffectCollector;
import carpool.replicator.core.Identity;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.ReplicationMode;
import carpool.replicator.core.Role;
import carpool.replicator.core.WriteKind;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/// The steps of the core for one write and one read of a primary without a peer.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CoreBenchmark {
  private static final int SLOTS = ResourceEngine.CLIENT_SLOTS;
  private static final long SIZE = 1 << 30;
  private static final int EXTENT = 2 << 20;

  private final List<Effect> effects = new ArrayList<>();
  private ReplicationCore core;
  private int slot;
  private long offset;
  private long writes;

  /// Promotes it, and writes to every extent once.
  @Setup
  public void promote() {
    var settings =
        new ReplicationCore.Settings(
            "hast1",
            ReplicationMode.FULLSYNC,
            true,
            SIZE,
            EXTENT,
            1024,
            SLOTS,
            8,
            16,
            128 << 10,
            "hast2",
            4,
            20);
    var found =
        new ReplicationCore.Found(
            Role.INIT, DiskState.UP_TO_DATE, Identity.FRESH, new BlockSet(SIZE / EXTENT));
    var ids = new long[] {1};
    var collector = new EffectCollector();
    collector.into(effects);
    core = new ReplicationCore(settings, found, () -> ++ids[0], collector);
    core.setRole(1, Role.SECONDARY, false);
    settle();
    core.setRole(2, Role.PRIMARY, true);
    settle();
    for (long at = 0; at < SIZE; at += EXTENT) {
      offset = at;
      write();
      settle();
    }
    if (writes < SIZE / EXTENT) {
      throw new IllegalStateException("only " + writes + " writes were carried out");
    }
  }

  private void settle() {
    do {
      carryOut();
    } while (!effects.isEmpty());
  }

  /// Journal writes are answered here, too: the core asks for none on a marked extent.
  private void carryOut() {
    var now = List.copyOf(effects);
    effects.clear();
    for (var effect : now) {
      switch (effect) {
        case Effect.WriteLocal write -> {
          writes++;
          core.localWritten(write.slot(), true);
        }
        case Effect.ReadLocal read -> core.localRead(read.slot(), true);
        case Effect.WriteMap map -> core.mapWritten(map.token(), true);
        case Effect.WriteMetadata metadata -> core.metadataWritten(metadata.token(), true);
        case Effect.LocalDisk _, Effect.Peer _, Effect.Client _, Effect.Operator _ -> {}
      }
    }
  }

  private void next() {
    slot = (slot + 1) % SLOTS;
    offset = (offset + 4096 * 37) % SIZE;
  }

  /// From the client's request to its answer.
  @Benchmark
  public void write() {
    next();
    core.clientWrite(slot, offset, 4096, WriteKind.DATA, false);
    carryOut();
  }

  /// From the client's request to its answer.
  @Benchmark
  public void read() {
    next();
    core.clientRead(slot, offset, 4096);
    carryOut();
  }
}
