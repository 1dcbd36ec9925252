package carpool.replicator.shell;

import carpool.replicator.core.BlockSet;
import carpool.replicator.core.DiskState;
import carpool.replicator.core.Effects.MapPart;
import carpool.replicator.core.Identity;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.ReplicationMode;
import carpool.replicator.core.Role;
import carpool.replicator.core.WriteKind;
import java.util.ArrayDeque;
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
  private static final int SLOTS = ResourceShell.CLIENT_SLOTS;
  private static final long SIZE = 1 << 30;
  private static final int EXTENT = 2 << 20;

  private final EffectBatch batch = new EffectBatch();
  private final ArrayDeque<Runnable> journal = new ArrayDeque<>();
  private ReplicationCore core;
  private int slot;
  private long offset;
  private long writes;

  /// Promotes it, and writes to every extent once.
  @Setup
  public void promote() {
    var settings =
        new ReplicationCore.Settings(
            "hast1", ReplicationMode.FULLSYNC, true, SIZE, EXTENT, 1024, SLOTS, 8, 16, 128 << 10);
    var found =
        new ReplicationCore.Found(
            Role.INIT, DiskState.UP_TO_DATE, Identity.FRESH, new BlockSet(SIZE / EXTENT));
    var ids = new long[] {1};
    core = new ReplicationCore(settings, found, () -> ++ids[0], effects());
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

  private SwitchingEffects effects() {
    return new SwitchingEffects(
        () -> batch,
        new SwitchingEffects.Journal() {
          @Override
          public void map(long token, List<MapPart> parts) {
            journal.add(() -> core.mapWritten(token, true));
          }

          @Override
          public void metadata(long token, EffectBatch.MetadataUpdate update) {
            journal.add(() -> core.metadataWritten(token, true));
          }
        });
  }

  private void settle() {
    carryOut();
    while (!journal.isEmpty()) {
      journal.remove().run();
      carryOut();
    }
  }

  private void carryOut() {
    for (int i = 0; i < batch.count(); i++) {
      if (batch.kind(i) == EffectBatch.Kind.WRITE_LOCAL) {
        writes++;
        core.localWritten(batch.slot(i), true);
      } else if (batch.kind(i) == EffectBatch.Kind.READ_LOCAL) {
        core.localRead(batch.slot(i), true);
      }
    }
    batch.begin(EffectBatch.Outgoing.NONE);
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
