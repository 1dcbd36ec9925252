package carpool.replicator.engine;

import carpool.replicator.core.CloseReason;
import carpool.replicator.core.layout.Times;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// HAST's statistics and ours; all from 0 with the process.
public final class Counters {
  public final LongAdder reads = new LongAdder();
  public final LongAdder writes = new LongAdder();
  public final LongAdder deletes = new LongAdder();
  public final LongAdder flushes = new LongAdder();
  public final LongAdder mapUpdates = new LongAdder();
  public final LongAdder readErrors = new LongAdder();
  public final LongAdder writeErrors = new LongAdder();
  public final LongAdder deleteErrors = new LongAdder();
  public final LongAdder flushErrors = new LongAdder();

  /// Blocks that could not be read here and were written again from the peer.
  public final LongAdder repairs = new LongAdder();

  public final LongAdder readBytes = new LongAdder();
  public final LongAdder writeBytes = new LongAdder();
  public final LongAdder sentBytes = new LongAdder();
  public final LongAdder receivedBytes = new LongAdder();
  public final LongAdder remoteErrors = new LongAdder();
  public final LongAdder checksumErrors = new LongAdder();
  public final LongAdder reconnects = new LongAdder();
  public final Map<CloseReason, LongAdder> sessionEnds = adders();

  /// When the peer was last heard of, `System.nanoTime`; kept when the session has ended.
  public volatile long lastContactNanos;

  public volatile boolean everMet;

  private volatile @Nullable StageTimes stages;

  public void measure(StageTimes newStages) {
    stages = newStages;
  }

  public void took(StageTimes.Stage stage, long startNanos) {
    var s = stages;
    if (s != null) {
      s.record(stage, startNanos);
    }
  }

  /// Milliseconds since 1970; 0 = not, or not known because this process is younger.
  public volatile long aloneSinceUnixMillis;

  public volatile long lastWriteUnixMillis;
  public volatile long splitBrainUnixMillis;
  private long lastWrites;
  private boolean wasAlone;

  /// What an earlier process left with the copy.
  synchronized void restore(Times times) {
    aloneSinceUnixMillis = times.aloneSinceUnixMillis();
    lastWriteUnixMillis = times.lastWriteUnixMillis();
    wasAlone = aloneSinceUnixMillis != 0;
  }

  /// Notes when what began; a few times a second, and before the metadata are written.
  synchronized Times look(boolean alone, long nowUnixMillis) {
    long now = writes.sum() + deletes.sum();
    if (now != lastWrites) {
      lastWrites = now;
      lastWriteUnixMillis = nowUnixMillis;
    }
    if (!alone) {
      aloneSinceUnixMillis = 0;
    } else if (!wasAlone && everMet) {
      aloneSinceUnixMillis = nowUnixMillis;
    }
    wasAlone = alone;
    return new Times(aloneSinceUnixMillis, lastWriteUnixMillis);
  }

  /// Notes since when there is a split brain.
  public synchronized void lookForSplitBrain(boolean splitBrain, long nowUnixMillis) {
    if (!splitBrain) {
      splitBrainUnixMillis = 0;
    } else if (splitBrainUnixMillis == 0) {
      splitBrainUnixMillis = nowUnixMillis;
    }
  }

  private static Map<CloseReason, LongAdder> adders() {
    var adders = new EnumMap<CloseReason, LongAdder>(CloseReason.class);
    for (var cause : CloseReason.values()) {
      adders.put(cause, new LongAdder());
    }
    return Collections.unmodifiableMap(adders);
  }

  public void ended(CloseReason cause) {
    Objects.requireNonNull(sessionEnds.get(cause)).increment();
    if (cause == CloseReason.CHECKSUM) {
      checksumErrors.increment();
    }
  }
}
