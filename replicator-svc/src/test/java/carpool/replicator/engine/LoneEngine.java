package carpool.replicator.engine;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.block.BlockDevice;
import carpool.replicator.core.Effect;
import carpool.replicator.core.Effects.Notice;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.ReplicationMode;
import carpool.replicator.core.Role;
import carpool.replicator.store.ProviderException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// A resource without a peer over an attachment, served as to NBD clients.
final class LoneEngine implements AutoCloseable {
  private final AttachedProvider attachment;
  final ResourceEngine engine;
  final ResourceDevice device;

  LoneEngine(AttachedProvider attachment) {
    this.attachment = attachment;
    engine =
        new ResourceEngine("r", attachment, LoneEngine::settings, new Counters(), new Nobody());
    device = new ResourceDevice(engine);
    engine.setRole(Role.SECONDARY, false, _ -> {});
  }

  private static final class Nobody implements ResourceEngine.Listener {
    @Override
    public void happened(Notice notice) {}

    @Override
    public void asksLeave(Effect.AskLeave question) {}
  }

  private static ReplicationCore.Settings settings(AttachedProvider attachment) {
    var metadata = attachment.metadata();
    return new ReplicationCore.Settings(
        "hast1",
        ReplicationMode.FULLSYNC,
        /* peerConfigured= */ false,
        metadata.dataSizeBytes(),
        metadata.extentSizeBytes(),
        512,
        ResourceEngine.CLIENT_SLOTS,
        ResourceEngine.SYNC_SLOTS,
        ResourceEngine.PEER_SLOTS,
        Slots.BYTES,
        "hast2",
        10,
        60);
  }

  Verdict role(Role role, boolean force) throws Exception {
    var answer = new CompletableFuture<Verdict>();
    engine.setRole(role, force, answer::complete);
    return answer.get(10, TimeUnit.SECONDS);
  }

  void promote() throws Exception {
    assertThat(role(Role.PRIMARY, false)).isEqualTo(Verdict.ALLOWED);
  }

  long dataOffset() {
    return attachment.metadata().offsetBytes();
  }

  /// Writes 4096 bytes and waits for the answer.
  void write(long offset) throws Exception {
    var slot = device.acquire();
    var done = new CompletableFuture<Boolean>();
    device.write(slot, offset, 4096, false, answer(done));
    assertThat(done.get(10, TimeUnit.SECONDS)).isTrue();
  }

  CompletableFuture<Boolean> flush() throws Exception {
    var done = new CompletableFuture<Boolean>();
    device.flush(device.acquire(), answer(done));
    return done;
  }

  static BlockDevice.Answer answer(CompletableFuture<Boolean> done) {
    return (slot, ok) -> done.complete(ok);
  }

  @Override
  public void close() throws ProviderException {
    try {
      engine.stop();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
