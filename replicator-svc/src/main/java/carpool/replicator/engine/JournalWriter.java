package carpool.replicator.engine;

import carpool.kit.boot.Host;
import carpool.replicator.core.Effect;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.layout.LayoutException;
import carpool.replicator.store.ProviderException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes activemap and metadata, one after the other in the order of the steps, and steps the core
/// with what came of it.
final class JournalWriter implements EffectBatch.JournalPort {
  private static final Logger LOG = LoggerFactory.getLogger(JournalWriter.class);
  private static final long TIMES_PAUSE_NANOS = 10_000_000_000L;

  private final String name;
  private final AttachedProvider disk;
  private final Counters counters;
  private final LocalDiskExecutor.Stepper core;
  private final Host host;
  private final WorkThread thread;
  private volatile long timesRecordedNanos;

  JournalWriter(
      Host host,
      String name,
      AttachedProvider disk,
      Counters counters,
      LocalDiskExecutor.Stepper core) {
    this.host = host;
    this.name = name;
    this.disk = disk;
    this.counters = counters;
    this.core = core;
    thread = new WorkThread(host, name, "journal");
    timesRecordedNanos = host.nanoTime();
  }

  @Override
  public void submit(Effect.Journal write) {
    thread.run(() -> {
      switch (write) {
        case Effect.WriteMap map -> writeMap(map);
        case Effect.WriteMetadata metadata -> writeMetadata(metadata);
      }
    });
  }

  private void writeMap(Effect.WriteMap map) {
    boolean ok;
    try {
      long start = host.nanoTime();
      disk.writeMap(map.parts());
      counters.took(StageTimes.Stage.MAP, start);
      counters.mapUpdates.increment();
      ok = true;
    } catch (ProviderException e) {
      LOG.error("resource={} activemap write failed: {}", name, e.getMessage());
      counters.writeErrors.increment();
      ok = false;
    }
    boolean written = ok;
    core.step(c -> c.mapWritten(map.token(), written));
  }

  private void writeMetadata(Effect.WriteMetadata update) {
    boolean ok;
    try {
      var times = counters.look(update.identity().alone(), host.unixMillis());
      disk.writeMetadata(update.role(), update.disk(), update.identity(), times);
      timesRecordedNanos = host.nanoTime();
      ok = true;
    } catch (ProviderException | LayoutException e) {
      LOG.error("resource={} metadata write failed: {}", name, e.getMessage());
      ok = false;
    }
    boolean written = ok;
    core.step(c -> c.metadataWritten(update.token(), written));
  }

  /// About once a second: the times of a stand-alone copy are recorded when they have changed, at
  /// most every ten seconds.
  void recordTimes(boolean standAlone) {
    recordTimes(standAlone, TIMES_PAUSE_NANOS);
  }

  /// Before the end: records them now.
  void recordTimesNow(boolean standAlone) {
    recordTimes(standAlone, 0);
  }

  private void recordTimes(boolean standAlone, long pauseNanos) {
    var times = counters.look(standAlone, host.unixMillis());
    long now = host.nanoTime();
    if (!standAlone
        || times.equals(disk.metadata().times())
        || now - timesRecordedNanos < pauseNanos) {
      return;
    }
    timesRecordedNanos = now;
    thread.run(() -> {
      try {
        disk.writeTimes(times);
      } catch (ProviderException | LayoutException e) {
        LOG.error("resource={} recording the last write failed: {}", name, e.getMessage());
        // Nobody asked for this write, but the system tells of lost writes only once.
        core.step(ReplicationCore::localDiskFailed);
      }
    });
  }

  /// Waits for what is under way, for a while.
  void stop() throws InterruptedException {
    thread.stop();
  }
}
