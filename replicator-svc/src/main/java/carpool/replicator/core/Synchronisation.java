package carpool.replicator.core;

import carpool.replicator.core.Effects.Notice;
import carpool.replicator.core.Op.Kind;
import org.jspecify.annotations.Nullable;

/// Copies blocks that differ to the peer, and compares blocks that should not differ.
///
/// Both go the same way, chunk by chunk, under a range lock that keeps clients' writes away:
/// * the chunk is *scanned* here: zeroes are found without reading where the store knows of holes;
/// * a range of zeroes goes over as one frame without data (copying), or is compared with what is
///   zero there (verifying);
/// * other chunks are compared by a strong digest of each block; only what differs is sent, or, in
///   a verification, marked.
///
/// A block counts as copied when the peer has answered that it wrote it or that its digest is
/// equal. Then it is unflushed like a client's write, and not forgotten before both sides flushed
/// (R3, R7).
final class Synchronisation {
  /// Longest range handled as one when it is all zeroes and no client is active. A client that
  /// comes then waits for at most one such range.
  private static final int WIDE_BYTES = 64 << 20;

  /// The same while clients are active.
  private static final int WIDE_BYTES_SHARED = 1 << 20;

  /// How long copying rests after a block could not be read: it is the newer one, and may be
  /// written anew meanwhile.
  private static final int UNREADABLE_PAUSE_TICKS = 5;

  /// What a range of zeroes counts for in the rate.
  private static final int ZERO_COST_BYTES = 4096;

  /// What the phase allows.
  enum Work {
    NONE,
    /// The peer is the target of a synchronisation: what differs is copied.
    COPY,
    /// In step, and this node is primary: blocks may be compared, and single ones copied again.
    IN_STEP
  }

  /// The core, as far as a synchronisation needs it.
  interface Host {
    Work work();

    /// The present session, or 0.
    long session();

    /// Gives the op's range back.
    void release(Op op);

    /// Copying, and nothing is left to copy.
    void copied();

    /// In step, and what was copied again wants a flush.
    void repaired();

    /// In step, and the range cannot be read here.
    void unreadable(long offsetBytes, int lengthBytes);

    /// The peer is asked for something in this op.
    void asks(Op op);

    /// Marks in the activemap.
    void markInMap(long offsetBytes, long lengthBytes);
  }

  private final ReplicationCore.Settings settings;
  private final Effects effects;
  private final Op[] ops;
  private final RangeLocks ranges;
  private final Differences differences;
  private final Host host;
  private final SyncPace pace = new SyncPace();
  private final CompareChoice choice = new CompareChoice();

  /// Blocks that a verification has still to compare.
  private final BlockSet unverified;

  private long cursor;
  private int inFlight;

  /// Ticks for which nothing starts, because a chunk could not be read here.
  private int stalledTicks;

  private boolean paused;
  private boolean verifying;
  private boolean repairAfterVerify;
  private boolean repairing;
  private long totalBytes;
  private long wireBytes;
  private long foundBytes;

  Synchronisation(
      ReplicationCore.Settings settings,
      Effects effects,
      Op[] ops,
      RangeLocks ranges,
      Differences differences,
      Host host) {
    this.settings = settings;
    this.effects = effects;
    this.ops = ops;
    this.ranges = ranges;
    this.differences = differences;
    this.host = host;
    unverified = new BlockSet(differences.different().size());
  }

  // ----- questions

  SyncPace pace() {
    return pace;
  }

  SyncProgress progress() {
    return new SyncProgress(
        verifying,
        repairing,
        paused,
        totalBytes,
        verifying
            ? Math.min(unverified.count() * Differences.BLOCK_BYTES, settings.dataSizeBytes())
            : differences.differentBytes(),
        wireBytes,
        foundBytes,
        pace.limit() == Long.MAX_VALUE ? 0 : pace.limit());
  }

  /// True while a chunk is on its way.
  boolean busy() {
    return inFlight > 0;
  }

  // ----- orders

  /// A synchronisation was announced: counts from here.
  void announce() {
    totalBytes = differences.differentBytes();
    wireBytes = 0;
  }

  /// A synchronisation starts.
  void begin() {
    announce();
    cursor = 0;
    choice.reset();
    pump();
  }

  /// More became different while copying.
  void more() {
    totalBytes = Math.max(totalBytes, differences.differentBytes());
    pump();
  }

  /// Copies what differs again while in step.
  void repair() {
    if (!repairing) {
      repairing = true;
      if (!verifying) {
        effects.report(Notice.SYNC_START);
        begin();
        return;
      }
    }
    pump();
  }

  void pause(boolean newPaused) {
    paused = newPaused;
    pump();
  }

  /// Compares everything.
  void verify(boolean repair) {
    unverified.addRange(0, unverified.size());
    foundBytes = 0;
    wireBytes = 0;
    totalBytes = settings.dataSizeBytes();
    cursor = 0;
    repairAfterVerify = repair;
    verifying = true;
    effects.report(Notice.VERIFY_START);
    pump();
  }

  /// Goes on where a verification was stopped; false when there is none.
  boolean resumeVerify() {
    if (unverified.isEmpty()) {
      return false;
    }
    if (!verifying) {
      verifying = true;
      totalBytes = settings.dataSizeBytes();
      effects.report(Notice.VERIFY_START);
    }
    pump();
    return true;
  }

  /// Stops comparing; what is left is remembered.
  void stopVerify() {
    if (verifying) {
      verifying = false;
      effects.report(Notice.VERIFY_STOPPED);
    }
  }

  /// Time has passed.
  void elapsed(long micros) {
    pace.elapsed(micros);
    pump();
  }

  /// About a second has passed.
  void tick() {
    stalledTicks = Math.max(0, stalledTicks - 1);
    pump();
  }

  // ----- chunks

  /// Starts what may start now.
  void pump() {
    while (pace.allows(inFlight, settings.syncSlots()) && stalledTicks == 0 && startNext()) {}
    if (inFlight == 0) {
      endRound();
    }
  }

  private boolean verifies() {
    return verifying && host.work() == Work.IN_STEP;
  }

  private boolean startNext() {
    var op = freeOp();
    if (op == null) {
      return false;
    }
    boolean verify = verifies();
    var blocks = verify ? unverified : differences.different();
    boolean wanted =
        switch (host.work()) {
          case NONE -> false;
          case COPY -> true;
          case IN_STEP -> verify || repairing;
        };
    if (!wanted || paused || blocks.isEmpty()) {
      return false;
    }
    long startedAt = cursor;
    boolean wrapped = false;
    while (true) {
      long block = blocks.next(cursor);
      if (block < 0 || (wrapped && block >= startedAt)) {
        if (wrapped || startedAt == 0) {
          return false; // the rest is under clients' writes or our own chunks; their end calls
          // again
        }
        wrapped = true;
        cursor = 0;
      } else if (start(op, blocks, block, verify)) {
        return true;
      } else {
        cursor = block + 1;
      }
    }
  }

  /// Takes the range of the run that starts at `block`. False when somebody else has it and there
  /// is other work meanwhile.
  private boolean start(Op op, BlockSet blocks, long block, boolean verify) {
    int wide = pace.shared() ? WIDE_BYTES_SHARED : WIDE_BYTES;
    op.begin(Kind.SYNC_COPY, differences.startOf(block), length(blocks, block, wide));
    op.verify = verify;
    op.session = host.session();
    boolean held = ranges.tryAcquire(op);
    if (!held) {
      op.length = length(blocks, block, settings.syncChunkBytes());
      // With nothing else to do, the chunk waits in line, or a busy client could starve it.
      held = inFlight == 0 ? ranges.acquireOrWait(op) : ranges.tryAcquire(op);
      if (!held && inFlight > 0) {
        op.kind = Kind.FREE;
        return false;
      }
    }
    inFlight++;
    cursor = Differences.endBlockOf(op.offset, op.length);
    if (held) {
      scan(op);
    }
    return true;
  }

  private int length(BlockSet blocks, long block, int mostBytes) {
    long end = blocks.runEnd(block, block + mostBytes / Differences.BLOCK_BYTES);
    return (int) (differences.endOf(end) - differences.startOf(block));
  }

  /// An op that nobody uses, or null; repairs of the local disk use them too.
  @Nullable Op freeOp() {
    for (int i = settings.clientSlots(); i < settings.clientSlots() + settings.syncSlots(); i++) {
      if (ops[i].kind == Kind.FREE) {
        return ops[i];
      }
    }
    return null;
  }

  private void scan(Op op) {
    op.compares = op.verify || choice.next();
    op.localPending = true;
    effects.scanLocal(op.slot, op.offset, op.length, op.compares);
  }

  /// A chunk that waited for its range holds it now.
  void granted(Op op) {
    long first = Differences.blockOf(op.offset);
    long end = Differences.endBlockOf(op.offset, op.length);
    if (live(op) && (op.verify ? unverified : differences.different()).intersects(first, end)) {
      scan(op);
    } else {
      end(op);
    }
  }

  private boolean live(Op op) {
    return op.session == host.session()
        && (op.verify ? host.work() == Work.IN_STEP : host.work() != Work.NONE);
  }

  /// Answer to `scanLocal`.
  void scanned(Op op, boolean ok, int zeroBytes) {
    op.localPending = false;
    if (!live(op)) {
      end(op);
      return;
    }
    if (!ok) {
      unreadable(op);
      return;
    }
    if (zeroBytes > 0) {
      Check.invariant(
          zeroBytes == op.length
              || (zeroBytes < op.length && zeroBytes % Differences.BLOCK_BYTES == 0),
          "zeroes that are no blocks");
      op.length = zeroBytes;
      pace.spend(ZERO_COST_BYTES);
      if (op.verify) {
        op.comparing = true;
        host.asks(op);
        effects.sendCompare(op.session, op.slot, op.offset, op.length, true);
      } else {
        op.remotePending = true;
        host.asks(op);
        effects.sendWrite(op.session, op.slot, op.offset, op.length, WriteKind.HOLE);
      }
      return;
    }
    op.length = Math.min(op.length, settings.syncChunkBytes());
    pace.spend(op.length);
    if (op.compares) {
      op.comparing = true;
      host.asks(op);
      effects.sendCompare(op.session, op.slot, op.offset, op.length, false);
    } else {
      sendData(op, 0);
    }
  }

  private void unreadable(Op op) {
    effects.report(Notice.DISK);
    long offset = op.offset;
    // What comes after the chunk was not even tried.
    op.length = Math.min(op.length, settings.syncChunkBytes());
    int length = op.length;
    boolean verify = op.verify;
    cursor = Differences.endBlockOf(offset, length);
    if (verify) {
      // Blocks that cannot be read are blocks that cannot be shown to be equal.
      foundBytes += length;
      unverified.removeRange(Differences.blockOf(offset), cursor);
    } else {
      stalledTicks = UNREADABLE_PAUSE_TICKS;
    }
    end(op);
    if (verify) {
      host.unreadable(offset, length);
    }
  }

  private void sendData(Op op, int skipBytes) {
    op.remotePending = true;
    host.asks(op);
    wireBytes += op.length;
    effects.sendChunk(op.session, op.slot, op.offset, op.length, skipBytes);
  }

  /// The peer compared.
  ///
  /// @param coveredBytes so many bytes from the start were compared
  /// @param differentMask bit i: the block that ends i blocks before the end of these differs
  void compared(Op op, int coveredBytes, long differentMask) {
    if (coveredBytes <= 0
        || coveredBytes > op.length
        || (coveredBytes < op.length && coveredBytes % Differences.BLOCK_BYTES != 0)
        || (coveredBytes < op.length && !op.verify)) {
      effects.closeSession(
          op.session, CloseReason.MALFORMED, "the peer compared a range it was not asked for");
      return;
    }
    op.comparing = false;
    if (!live(op)) {
      end(op);
      return;
    }
    long end = Differences.endBlockOf(op.offset, coveredBytes);
    long first = Differences.blockOf(op.offset);
    if (op.verify) {
      for (int i = 0; i < Math.min(64, end - first); i++) {
        if ((differentMask & 1L << i) != 0) {
          found(end - 1 - i);
        }
      }
      unverified.removeRange(first, end);
      end(op);
      return;
    }
    long from = -1;
    long to = -1;
    for (long block = first; block < end; block++) {
      if ((differentMask & 1L << (end - 1 - block)) != 0) {
        from = from < 0 ? block : from;
        to = block + 1;
      }
    }
    choice.learned(from < 0);
    if (from < 0) {
      differences.markCopied(op.offset, op.length);
      end(op);
      return;
    }
    copiedBlocks(first, from);
    copiedBlocks(to, end);
    int skip = (int) (differences.startOf(from) - op.offset);
    op.offset = differences.startOf(from);
    op.length = (int) (differences.endOf(to) - op.offset);
    sendData(op, skip);
  }

  private void copiedBlocks(long from, long to) {
    if (from < to) {
      long start = differences.startOf(from);
      differences.markCopied(start, differences.endOf(to) - start);
    }
  }

  private void found(long block) {
    long start = differences.startOf(block);
    long length = differences.endOf(block + 1) - start;
    foundBytes += length;
    differences.markDifferent(start, length);
    host.markInMap(start, length);
  }

  /// The peer has written the chunk.
  void written(Op op) {
    differences.markCopied(op.offset, op.length);
    end(op);
  }

  /// The session is over; nothing of the peer will be heard.
  void peerLost(Op op) {
    op.comparing = false;
    if (!op.localPending && op.locked) {
      end(op);
    }
  }

  private void end(Op op) {
    op.kind = Kind.FREE;
    inFlight--;
    host.release(op);
    pump();
  }

  private void endRound() {
    switch (host.work()) {
      case NONE -> {}
      case COPY -> {
        if (differences.different().isEmpty()) {
          pace.order(0);
          host.copied();
        }
      }
      case IN_STEP -> {
        if (verifying && unverified.isEmpty()) {
          verifying = false;
          effects.report(Notice.VERIFY_DONE);
          if (repairAfterVerify && !differences.different().isEmpty()) {
            repair();
            return;
          }
        }
        if (repairing && !verifying && differences.different().isEmpty()) {
          repairing = false;
          pace.order(0);
          host.repaired();
          effects.report(Notice.SYNC_DONE);
        }
      }
    }
  }
}
