package carpool.replicator.shell;

import carpool.replicator.core.layout.Times;
import carpool.replicator.link.EndCause;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// HAST's statistics and ours; all from 0 with the process.
final class Counters {
  final LongAdder reads = new LongAdder();
  final LongAdder writes = new LongAdder();
  final LongAdder deletes = new LongAdder();
  final LongAdder flushes = new LongAdder();
  final LongAdder mapUpdates = new LongAdder();
  final LongAdder readErrors = new LongAdder();
  final LongAdder writeErrors = new LongAdder();
  final LongAdder deleteErrors = new LongAdder();
  final LongAdder flushErrors = new LongAdder();

  /// Blocks that could not be read here and were written again from the peer.
  final LongAdder repairs = new LongAdder();

  final LongAdder readBytes = new LongAdder();
  final LongAdder writeBytes = new LongAdder();
  final LongAdder sentBytes = new LongAdder();
  final LongAdder receivedBytes = new LongAdder();
  final LongAdder remoteErrors = new LongAdder();
  final LongAdder checksumErrors = new LongAdder();
  final LongAdder reconnects = new LongAdder();
  final Map<EndCause, LongAdder> sessionEnds = adders();

  /// When the peer was last heard of, `System.nanoTime`; kept when the session has ended.
  volatile long lastContactNanos;

  volatile boolean everMet;

  private volatile @Nullable StageTimes stages;

  void measure(StageTimes newStages) {
    stages = newStages;
  }

  void took(StageTimes.Stage stage, long startNanos) {
    var s = stages;
    if (s != null) {
      s.record(stage, startNanos);
    }
  }

  /// Milliseconds since 1970; 0 = not, or not known because this process is younger.
  volatile long aloneSinceUnixMillis;

  volatile long lastWriteUnixMillis;
  volatile long splitBrainUnixMillis;
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
  synchronized void lookForSplitBrain(boolean splitBrain, long nowUnixMillis) {
    if (!splitBrain) {
      splitBrainUnixMillis = 0;
    } else if (splitBrainUnixMillis == 0) {
      splitBrainUnixMillis = nowUnixMillis;
    }
  }

  private static Map<EndCause, LongAdder> adders() {
    var adders = new EnumMap<EndCause, LongAdder>(EndCause.class);
    for (var cause : EndCause.values()) {
      adders.put(cause, new LongAdder());
    }
    return Collections.unmodifiableMap(adders);
  }

  void ended(EndCause cause) {
    Objects.requireNonNull(sessionEnds.get(cause)).increment();
    if (cause == EndCause.CHECKSUM) {
      checksumErrors.increment();
    }
  }
}
