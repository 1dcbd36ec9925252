package carpool.replicator.engine;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.kit.boot.Host;
import carpool.replicator.core.DiskState;
import carpool.replicator.core.Effect;
import carpool.replicator.core.EffectCollector;
import carpool.replicator.core.Effects.MapPart;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.ReplicationMode;
import carpool.replicator.core.Role;
import carpool.replicator.core.WriteKind;
import carpool.replicator.offline.Provisioning;
import carpool.replicator.store.RecordingFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Records of map and metadata reach the disk in the order of the steps that asked for them.
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JournalWriterTest {
  private static final int WRITES = 16;

  @TempDir Path state;

  /// The first one hangs until all others could have overtaken it.
  @Test
  void recordThatHangsIsNotOvertaken() throws Exception {
    var disk = new RecordingFile(16L << 30); // an activemap of several sectors
    Provisioning.create(
        "r", disk.provider(), new Provisioning.Options(0, 0, 0, 0, Provisioning.Overwrite.NOTHING));
    var attachment = AttachedProvider.open("r", disk.provider(), new FailedCopies(state));
    var threads = new LinkedBlockingQueue<Thread>();
    var allAsked = new CountDownLatch(1);
    disk.forget();
    disk.onFlush(() -> {
      threads.add(Thread.currentThread());
      try {
        assertThat(allAsked.await(20, TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    });
    var done = new CountDownLatch(WRITES);
    var journal =
        new JournalWriter(Host.REAL, "r", attachment, new Counters(), _ -> done.countDown());
    for (int i = 0; i < WRITES; i++) {
      var image = ByteBuffer.allocate(512).put(0, (byte) i);
      journal.submit(new Effect.WriteMap(i, List.of(new MapPart(i % 2 * 512L, image))));
    }
    allAsked.countDown();
    assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();

    assertThat(threads).hasSize(WRITES);
    assertThat(threads.stream().distinct()).as("threads that write").hasSize(1);
    var writes = disk.log().stream().filter(op -> op.startsWith("write")).toList();
    assertThat(writes)
        .isEqualTo(
            IntStream.range(0, WRITES)
                .mapToObj(i -> "write " + (4096 + i % 2 * 512) + "+512")
                .toList());
    journal.stop();
    attachment.close();
  }

  /// The core hears of a mark that the disk refused, before it writes what was to be marked.
  @Test
  void markThatTheDiskRefusesIsToldToTheCore() throws Exception {
    var disk = new RecordingFile(64 << 20);
    Provisioning.create(
        "r", disk.provider(), new Provisioning.Options(0, 0, 0, 0, Provisioning.Overwrite.NOTHING));
    var attachment = AttachedProvider.open("r", disk.provider(), new FailedCopies(state));
    var effects = new ArrayList<Effect>();
    var collector = new EffectCollector();
    collector.into(effects);
    var metadata = attachment.metadata();
    var core =
        new ReplicationCore(
            new ReplicationCore.Settings(
                "hast1",
                ReplicationMode.FULLSYNC,
                false,
                metadata.dataSizeBytes(),
                metadata.extentSizeBytes(),
                64,
                8,
                4,
                4,
                Slots.BYTES,
                "hast2",
                10,
                60),
            new ReplicationCore.Found(
                metadata.prevRole(),
                attachment.foundDisk(),
                metadata.identity(),
                attachment.readMap()),
            () -> 7,
            collector);
    core.setRole(1, Role.SECONDARY, false);
    core.setRole(2, Role.PRIMARY, false);
    for (var effect : List.copyOf(effects)) {
      if (effect instanceof Effect.WriteMetadata record) {
        core.metadataWritten(record.token(), true);
      }
    }
    core.clientWrite(0, 0, 4096, WriteKind.DATA, false);
    var mark = effects.stream().filter(Effect.WriteMap.class::isInstance).findFirst().orElseThrow();
    disk.failWrites(1);
    var told = new CountDownLatch(1);
    var journal =
        new JournalWriter(
            Host.REAL,
            "r",
            attachment,
            new Counters(),
            event -> {
              event.accept(core);
              told.countDown();
            });
    journal.submit((Effect.Journal) mark);
    assertThat(told.await(20, TimeUnit.SECONDS)).isTrue();

    assertThat(core.disk()).isEqualTo(DiskState.FAILED);
    assertThat(effects).noneMatch(Effect.WriteLocal.class::isInstance);
    journal.stop();
    attachment.close();
  }
}
