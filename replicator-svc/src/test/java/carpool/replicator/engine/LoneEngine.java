package carpool.replicator.engine;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.kit.boot.Host;
import carpool.replicator.block.BlockDevice;
import carpool.replicator.core.Effect;
import carpool.replicator.core.Effects.Notice;
import carpool.replicator.core.Leave;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.ReplicationMode;
import carpool.replicator.core.Role;
import carpool.replicator.store.ProviderException;
import carpool.replicator.store.RecordingFile;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// A resource over an attachment, served as to NBD clients: without a peer, or with one that nobody
/// reaches before a test connects it.
public final class LoneEngine implements AutoCloseable {
  private final AttachedProvider attachment;
  private final boolean peerConfigured;
  public final ResourceEngine engine;
  public final ResourceDevice device;

  LoneEngine(AttachedProvider attachment) {
    this(Host.REAL, attachment, false);
  }

  private LoneEngine(Host host, AttachedProvider attachment, boolean peerConfigured) {
    this.attachment = attachment;
    this.peerConfigured = peerConfigured;
    engine =
        new ResourceEngine(host, "r", attachment, this::settings, new Counters(), new Nobody());
    device = new ResourceDevice(engine);
    engine.setRole(Role.SECONDARY, false, _ -> {});
  }

  /// With a peer, over a disk on which the resource `r` was created.
  public static LoneEngine withPeer(RecordingFile disk, Path stateDir) throws Exception {
    return withPeer(Host.REAL, disk, stateDir);
  }

  /// The same on another host.
  public static LoneEngine withPeer(Host host, RecordingFile disk, Path stateDir) throws Exception {
    return new LoneEngine(
        host, AttachedProvider.open(host, "r", disk.provider(), new FailedCopies(stateDir)), true);
  }

  /// Without a peer.
  static LoneEngine alone(Host host, RecordingFile disk, Path stateDir) throws Exception {
    return new LoneEngine(
        host, AttachedProvider.open(host, "r", disk.provider(), new FailedCopies(stateDir)), false);
  }

  private final class Nobody implements ResourceEngine.Listener {
    @Override
    public void happened(Notice notice) {}

    @Override
    public void asksLeave(Effect.AskLeave question) {
      engine.step(core -> core.leaveAnswered(question.question(), Leave.UNREACHABLE));
    }
  }

  private ReplicationCore.Settings settings(AttachedProvider attached) {
    var metadata = attached.metadata();
    return new ReplicationCore.Settings(
        "hast1",
        ReplicationMode.FULLSYNC,
        peerConfigured,
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

  public Verdict role(Role role, boolean force) throws Exception {
    var answer = new CompletableFuture<Verdict>();
    engine.setRole(role, force, answer::complete);
    return answer.get(10, TimeUnit.SECONDS);
  }

  public void promote() throws Exception {
    assertThat(role(Role.PRIMARY, false)).isEqualTo(Verdict.ALLOWED);
  }

  public long dataOffset() {
    return attachment.metadata().offsetBytes();
  }

  /// Writes 4096 bytes and waits for the answer.
  public void write(long offset) throws Exception {
    assertThat(startWrite(offset).get(10, TimeUnit.SECONDS)).isTrue();
  }

  /// Writes 4096 bytes of this value and waits for the answer.
  void fill(long offset, byte value) throws Exception {
    var slot = device.acquire();
    for (int i = 0; i < 4096; i++) {
      slot.buffer().put(i, value);
    }
    var done = new CompletableFuture<Boolean>();
    device.write(slot, offset, 4096, false, answer(done));
    assertThat(done.get(10, TimeUnit.SECONDS)).isTrue();
  }

  /// Writes 4096 bytes.
  public CompletableFuture<Boolean> startWrite(long offset) throws Exception {
    var done = new CompletableFuture<Boolean>();
    device.write(device.acquire(), offset, 4096, false, answer(done));
    return done;
  }

  /// Reads 4096 bytes.
  public CompletableFuture<Boolean> startRead(long offset) throws Exception {
    var done = new CompletableFuture<Boolean>();
    device.read(
        device.acquire(),
        offset,
        4096,
        (slot, ok) -> {
          device.release(slot);
          done.complete(ok);
        });
    return done;
  }

  public CompletableFuture<Boolean> flush() throws Exception {
    var done = new CompletableFuture<Boolean>();
    device.flush(device.acquire(), answer(done));
    return done;
  }

  public static BlockDevice.Answer answer(CompletableFuture<Boolean> done) {
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
