package carpool.replicator.engine;

import carpool.kit.boot.Host;
import carpool.replicator.core.Effect;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.WriteKind;
import carpool.replicator.store.LocalProvider;
import carpool.replicator.store.ProviderException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Carries out the effects for the local disk and steps the core with what came of it. Reads and
/// writes of clients run on the calling thread; what blocks for long runs on threads of its own.
final class LocalDiskExecutor {
  private static final Logger LOG = LoggerFactory.getLogger(LocalDiskExecutor.class);
  private static final long SLOW_DISK_NANOS = 100_000;

  private final Host host;
  private final String name;
  private final AttachedProvider disk;
  private final Slots slots;
  private final Counters counters;
  private final Stepper core;
  private final VersionKeeper keepVersions;
  private final BlockComparer comparer;
  private final WorkThread flusher;
  private final WorkThread peerFlusher;
  private final WorkThread syncReader;

  /// The last write took so long that nothing else may wait for the next one.
  private volatile boolean slow;

  LocalDiskExecutor(
      Host host,
      String name,
      AttachedProvider disk,
      Slots slots,
      Counters counters,
      Stepper core,
      VersionKeeper keepVersions) {
    this.host = host;
    this.name = name;
    this.disk = disk;
    this.slots = slots;
    this.counters = counters;
    this.core = core;
    this.keepVersions = keepVersions;
    comparer = new BlockComparer(disk.provider());
    flusher = new WorkThread(host, name, "flush");
    peerFlusher = new WorkThread(host, name, "peer-flush");
    syncReader = new WorkThread(host, name, "sync-read");
  }

  /// True when the disk was slow the last time.
  boolean slow() {
    return slow;
  }

  void carryOut(Effect.LocalDisk effect) {
    switch (effect) {
      case Effect.WriteLocal w -> write(w.slot(), w.offsetBytes(), w.lengthBytes(), w.kind());
      case Effect.ReadLocal r -> read(r.slot(), r.offsetBytes(), r.lengthBytes());
      case Effect.ScanLocal s -> syncReader.run(() -> scan(s));
      case Effect.CompareLocal c -> syncReader.run(() -> compare(c));
      case Effect.FlushLocal f ->
          flusher.run(() -> {
            boolean ok = flush();
            core.step(c -> c.localFlushed(f.flushId(), ok));
          });
      case Effect.FlushForPeer f ->
          peerFlusher.run(() -> {
            boolean ok = flush();
            core.step(c -> c.peerFlushDone(f.session(), f.flushId(), ok));
          });
    }
  }

  private long base() {
    return disk.metadata().offsetBytes();
  }

  private LocalProvider provider() {
    return disk.provider();
  }

  private void write(int slot, long offset, int length, WriteKind kind) {
    var request = slots.at(slot);
    boolean ok;
    long start = host.nanoTime();
    try {
      switch (kind) {
        case DATA -> provider().write(request.diskView().limit(length), base() + offset);
        case ZERO -> provider().zero(base() + offset, length, false);
        case HOLE -> provider().zero(base() + offset, length, true);
      }
      ok = true;
    } catch (ProviderException e) {
      failed("write", offset, e);
      counters.writeErrors.increment();
      ok = false;
    }
    slow = host.nanoTime() - start > SLOW_DISK_NANOS;
    counters.took(StageTimes.Stage.LOCAL_WRITE, start);
    request.diskOk = ok;
    core.step(request.diskWrote);
  }

  private void read(int slot, long offset, int length) {
    var request = slots.at(slot);
    boolean ok;
    try {
      var buffer = request.buffer().clear().limit(length);
      provider().read(buffer, base() + offset);
      buffer.flip();
      ok = true;
    } catch (ProviderException e) {
      failed("read", offset, e);
      counters.readErrors.increment();
      ok = false;
    }
    request.diskOk = ok;
    core.step(request.diskRead);
  }

  private void scan(Effect.ScanLocal scan) {
    boolean ok = true;
    int zeroes = 0;
    try {
      zeroes =
          comparer.scan(
              slots.at(scan.slot()),
              base() + scan.offsetBytes(),
              scan.lengthBytes(),
              scan.digest());
    } catch (ProviderException e) {
      failed("read", scan.offsetBytes(), e);
      counters.readErrors.increment();
      ok = false;
    }
    boolean read = ok;
    int zeroBytes = zeroes;
    core.step(c -> c.localScanned(scan.slot(), read, zeroBytes));
  }

  private void compare(Effect.CompareLocal range) {
    BlockComparer.Compared found;
    boolean ok = true;
    var slot = slots.at(range.slot());
    try {
      long offset = base() + range.offsetBytes();
      found =
          disk.readable()
              ? comparer.compare(slot, offset, range.lengthBytes())
              : comparer.compareHoles(slot, offset, range.lengthBytes());
    } catch (ProviderException e) {
      failed("read", range.offsetBytes(), e);
      counters.readErrors.increment();
      found = BlockComparer.allDifferent(slot, range.lengthBytes());
      ok = false;
    }
    boolean read = ok;
    var compared = found;
    if (read && compared.differentMask() != 0) {
      keepVersions.keep(range.offsetBytes(), compared.coveredBytes(), compared.differentMask());
    }
    core.step(c ->
        c.localCompared(range.slot(), read, compared.coveredBytes(), compared.differentMask()));
  }

  private boolean flush() {
    long start = host.nanoTime();
    try {
      provider().flush();
      counters.took(StageTimes.Stage.LOCAL_FLUSH, start);
      return true;
    } catch (ProviderException e) {
      failed("flush", 0, e);
      counters.flushErrors.increment();
      return false;
    }
  }

  private void failed(String what, long offset, ProviderException e) {
    LOG.error("resource={} {} at {} failed: {}", name, what, offset, e.getMessage());
  }

  /// Waits for what is under way, for a while.
  void stop() throws InterruptedException {
    syncReader.stop();
    peerFlusher.stop();
    flusher.stop();
  }

  /// Keeps this node's version of blocks that a comparison found to differ.
  @FunctionalInterface
  interface VersionKeeper {
    /// See [ResourceEngine#keepVersions].
    void keep(long offsetBytes, int coveredBytes, long differentMask);
  }

  /// Steps the core with an event.
  @FunctionalInterface
  interface Stepper {
    void step(Consumer<ReplicationCore> event);
  }
}
