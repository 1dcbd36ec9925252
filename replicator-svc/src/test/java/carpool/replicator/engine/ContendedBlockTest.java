package carpool.replicator.engine;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.block.BlockDevice;
import carpool.replicator.core.Effect;
import carpool.replicator.core.Effects.Notice;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.ReplicationMode;
import carpool.replicator.core.Role;
import carpool.replicator.offline.Provisioning;
import carpool.replicator.store.LocalProvider;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Many writes that wait for one another on one block of a primary without a peer.
class ContendedBlockTest {
  private static final int WRITES = 30_000;
  private static final int AT_ONCE = 64;
  private static final long PROVIDER_BYTES = 16 << 20;

  @TempDir Path directory;
  private ResourceEngine engine;
  private ResourceDevice device;

  @BeforeEach
  void becomePrimary() throws Exception {
    var path = directory.resolve("disk");
    try (var file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(PROVIDER_BYTES);
    }
    try (var provider = LocalProvider.attach(path)) {
      Provisioning.create(
          "disk1", provider, new Provisioning.Options(0, 0, 0, 0, Provisioning.Overwrite.NOTHING));
    }
    var disk = AttachedProvider.open("disk1", path, new FailedCopies(directory));
    engine =
        new ResourceEngine(
            "disk1", disk, ContendedBlockTest::settings, new Counters(), new Nobody());
    device = new ResourceDevice(engine);
    engine.setRole(Role.SECONDARY, false, _ -> {});
    var verdict = new CompletableFuture<Verdict>();
    engine.setRole(Role.PRIMARY, false, verdict::complete);
    assertThat(verdict.get(10, TimeUnit.SECONDS)).isEqualTo(Verdict.ALLOWED);
  }

  @AfterEach
  void stop() throws Exception {
    engine.stop();
  }

  private static ReplicationCore.Settings settings(AttachedProvider disk) {
    return new ReplicationCore.Settings(
        "hast1",
        ReplicationMode.FULLSYNC,
        false,
        disk.metadata().dataSizeBytes(),
        disk.metadata().extentSizeBytes(),
        64,
        ResourceEngine.CLIENT_SLOTS,
        ResourceEngine.SYNC_SLOTS,
        ResourceEngine.PEER_SLOTS,
        Slots.BYTES,
        "hast2",
        10,
        60);
  }

  private static final class Nobody implements ResourceEngine.Listener {
    @Override
    public void happened(Notice notice) {}

    @Override
    public void asksLeave(Effect.AskLeave question) {}
  }

  /// Each answer lets another client queue a write to the block before the answering thread goes
  /// on, so there is always one waiting: the chain of completed and granted writes does not end.
  @Test
  @Timeout(120)
  void aChainOfWaitingWritesEndsWhateverItsLength() throws Exception {
    var begun = new AtomicInteger(AT_ONCE);
    var answered = new CountDownLatch(WRITES);
    try (var clients = Executors.newSingleThreadExecutor()) {
      var again =
          new BlockDevice.Answer() {
            @Override
            public void done(BlockDevice.Slot slot, boolean ok) {
              assertThat(ok).isTrue();
              answered.countDown();
              if (begun.incrementAndGet() <= WRITES) {
                await(clients.submit(() -> write(this)));
              }
            }
          };
      for (int i = 0; i < AT_ONCE; i++) {
        write(again);
      }
      assertThat(answered.await(100, TimeUnit.SECONDS)).isTrue();
    }
  }

  private static void await(Future<?> queued) {
    try {
      queued.get(10, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new IllegalStateException(e);
    }
  }

  private void write(BlockDevice.Answer answer) {
    try {
      var slot = device.acquire();
      slot.buffer().clear().limit(4096);
      device.write(slot, 0, 4096, false, answer);
    } catch (BlockDevice.DeviceGoneException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
