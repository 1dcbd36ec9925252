package carpool.replicator.shell;

import java.util.concurrent.atomic.LongAdder;

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
}
