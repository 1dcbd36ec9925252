package carpool.replicator.core;

import carpool.replicator.core.Effects.Notice;
import carpool.replicator.core.Effects.Result;
import carpool.replicator.core.FlushRounds.Waiter;
import carpool.replicator.core.Op.Kind;
import carpool.replicator.core.PromotionRule.Verdict;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The replication state machine of one resource on one node (design section 3).
///
/// Events are method calls, effects are calls of [Effects]; there is no clock, no thread and no
/// I/O. Whoever owns it steps it under one lock. Payloads stay in the slots' buffers outside.
///
/// Invariants (checked from outside by the simulator):
/// * a block that may differ is in `Differences` or under an active write; its extent is marked in
///   the activemap on disk before the data write starts (R3);
/// * a write is answered only when the peer has it, or when this node has durably gone on alone
///   under a new generation, so that the older copy can be told from the newer one (R1, R5);
/// * a mark is cleared only after both sides flushed (R3);
/// * the target of a synchronisation is durably inconsistent before its first block changes (R4);
/// * a fenced primary answers nothing (R5);
/// * a primary whose disk failed goes on only with a peer that durably knows that its copy is the
///   only one ([SoleCopy]).
public final class ReplicationCore {
  /// What does not change while a resource is attached.
  ///
  /// @param nodeName name of this node; the two names of a pair differ
  /// @param mode when a write is done
  /// @param peerConfigured false with `remote none`
  /// @param dataSizeBytes size of the device
  /// @param extentSizeBytes power of two
  /// @param hotExtentsMax marks that may stay set for warm extents
  /// @param clientSlots slots 0 to clientSlots - 1 are used by clients
  /// @param syncSlots the next slots are used by the core for synchronisation
  /// @param peerSlots the last slots are used for requests of the peer
  /// @param syncChunkBytes largest chunk of a synchronisation, multiple of 64 KiB
  public record Settings(
      String nodeName,
      ReplicationMode mode,
      boolean peerConfigured,
      long dataSizeBytes,
      long extentSizeBytes,
      long hotExtentsMax,
      int clientSlots,
      int syncSlots,
      int peerSlots,
      int syncChunkBytes) {}

  /// What was found on the disk.
  ///
  /// @param prevRole role when the metadata was last written
  public record Found(Role prevRole, DiskState disk, Identity identity, BlockSet map) {}

  private static final int BACKGROUND_FLUSH_TICKS = 5;

  private final Settings settings;
  private ReplicationMode mode;
  private final Effects effects;
  private final LongSupplier ids;
  private final Op[] ops;
  private final RangeLocks ranges = new RangeLocks();
  private final Activemap map;
  private final Differences differences;
  private final FlushRounds flushes = new FlushRounds();
  private final ArrayDeque<Op> mapWaiters = new ArrayDeque<>();
  private final ArrayDeque<Op> heldBack = new ArrayDeque<>();
  private final List<Waiter> waitForAlone = new ArrayList<>();
  private final ArrayDeque<MetadataWrite> metadataWrites = new ArrayDeque<>();

  private Role role = Role.INIT;
  private final boolean wasPrimary;

  /// This process takes the place of a primary that ended a moment ago.
  private boolean resumes;

  private DiskState disk;
  private Identity identity;

  /// The identity with `alone` set is on the disk.
  private boolean aloneDurable;

  /// Whether this node serves from the peer's copy because its own disk failed.
  private SoleCopy soleCopy = SoleCopy.NONE;

  /// The peer said that its disk failed; the answer waits until this copy is durably the only one.
  private boolean soleCopyAsked;

  /// Number of the peer's last write before it said so.
  private long soleCopyAfterWrite;

  private boolean fenced;

  /// The peer said that its copy is newer, and the two have not agreed since.
  private boolean peerNewer;

  private boolean cutOff;
  private boolean yields;
  private boolean splitBrain;
  private @Nullable RefusalReason refusal;

  private Phase phase = Phase.APART;
  private long session;
  private @Nullable Hello ownHello;
  private @Nullable Hello peerHello;
  private Role peerRole = Role.INIT;
  private DiskState peerDisk = DiskState.DISKLESS;
  private boolean waitingFull;

  private long promotion;
  private boolean promotionForced;
  private boolean promotionAsked;
  private long demotion;
  private Role demotionTo = Role.SECONDARY;
  private boolean demotionFlushing;

  private final Synchronisation sync;
  private final ArrayDeque<PeerFlush> peerFlushes = new ArrayDeque<>();

  /// Counts the writes of the peer.
  private long peerWrites;

  private long lastToken;
  private int unflushedTicks;

  private enum Then {
    NOTHING,
    ALONE,
    TARGET_MARKED,
    ADOPTED,
    NOT_ALONE,
    PROMOTED,
    DEMOTED,
    SOLE_COPY
  }

  /// A flush of the peer that waits.
  ///
  /// @param afterWrite number of the peer's last write before it
  private record PeerFlush(long session, long flushId, long afterWrite) {}

  private record MetadataWrite(
      long token, Then then, long forSession, long request, Identity identity) {}

  /// A core in role init.
  ///
  /// @param ids random numbers, never 0: generations and numbers of pairs
  public ReplicationCore(Settings settings, Found found, LongSupplier ids, Effects effects) {
    this.settings = settings;
    this.mode = settings.mode();
    this.effects = effects;
    this.ids = ids;
    this.ops = new Op[settings.clientSlots() + settings.syncSlots() + settings.peerSlots()];
    for (int i = 0; i < ops.length; i++) {
      ops[i] = new Op(i);
    }
    map =
        new Activemap(
            settings.dataSizeBytes(), settings.extentSizeBytes(), settings.hotExtentsMax());
    map.load(found.map());
    differences = new Differences(settings.dataSizeBytes());
    markExtentsDifferent(found.map());
    sync = new Synchronisation(settings, effects, ops, ranges, differences, new SyncHost());
    wasPrimary = found.prevRole() == Role.PRIMARY;
    disk = found.disk() == DiskState.UP_TO_DATE ? DiskState.CONSISTENT : found.disk();
    identity = found.identity();
    aloneDurable = identity.alone();
  }

  private void markExtentsDifferent(BlockSet extents) {
    extents.forEach(extent -> {
      long start = extent * settings.extentSizeBytes();
      long end = Math.min(start + settings.extentSizeBytes(), settings.dataSizeBytes());
      differences.markDifferent(start, end - start);
    });
  }

  // ---------------------------------------------------------------------------------- questions

  public Role role() {
    return role;
  }

  public Phase phase() {
    return phase;
  }

  public DiskState disk() {
    return disk;
  }

  public Identity identity() {
    return identity;
  }

  /// The peer's last known role; INIT when unknown.
  public Role peerRole() {
    return peerRole;
  }

  /// The peer's last known disk state; DISKLESS when unknown.
  public DiskState peerDisk() {
    return peerDisk;
  }

  public boolean fenced() {
    return fenced;
  }

  public boolean splitBrain() {
    return splitBrain;
  }

  /// Why the last meeting ended without a session, or null.
  public @Nullable RefusalReason refusal() {
    return refusal;
  }

  /// HAST's `complete`: connected, two good copies and nothing to copy.
  public boolean complete() {
    return phase == Phase.IN_STEP
        && disk != DiskState.FAILED
        && peerDisk != DiskState.FAILED
        && differences.different().isEmpty();
  }

  /// True when this node's disk failed and it serves from the peer's.
  public boolean servesFromPeer() {
    return soleCopy != SoleCopy.NONE;
  }

  /// Upper bound of the bytes that differ.
  public long differentBytes() {
    return differences.differentBytes();
  }

  /// Blocks that have to be copied; not to be changed.
  public BlockSet different() {
    return differences.different();
  }

  /// Bytes of marked extents (HAST's `dirty`).
  public long markedExtents() {
    return map.marked().count();
  }

  /// Where a synchronisation or verification is.
  public SyncProgress syncProgress() {
    return sync.progress();
  }

  /// True when no request of an earlier session is still being carried out here; only then may a
  /// new session start, or an old write could land after a newer one.
  public boolean readyForSession() {
    if (phase != Phase.APART || role == Role.INIT) {
      return false;
    }
    return !peerRequestsActive();
  }

  private boolean peerRequestsActive() {
    for (int i = settings.clientSlots() + settings.syncSlots(); i < ops.length; i++) {
      if (ops[i].kind != Kind.FREE) {
        return true;
      }
    }
    return false;
  }

  /// True when this node knows that the range may differ from the peer, or is writing to it.
  public boolean mayDiffer(long offsetBytes, long lengthBytes) {
    if (differences.touches(offsetBytes, offsetBytes + lengthBytes)) {
      return true;
    }
    for (var op : ops) {
      if (op.kind != Kind.FREE
          && op.offset < offsetBytes + lengthBytes
          && offsetBytes < op.offset + op.length) {
        return true;
      }
    }
    return false;
  }

  /// Whether a promotion would be allowed now.
  public Verdict judgePromotion() {
    return PromotionRule.judge(
        peerNewer && disk.servable() ? DiskState.OUTDATED : disk,
        // A copy that never met its peer has nothing newer to fear.
        (identity.alone() && aloneDurable) || identity.resuid() == 0,
        settings.peerConfigured(),
        phase.agreed(),
        phase.agreed() && peerRole == Role.PRIMARY,
        splitBrain || yields);
  }

  /// Number of requests in flight that have a local and a remote part open.
  public int activeWrites() {
    return ranges.held().size();
  }

  // ---------------------------------------------------------------------------------- roles

  /// Asks for a role; answered by `roleDecided(request)`, for primary and for the way back only
  /// when the role is durable. One request at a time per core is the caller's duty.
  public void setRole(long request, Role wanted, boolean force) {
    if (wanted == role && demotion == 0 && promotion == 0) {
      effects.roleDecided(request, Verdict.ALLOWED);
      return;
    }
    switch (wanted) {
      case PRIMARY -> askPromotion(request, force);
      case SECONDARY, INIT -> {
        if (role == Role.PRIMARY) {
          startDemotion(request, wanted);
        } else {
          role = wanted;
          if (wanted == Role.INIT && session != 0) {
            effects.closeSession(session, "role init");
          }
          effects.report(Notice.ROLE);
          effects.roleDecided(request, Verdict.ALLOWED);
        }
      }
    }
  }

  /// Writes that are answered from now on are done when `newMode` says so.
  public void configureMode(ReplicationMode newMode) {
    mode = newMode;
  }

  /// The process before this one was primary until it ended, on the same boot: everything that it
  /// completed is here. At the next meeting the copy counts like one that lived on, so that an
  /// equal peer waits for a promotion instead of copying its own blocks here. Whether this node may
  /// become primary is judged as ever.
  public void resume() {
    resumes = wasPrimary;
  }

  /// What the peer is told of this copy.
  private DiskState toldDisk() {
    return resumes && disk == DiskState.CONSISTENT ? DiskState.UP_TO_DATE : disk;
  }

  private void askPromotion(long request, boolean force) {
    promotion = request;
    promotionForced = force;
    decidePromotion();
  }

  private void decidePromotion() {
    if (!phase.agreed() && peerRequestsActive()) {
      return; // decided again when the last write of the old primary has landed
    }
    var verdict = role == Role.INIT ? Verdict.DISK_UNUSABLE : judgePromotion();
    if (verdict != Verdict.ALLOWED && !(promotionForced && verdict.forceable())) {
      endPromotion(verdict);
    } else if (phase.agreed()) {
      if (!promotionAsked) {
        promotionAsked = true;
        effects.send(session, new PeerMessage.PromotionRequest());
      }
    } else {
      promote(verdict);
    }
  }

  private void endPromotion(Verdict verdict) {
    long request = promotion;
    promotion = 0;
    promotionAsked = false;
    effects.roleDecided(request, verdict);
  }

  private void promote(Verdict overridden) {
    long request = promotion;
    promotion = 0;
    promotionAsked = false;
    role = Role.PRIMARY;
    resumes = false;
    fenced = false;
    cutOff = false;
    yields = false;
    peerNewer = false;
    disk = DiskState.UP_TO_DATE;
    if (overridden != Verdict.ALLOWED) {
      identity = identity.goOnAlone(ids.getAsLong());
      aloneDurable = false;
      differences.markAllDifferent();
      markDifferencesInMap();
    }
    writeMetadata(Then.PROMOTED, request);
  }

  private void promoted(long request) {
    if (session != 0 && phase.agreed()) {
      effects.send(session, new PeerMessage.StateChanged(role, disk));
      if (phase == Phase.WAITING) {
        startAsSource(waitingFull);
      }
    }
    effects.report(Notice.ROLE);
    effects.roleDecided(request, Verdict.ALLOWED);
    afterAlone();
  }

  private void startDemotion(long request, Role wanted) {
    demotion = request;
    demotionTo = wanted;
    demotionFlushing = false;
    if (fenced || cutOff) {
      failAll();
    }
    continueDemotion();
  }

  /// Goes on when all requests are answered and their effects are over.
  private void continueDemotion() {
    if (demotion == 0 || demotionFlushing || anyActive()) {
      return;
    }
    demotionFlushing = true;
    if ((disk.servable() || soleCopy == SoleCopy.CONFIRMED) && !fenced) {
      flushes.add(new Waiter.Demotion());
      pumpFlush();
    } else {
      recordDemotion();
    }
  }

  private void recordDemotion() {
    role = demotionTo;
    fenced = false;
    cutOff = false;
    if (phase == Phase.IN_STEP) {
      map.clean(this::extentNeeded, true);
      pumpMap();
    }
    long request = demotion;
    demotion = 0;
    demotionFlushing = false;
    if (disk == DiskState.FAILED) {
      // Not recorded: what is on this disk is what it was when the disk failed.
      demoted(request);
    } else {
      writeMetadata(Then.DEMOTED, request);
    }
  }

  private void demoted(long request) {
    if (session != 0 && phase.agreed()) {
      effects.send(session, new PeerMessage.StateChanged(role, disk));
    }
    if (role == Role.INIT && session != 0) {
      effects.closeSession(session, "role init");
    } else if (disk == DiskState.FAILED && session != 0) {
      effects.closeSession(session, "the local disk failed");
    }
    effects.report(Notice.ROLE);
    effects.roleDecided(request, Verdict.ALLOWED);
  }

  private boolean anyActive() {
    if (phase == Phase.IN_STEP && sync.busy()) {
      return true; // it must not arrive when the peer is primary
    }
    if (!ranges.held().isEmpty()
        || ranges.waitingCount() > 0
        || !waitForAlone.isEmpty()
        || flushes.running()
        || flushes.due()) {
      // Chunks of a synchronisation run on: a secondary may be their source.
      for (var op : ops) {
        if (op.kind == Kind.CLIENT_WRITE || op.kind == Kind.CLIENT_READ) {
          return true;
        }
      }
      return !waitForAlone.isEmpty() || flushes.running() || flushes.due();
    }
    for (int i = 0; i < settings.clientSlots(); i++) {
      if (ops[i].kind != Kind.FREE) {
        return true;
      }
    }
    return false;
  }

  /// Clients get errors from now on, at once and for everything that waits. The last resort of a
  /// node that cannot give its pool up in time.
  public void cutOff() {
    if (role == Role.PRIMARY) {
      cutOff = true;
      fence("cut off");
      failAll();
    }
  }

  private void failAll() {
    for (int i = 0; i < settings.clientSlots(); i++) {
      var op = ops[i];
      if (op.kind == Kind.CLIENT_WRITE && !op.answered) {
        op.answered = true;
        effects.complete(op.slot, Result.IO_ERROR);
      } else if (op.kind == Kind.CLIENT_READ && !op.answered) {
        op.answered = true;
        effects.complete(op.slot, Result.IO_ERROR);
        if (!op.localPending && !op.remotePending && !op.waitsForRange) {
          endRead(op);
        }
      }
    }
    heldBack.clear();
    mapWaiters.removeIf(op -> op.kind == Kind.CLIENT_WRITE);
    for (var waiter : flushes.abandon()) {
      failFlush(waiter);
    }
    for (var waiter : waitForAlone) {
      failFlush(waiter);
    }
    waitForAlone.clear();
    demotionFlushing = false; // its flush is abandoned with the others
    dropUnstarted();
  }

  /// Frees answered writes that never reached a disk, in the order that lets waiters be seen once.
  private void dropUnstarted() {
    boolean dropped;
    do {
      dropped = false;
      for (int i = 0; i < settings.clientSlots(); i++) {
        var op = ops[i];
        if (op.kind == Kind.CLIENT_WRITE
            && op.answered
            && op.locked
            && !op.localPending
            && !op.remotePending) {
          finishWrite(op);
          dropped = true;
        }
      }
    } while (dropped);
  }

  private void failFlush(Waiter waiter) {
    switch (waiter) {
      case Waiter.ClientFlush(int slot) -> {
        effects.complete(slot, Result.IO_ERROR);
        effects.release(slot);
      }
      case Waiter.ForcedWrite(int slot) -> finishWrite(ops[slot]); // answered with the writes
      case Waiter.SyncEnd _, Waiter.Adoption _, Waiter.Demotion _, Waiter.Background _ -> {}
    }
  }

  private void fence(String why) {
    if (!fenced) {
      fenced = true;
      effects.fenced(why);
      effects.report(Notice.FENCED);
    }
  }

  /// The local disk is of no use any more. A primary whose peer is in step goes on with the peer's
  /// copy; any other stops.
  private void diskFailed(String what) {
    if (disk == DiskState.FAILED) {
      return;
    }
    disk = DiskState.FAILED;
    effects.report(Notice.DISK);
    if (role == Role.PRIMARY && !fenced && phase == Phase.IN_STEP && peerDisk.servable()) {
      soleCopy = SoleCopy.ASKED;
      effects.send(session, new PeerMessage.DiskFailed());
      for (var op : List.copyOf(mapWaiters)) {
        op.waitsForMap = false;
        heldBack.add(op);
      }
      mapWaiters.clear();
      // As well as it can be done: after a restart this copy must not pass for a good one, even if
      // the peer falls before it has recorded the same.
      writeMetadata(Then.NOTHING, 0, DiskState.INCONSISTENT);
      return;
    }
    if (session != 0) {
      effects.closeSession(session, what);
    }
    if (role == Role.PRIMARY) {
      fence(what);
    }
  }

  /// The peer knows, durably, that its copy is the only one: what waited goes on there.
  private void soleCopyConfirmed() {
    soleCopy = SoleCopy.CONFIRMED;
    for (int i = 0; i < settings.clientSlots(); i++) {
      if (ops[i].kind == Kind.CLIENT_WRITE && ops[i].locked && !heldBack.contains(ops[i])) {
        settleWrite(ops[i]);
      }
    }
    releaseHeldBack();
    pumpFlush();
    continueDemotion();
  }

  /// The primary's disk failed: this copy goes on under a new generation, so that whatever is left
  /// over there can never pass for as good. What was received before, and perhaps answered
  /// (memsync), is on this disk before that is confirmed.
  private void becomeSoleCopy() {
    peerDisk = DiskState.FAILED;
    soleCopyAsked = true;
    soleCopyAfterWrite = peerWrites;
    differences.markAllDifferent();
    markDifferencesInMap();
    if (!identity.alone()) {
      identity = identity.goOnAlone(ids.getAsLong());
      aloneDurable = false;
      writeMetadata(Then.SOLE_COPY, 0);
    }
    effects.report(Notice.DISK);
    confirmSoleCopy();
  }

  private void confirmSoleCopy() {
    if (soleCopyAsked
        && phase == Phase.IN_STEP
        && aloneReady()
        && soleCopyAfterWrite < oldestPeerWrite()
        && !map.writeDue()
        && !map.undurableLeft()) {
      soleCopyAsked = false;
      effects.send(session, new PeerMessage.SoleCopyTaken());
    }
  }

  /// Somebody knows that the peer lives on without this copy.
  public void markOutdated() {
    if (role == Role.SECONDARY
        && !phase.agreed()
        && (disk == DiskState.UP_TO_DATE || disk == DiskState.CONSISTENT)) {
      disk = DiskState.OUTDATED;
      writeMetadata(Then.NOTHING, 0);
      effects.report(Notice.DISK);
    }
  }

  /// The operator named this node as survivor: takes an earlier word to the contrary back.
  public void standAsSurvivor() {
    yields = false;
  }

  /// The operator named the peer as survivor: at the next meeting this copy gives way.
  public void yieldToPeer() {
    yields = true;
    splitBrain = false;
  }

  // ---------------------------------------------------------------------------------- clients

  /// A client writes. Answered by `complete` and, when the buffer is free, `release`.
  public void clientWrite(
      int slot, long offsetBytes, int lengthBytes, WriteKind kind, boolean fua) {
    if (refusesClients()) {
      effects.complete(slot, Result.IO_ERROR);
      effects.release(slot);
      return;
    }
    sync.pace().clientActive();
    var op = ops[slot];
    op.begin(Kind.CLIENT_WRITE, offsetBytes, lengthBytes);
    op.writeKind = kind;
    op.fua = fua;
    if (ranges.acquireOrWait(op)) {
      startWrite(op);
    }
  }

  /// A client reads. Answered by `complete` and `release`.
  public void clientRead(int slot, long offsetBytes, int lengthBytes) {
    if (refusesClients()) {
      effects.complete(slot, Result.IO_ERROR);
      effects.release(slot);
      return;
    }
    sync.pace().clientActive();
    var op = ops[slot];
    op.begin(Kind.CLIENT_READ, offsetBytes, lengthBytes);
    if (soleCopy != SoleCopy.NONE) {
      readFromPeer(op);
    } else {
      op.localPending = true;
      effects.readLocal(slot, offsetBytes, lengthBytes);
    }
  }

  /// A client flushes. Answered by `complete` and `release`.
  public void clientFlush(int slot) {
    if (refusesClients()) {
      effects.complete(slot, Result.IO_ERROR);
      effects.release(slot);
      return;
    }
    flushes.add(new Waiter.ClientFlush(slot));
    pumpFlush();
  }

  private boolean refusesClients() {
    return role != Role.PRIMARY || cutOff || demotion != 0;
  }

  /// The op holds its range now.
  private void granted(Op op) {
    switch (op.kind) {
      case SYNC_COPY -> sync.granted(op);
      case CLIENT_READ -> {
        op.waitsForRange = false;
        askPeer(op);
      }
      case CLIENT_WRITE -> startWrite(op);
      case FREE, PEER_WRITE, PEER_READ, REPAIR ->
          Check.invariant(false, "a range was waited for by " + op);
    }
  }

  private void startWrite(Op op) {
    if (op.answered) { // failed while it waited for its range
      finishWrite(op);
      return;
    }
    if (disk == DiskState.FAILED || map.mark(op.offset, op.length)) {
      runWrite(op);
    } else {
      op.waitsForMap = true;
      mapWaiters.add(op);
      pumpMap();
    }
  }

  private void runWrite(Op op) {
    if (holdsWrites()) {
      heldBack.add(op);
      return;
    }
    if (soleCopy == SoleCopy.CONFIRMED) {
      op.remotePending = true;
      op.session = session;
      effects.sendWrite(session, op.slot, op.offset, op.length, op.writeKind);
      return;
    }
    op.localPending = true;
    if (phase.peerTakesWrites()) {
      op.remotePending = true;
      op.session = session;
      effects.sendWrite(session, op.slot, op.offset, op.length, op.writeKind);
    } else {
      differences.markDifferent(op.offset, op.length);
      goOnAlone();
    }
    effects.writeLocal(op.slot, op.offset, op.length, op.writeKind);
  }

  /// While it is being settled whether the peer is in step, a write neither goes to the peer nor
  /// makes it outdated; the wait is as short as a message, or ends with the session. On a failed
  /// disk nothing is begun, unless the peer's copy takes its place.
  private boolean holdsWrites() {
    return (disk == DiskState.FAILED && soleCopy != SoleCopy.CONFIRMED)
        || phase == Phase.SOURCE_RECORDING_CLEAN
        || ((phase == Phase.SOURCE_MARKING || phase == Phase.SOURCE_ANNOUNCED)
            && !identity.alone());
  }

  private void releaseHeldBack() {
    while (!heldBack.isEmpty() && !holdsWrites()) {
      runWrite(heldBack.removeFirst());
    }
  }

  /// Draws a new generation unless this copy went on alone already.
  private void goOnAlone() {
    // A fenced node answers nothing: what it is asked to write makes it no party to a split brain.
    if (!identity.alone() && disk != DiskState.FAILED && !fenced) {
      identity = identity.goOnAlone(ids.getAsLong());
      aloneDurable = false;
      writeMetadata(Then.ALONE, 0);
      if (phase == Phase.NEGOTIATING) {
        effects.closeSession(session, "went on alone while negotiating");
      }
    }
  }

  private boolean aloneReady() {
    return identity.alone() && aloneDurable;
  }

  /// The one place that decides whether a write may be answered (W1 to W4).
  private boolean mayAnswer(Op op) {
    if (fenced || op.answered || op.localPending) {
      return false;
    }
    if (disk == DiskState.FAILED) {
      // In every mode: there is no other copy.
      return soleCopy == SoleCopy.CONFIRMED && op.remoteOk;
    }
    if (!op.localOk) {
      return false;
    }
    if (op.remotePending) {
      return !op.fua
          && switch (mode) {
            case FULLSYNC -> false;
            case MEMSYNC -> op.remoteReceived;
            case ASYNC -> true;
          };
    }
    return op.remoteOk || aloneReady();
  }

  private void settleWrite(Op op) {
    if (op.awaitsFlush) {
      return;
    }
    if (mayAnswer(op)) {
      if (op.fua) {
        // Counted as unflushed first: the flush that starts now covers it.
        markIfOnBoth(op);
        op.awaitsFlush = true;
        flushes.add(new Waiter.ForcedWrite(op.slot));
        pumpFlush();
        return;
      }
      op.answered = true;
      effects.complete(op.slot, Result.OK);
    }
    if (op.answered && !op.localPending && !op.remotePending) {
      markIfOnBoth(op);
      finishWrite(op);
    }
  }

  private void markIfOnBoth(Op op) {
    if (op.remoteOk) {
      differences.markUnflushed(op.offset, op.length);
      op.remoteOk = false;
    }
  }

  private void finishWrite(Op op) {
    op.kind = Kind.FREE;
    effects.release(op.slot);
    ranges.release(op, this::granted);
    continueDemotion();
  }

  // ---------------------------------------------------------------------------------- local disk

  /// Answer to `writeLocal`.
  public void localWritten(int slot, boolean ok) {
    var op = ops[slot];
    switch (op.kind) {
      case CLIENT_WRITE -> {
        op.localPending = false;
        op.localOk = ok;
        if (!ok) {
          diskFailed("a write to the local disk failed");
        }
        settleWrite(op);
      }
      case PEER_WRITE -> {
        op.kind = Kind.FREE;
        if (!ok) {
          diskFailed("a write to the local disk failed");
        }
        effects.ackWritten(op.session, slot, ok);
        startPeerFlushes();
        confirmSoleCopy();
        if (promotion != 0 && !promotionAsked) {
          decidePromotion();
        }
      }
      case REPAIR -> {
        op.localPending = false;
        if (ok) {
          effects.report(Notice.REPAIRED);
        } else {
          diskFailed("a block that could not be read could not be written either");
        }
        endRepair(op);
      }
      case FREE, CLIENT_READ, SYNC_COPY, PEER_READ ->
          Check.invariant(false, "local write answered for " + op);
    }
  }

  /// Answer to `readLocal`.
  public void localRead(int slot, boolean diskSaysOk) {
    var op = ops[slot];
    boolean ok = diskSaysOk && disk != DiskState.FAILED;
    switch (op.kind) {
      case CLIENT_READ -> {
        op.localPending = false;
        if (op.answered) {
          endRead(op);
        } else if (ok && !fenced) {
          op.answered = true;
          effects.complete(slot, Result.OK);
          endRead(op);
        } else if (!ok) {
          effects.report(Notice.DISK);
          readFromPeer(op);
        }
      }
      case PEER_READ -> {
        op.kind = Kind.FREE;
        effects.answerRead(op.session, slot, ok);
      }
      case FREE, CLIENT_WRITE, PEER_WRITE, SYNC_COPY, REPAIR ->
          Check.invariant(false, "read answered for " + op);
    }
  }

  /// R6: what cannot be read here is read from the peer. Under a range lock, so that the peer has
  /// every write that was answered before.
  private void readFromPeer(Op op) {
    if (ranges.acquireOrWait(op)) {
      askPeer(op);
    } else {
      op.waitsForRange = true;
    }
  }

  private void askPeer(Op op) {
    if (op.answered) { // failed while it waited for its range
      endRead(op);
    } else if (peerHolds(op)) {
      op.remotePending = true;
      op.session = session;
      effects.sendRead(session, op.slot, op.offset, op.length);
    } else {
      readFailed(op);
    }
  }

  /// True when the peer's copy of the op's range is as good as this node's.
  private boolean peerHolds(Op op) {
    return phase.peerTakesWrites()
        && !differences.differs(op.offset, op.length)
        && peerDisk != DiskState.FAILED;
  }

  /// Neither copy can be read. A fenced node answers nothing; its clients hear of it when it gives
  /// up.
  private void readFailed(Op op) {
    if (!fenced) {
      op.answered = true;
      effects.complete(op.slot, Result.IO_ERROR);
      endRead(op);
    }
  }

  private void endRead(Op op) {
    op.kind = Kind.FREE;
    effects.release(op.slot);
    if (op.locked) {
      ranges.release(op, this::granted);
    }
    continueDemotion();
  }

  /// Writes again what could be read from the peer only, so that the disk can put it elsewhere.
  /// Left out when no slot is free: the next read of the block comes here again.
  private void repair(long offset, int length) {
    var op = disk == DiskState.FAILED ? null : sync.freeOp();
    if (op == null) {
      return;
    }
    op.begin(Kind.REPAIR, offset, length);
    if (!ranges.tryAcquire(op)) {
      op.kind = Kind.FREE; // a client writes there now, which repairs it too
    } else if (peerHolds(op)) {
      op.remotePending = true;
      op.session = session;
      effects.sendRead(session, op.slot, op.offset, op.length);
    } else {
      endRepair(op);
    }
  }

  private void endRepair(Op op) {
    op.kind = Kind.FREE;
    ranges.release(op, this::granted);
    continueDemotion();
    sync.pump();
  }

  /// Answer to `flushLocal`.
  public void localFlushed(long flushId, boolean ok) {
    Check.invariant(flushes.isCurrent(flushId), "flush not under way");
    if (!ok) {
      diskFailed("a flush of the local disk failed");
    }
    flushes.localDone(ok);
    endFlushRound();
  }

  /// Answer to `writeMap`.
  public void mapWritten(long token, boolean ok) {
    if (!ok) {
      diskFailed("the activemap cannot be written");
      return;
    }
    map.written(token);
    for (int i = mapWaiters.size(); i > 0; i--) {
      var op = mapWaiters.removeFirst();
      if (map.durable(op.offset, op.length)) {
        op.waitsForMap = false;
        runWrite(op);
      } else {
        mapWaiters.addLast(op);
      }
    }
    pumpMap();
    if (phase == Phase.SOURCE_MARKING) {
      sourceMarked();
    }
    confirmSoleCopy();
  }

  private void pumpMap() {
    if (map.writeDue() && disk != DiskState.FAILED) {
      map.clean(this::extentNeeded, false);
      var parts = new ArrayList<Effects.MapPart>();
      long token =
          map.startWrite(
              (offset, image) -> parts.add(new Effects.MapPart(offset, ByteBuffer.wrap(image))));
      effects.writeMap(token, parts);
    }
  }

  private boolean extentNeeded(long extent) {
    long start = extent * settings.extentSizeBytes();
    long end = start + settings.extentSizeBytes();
    if (differences.touches(start, end)) {
      return true;
    }
    var held = ranges.held();
    for (int i = 0; i < held.size(); i++) {
      var op = held.get(i);
      if (op.offset < end && start < op.offset + op.length) {
        return true;
      }
    }
    return false;
  }

  private void writeMetadata(Then then, long request) {
    writeMetadata(then, request, disk);
  }

  private void writeMetadata(Then then, long request, DiskState recorded) {
    long token = ++lastToken;
    metadataWrites.addLast(new MetadataWrite(token, then, session, request, identity));
    effects.writeMetadata(token, role, recorded, identity);
  }

  /// Answer to `writeMetadata`.
  public void metadataWritten(long token, boolean ok) {
    var write = metadataWrites.removeFirst();
    Check.invariant(write.token == token, "metadata writes out of order");
    if (!ok) {
      metadataFailed(write);
      return;
    }
    // What counts is what this write recorded: a newer identity may wait behind it.
    aloneDurable =
        identity.alone()
            && write.identity.alone()
            && write.identity.generation() == identity.generation();
    boolean sameSession = write.forSession == session;
    switch (write.then) {
      case NOTHING -> {}
      case ALONE -> {
        afterAlone();
      }
      case TARGET_MARKED -> {
        if (sameSession && phase == Phase.TARGET_MARKING) {
          phase = Phase.RECEIVING;
          effects.send(session, new PeerMessage.SyncReady());
        }
      }
      case ADOPTED -> {
        if (sameSession && phase == Phase.ADOPTING) {
          phase = Phase.IN_STEP;
          effects.send(session, new PeerMessage.InStepDone());
          effects.report(Notice.SYNC_DONE);
        }
      }
      case NOT_ALONE -> {
        if (sameSession
            && (phase == Phase.SOURCE_RECORDING || phase == Phase.SOURCE_RECORDING_CLEAN)) {
          offer();
        }
      }
      case PROMOTED -> promoted(write.request);
      case DEMOTED -> demoted(write.request);
      case SOLE_COPY -> {
        confirmSoleCopy();
      }
    }
  }

  private void metadataFailed(MetadataWrite write) {
    if (write.then == Then.PROMOTED) {
      role = Role.SECONDARY;
      fenced = false;
    }
    diskFailed("the metadata cannot be written");
    switch (write.then) {
      case PROMOTED -> effects.roleDecided(write.request, Verdict.DISK_UNUSABLE);
      case DEMOTED -> demoted(write.request);
      case NOTHING, ALONE, TARGET_MARKED, ADOPTED, NOT_ALONE, SOLE_COPY -> {}
    }
  }

  /// The new generation is durable: what waited for it may be answered.
  private void afterAlone() {
    if (!aloneReady()) {
      return;
    }
    for (int i = 0; i < settings.clientSlots(); i++) {
      if (ops[i].kind == Kind.CLIENT_WRITE && ops[i].locked) {
        settleWrite(ops[i]);
      }
    }
    var waiters = List.copyOf(waitForAlone);
    waitForAlone.clear();
    waiters.forEach(this::flushed);
    if (phase == Phase.SOURCE_MARKING) {
      sourceMarked();
    }
    continueDemotion();
  }

  // ---------------------------------------------------------------------------------- flush

  private void pumpFlush() {
    if (disk == DiskState.FAILED) {
      if (flushes.due() && soleCopy == SoleCopy.CONFIRMED) {
        long id = flushes.start(true);
        flushes.localDone(true);
        effects.sendFlush(session, id);
      }
      return;
    }
    if (flushes.due()) {
      boolean withPeer = phase.peerTakesWrites();
      differences.flushStarts();
      long id = flushes.start(withPeer);
      if (withPeer) {
        effects.sendFlush(session, id);
      }
      effects.flushLocal(id);
    }
  }

  /// The peer's answer to `sendFlush`.
  public void peerFlushed(long fromSession, long flushId, boolean ok) {
    if (fromSession != session || !flushes.isCurrent(flushId)) {
      return;
    }
    if (!ok) {
      effects.closeSession(session, "a flush failed on the peer");
      return;
    }
    flushes.remoteDone();
    endFlushRound();
  }

  private void endFlushRound() {
    if (!flushes.ended()) {
      return;
    }
    boolean coveredPeer = flushes.coveredPeer();
    if (!flushes.localOk()) {
      // What a failed fsync left is unknown. Who waited is answered by the peer's disk, or with the
      // others when this node gives up.
      var waiters = flushes.end();
      waiters.forEach(flushes::add);
      pumpFlush();
      continueDemotion();
      return;
    }
    if (coveredPeer) {
      differences.flushEnded();
    }
    for (var waiter : flushes.end()) {
      if (!coveredPeer && forClient(waiter) && !differences.different().isEmpty()) {
        goOnAlone();
        if (!aloneReady()) {
          waitForAlone.add(waiter);
          continue;
        }
      }
      flushed(waiter);
    }
    pumpFlush();
    continueDemotion();
  }

  private static boolean forClient(Waiter waiter) {
    return waiter instanceof Waiter.ClientFlush
        || waiter instanceof Waiter.ForcedWrite
        || waiter instanceof Waiter.Demotion;
  }

  private void flushed(Waiter waiter) {
    switch (waiter) {
      case Waiter.ClientFlush(int slot) -> {
        if (!fenced) {
          effects.complete(slot, Result.OK);
          effects.release(slot);
        } else {
          waitForAlone.add(waiter);
        }
      }
      case Waiter.ForcedWrite(int slot) -> {
        if (!fenced) {
          ops[slot].answered = true;
          effects.complete(slot, Result.OK);
          finishWrite(ops[slot]);
        } else {
          waitForAlone.add(waiter);
        }
      }
      case Waiter.SyncEnd(long forSession) -> {
        if (forSession == session && phase == Phase.SOURCE_FLUSHING) {
          syncFlushed();
        }
      }
      case Waiter.Adoption(long forSession, Identity adopted) -> {
        if (forSession == session && phase == Phase.ADOPTING) {
          identity = adopted;
          aloneDurable = false;
          disk = DiskState.UP_TO_DATE;
          yields = false;
          splitBrain = false;
          differences.different().clear();
          writeMetadata(Then.ADOPTED, 0);
        }
      }
      case Waiter.Demotion() -> {
        if (demotion != 0) {
          recordDemotion();
        }
      }
      case Waiter.Background() -> {}
    }
  }

  /// Called about once a second; the only passing of time the core knows.
  public void tick() {
    unflushedTicks = differences.hasUnflushed() ? unflushedTicks + 1 : 0;
    if (unflushedTicks >= BACKGROUND_FLUSH_TICKS && phase.peerTakesWrites() && !flushes.running()) {
      unflushedTicks = 0;
      flushes.add(new Waiter.Background());
      pumpFlush();
    }
    if (fenced && demotion != 0) {
      // Fenced on the way down: nobody is waited for that can no longer be answered.
      failAll();
      continueDemotion();
    }
    sync.tick();
  }

  // ---------------------------------------------------------------------------------- session

  /// Starts a session: what to tell the peer. Only when [#readyForSession].
  ///
  /// @param newSession number of the session, larger than any before, not 0
  public Hello openSession(long newSession) {
    Check.invariant(readyForSession(), "not ready for a session");
    session = newSession;
    phase = Phase.NEGOTIATING;
    ownHello =
        new Hello(
            settings.nodeName(),
            role,
            wasPrimary,
            toldDisk(),
            identity,
            settings.dataSizeBytes(),
            ids.getAsLong(),
            yields,
            differences.different().copy());
    return ownHello;
  }

  /// Both hellos are exchanged and the block connection stands.
  public void connected(long ofSession, Hello fromPeer) {
    var mine = ownHello;
    if (ofSession != session || phase != Phase.NEGOTIATING || mine == null) {
      return;
    }
    if (mine.role() != role || mine.disk() != toldDisk() || !mine.identity().equals(identity)) {
      effects.closeSession(session, "this node changed while negotiating");
      return;
    }
    peerHello = fromPeer;
    peerRole = fromPeer.role();
    peerDisk = fromPeer.disk();
    switch (Negotiation.decide(mine, fromPeer)) {
      case Agreement.Refused(var reason) -> refuse(reason);
      case Agreement.Fenced(var reason) -> {
        refuse(reason);
        peerNewer |= reason == RefusalReason.OUTDATED_PRIMARY;
        fence(reason.text());
      }
      case Agreement.Source(boolean full, long resuid) -> {
        agree(resuid);
        disk = DiskState.UP_TO_DATE;
        startAsSource(full);
      }
      case Agreement.Target(boolean full, long resuid) -> {
        agree(resuid);
        if (disk != DiskState.INCONSISTENT) {
          // From now on it is known that the peer has more; only being in step changes that.
          disk = DiskState.OUTDATED;
          writeMetadata(Then.NOTHING, 0);
        }
        phase = Phase.TARGET_AGREED;
      }
      case Agreement.Waiting(boolean full, long resuid) -> {
        agree(resuid);
        disk = DiskState.UP_TO_DATE;
        waitingFull = full;
        phase = Phase.WAITING;
      }
    }
    if (promotion != 0) {
      decidePromotion();
    }
  }

  private void agree(long resuid) {
    refusal = null;
    peerNewer = false;
    splitBrain = false;
    if (identity.resuid() != resuid) {
      identity = identity.withResuid(resuid);
      writeMetadata(Then.NOTHING, 0);
    }
    effects.report(Notice.CONNECT);
  }

  private void refuse(RefusalReason reason) {
    boolean news = refusal != reason;
    refusal = reason;
    if (reason == RefusalReason.SPLIT_BRAIN) {
      splitBrain = true;
    }
    if (news) {
      effects.report(reason == RefusalReason.SPLIT_BRAIN ? Notice.SPLIT_BRAIN : Notice.REFUSED);
    }
    effects.closeSession(session, reason.text());
  }

  /// The session ended, whoever ended it. Nothing of it is heard afterwards.
  public void disconnected(long ofSession) {
    if (ofSession != session) {
      return;
    }
    boolean interrupted = phase == Phase.COPYING || phase == Phase.RECEIVING;
    boolean wasAgreed = phase.agreed();
    session = 0;
    phase = Phase.APART;
    peerRole = Role.INIT;
    peerDisk = DiskState.DISKLESS;
    ownHello = null;
    peerHello = null;
    soleCopyAsked = false;
    if (soleCopy != SoleCopy.NONE) {
      soleCopy = SoleCopy.NONE;
      if (role == Role.PRIMARY) {
        fence("the local disk failed and the peer is gone");
      }
    }
    losePeer();
    if (interrupted) {
      effects.report(Notice.SYNC_INTERRUPTED);
    }
    if (wasAgreed) {
      effects.report(Notice.DISCONNECT);
    }
    if (promotion != 0) {
      promotionAsked = false;
      decidePromotion();
    }
    releaseHeldBack();
  }

  private void losePeer() {
    boolean answeredAlready = false;
    for (int i = 0; i < settings.clientSlots() + settings.syncSlots(); i++) {
      var op = ops[i];
      if (op.remotePending) {
        op.remotePending = false;
        op.remoteOk = false;
        if (op.kind == Kind.CLIENT_WRITE) {
          differences.markDifferent(op.offset, op.length);
          answeredAlready |= op.answered;
          if (!op.answered) {
            goOnAlone();
          }
        }
      } else if (op.kind == Kind.CLIENT_WRITE && op.remoteOk) {
        // Acknowledged by the peer, but not counted as unflushed yet.
        differences.markDifferent(op.offset, op.length);
      }
    }
    differences.peerLost();
    if (answeredAlready) {
      goOnAlone();
    }
    flushes.peerLost();
    for (int i = 0; i < settings.clientSlots() + settings.syncSlots(); i++) {
      var op = ops[i];
      switch (op.kind) {
        case CLIENT_WRITE -> {
          if (op.locked && !op.waitsForMap && !heldBack.contains(op)) {
            settleWrite(op);
          }
        }
        case SYNC_COPY -> sync.peerLost(op);
        case CLIENT_READ -> {
          if (op.locked && op.answered) {
            endRead(op);
          } else if (op.locked) {
            readFailed(op);
          }
        }
        case REPAIR -> {
          if (!op.localPending) {
            endRepair(op);
          }
        }
        case FREE, PEER_WRITE, PEER_READ -> {}
      }
    }
    endFlushRound();
  }

  /// A message of the peer, in order with its data.
  public void message(long ofSession, PeerMessage message) {
    if (ofSession != session || !phase.agreed()) {
      return;
    }
    switch (message) {
      case PeerMessage.StateChanged(var newRole, var newDisk) -> peerChanged(newRole, newDisk);
      case PeerMessage.PromotionRequest() -> peerWantsPromotion();
      case PeerMessage.PromotionAnswer(boolean granted) -> promotionAnswered(granted);
      case PeerMessage.MapTaken() -> {
        if (expects(phase == Phase.TARGET_AGREED || phase == Phase.WAITING)) {
          differences.different().clear();
          map.clean(this::extentNeeded, true);
          pumpMap();
          phase = Phase.TARGET_AGREED;
        }
      }
      case PeerMessage.SyncStart() -> {
        if (expects(phase == Phase.TARGET_AGREED || phase == Phase.WAITING)) {
          phase = Phase.TARGET_MARKING;
          disk = DiskState.INCONSISTENT;
          var peer = peerHello;
          if (peer != null && !peer.identity().continues(identity)) {
            // This side lost a split brain. Its own branch ends here, or an interruption would find
            // the split brain again.
            identity = identity.backToWherePartedFrom(peer.identity());
            aloneDurable = false;
          }
          effects.report(Notice.SYNC_START);
          writeMetadata(Then.TARGET_MARKED, 0);
        }
      }
      case PeerMessage.SyncReady() -> {
        if (expects(phase == Phase.SOURCE_ANNOUNCED)) {
          phase = Phase.COPYING;
          peerDisk = DiskState.INCONSISTENT;
          effects.report(Notice.SYNC_START);
          releaseHeldBack();
          sync.begin();
        }
      }
      case PeerMessage.InStep(var adopted) -> {
        if (expects(phase == Phase.RECEIVING || phase == Phase.TARGET_AGREED)) {
          phase = Phase.ADOPTING;
          flushes.add(new Waiter.Adoption(session, adopted));
          pumpFlush();
        }
      }
      case PeerMessage.InStepDone() -> {
        if (expects(phase == Phase.OFFERED)) {
          phase = Phase.IN_STEP;
          peerDisk = DiskState.UP_TO_DATE;
          yields = false;
          map.clean(this::extentNeeded, true);
          pumpMap();
          effects.report(Notice.SYNC_DONE);
          sync.pump();
        }
      }
      case PeerMessage.DiskFailed() -> {
        if (expects(phase == Phase.IN_STEP && role != Role.PRIMARY)) {
          becomeSoleCopy();
        }
      }
      case PeerMessage.SoleCopyTaken() -> {
        if (expects(soleCopy == SoleCopy.ASKED)) {
          soleCopyConfirmed();
        }
      }
    }
  }

  private boolean expects(boolean rightPhase) {
    if (!rightPhase) {
      effects.closeSession(session, "the peer's message does not fit phase " + phase);
    }
    return rightPhase;
  }

  private void peerChanged(Role newRole, DiskState newDisk) {
    peerRole = newRole;
    peerDisk = newDisk;
    if (newRole == Role.PRIMARY && role == Role.PRIMARY) {
      effects.closeSession(session, RefusalReason.BOTH_PRIMARY.text());
    } else if (newRole == Role.PRIMARY
        && phase == Phase.IN_STEP
        && !differences.different().isEmpty()) {
      // What a verification found and nobody repaired: the new primary learns it from our hello.
      effects.closeSession(session, "blocks that differ are known to this node only");
    }
    effects.report(Notice.ROLE);
  }

  private void peerWantsPromotion() {
    boolean granted = role != Role.PRIMARY && !phase.source();
    var peer = peerHello;
    if (granted && promotion != 0 && peer != null) {
      // Both want it at once: the lower name goes first, and the other is told so.
      granted = peer.nodeName().compareTo(settings.nodeName()) < 0;
    }
    if (granted) {
      peerRole = Role.PRIMARY;
      if (promotion != 0) {
        endPromotion(Verdict.PEER_IS_PRIMARY);
      }
    }
    effects.send(session, new PeerMessage.PromotionAnswer(granted));
  }

  private void promotionAnswered(boolean granted) {
    if (promotion == 0 || !promotionAsked) {
      return;
    }
    if (granted) {
      promote(Verdict.ALLOWED);
    } else {
      endPromotion(Verdict.PEER_IS_PRIMARY);
    }
  }

  // ---------------------------------------------------------------------------------- source

  private void startAsSource(boolean full) {
    phase = Phase.SOURCE_MARKING;
    var peer = peerHello;
    if (full) {
      differences.markAllDifferent();
    } else if (peer != null) {
      differences.different().addAll(peer.different());
    }
    if (identity.virgin()) {
      goOnAlone(); // or the target could not be told from the source afterwards
    }
    markDifferencesInMap();
    if (!map.writeDue() && !map.undurableLeft()) {
      sourceMarked();
    } else {
      pumpMap();
    }
  }

  private void markDifferencesInMap() {
    var different = differences.different();
    for (long block = different.next(0); block >= 0; ) {
      long end = different.runEnd(block, different.size());
      long start = differences.startOf(block);
      map.mark(start, differences.endOf(end) - start);
      block = different.next(end);
    }
    pumpMap();
  }

  private void sourceMarked() {
    if (map.undurableLeft() || (identity.alone() && !aloneDurable)) {
      return; // called again when the next write is durable
    }
    effects.send(session, new PeerMessage.MapTaken());
    if (differences.different().isEmpty()) {
      phase = Phase.SOURCE_RECORDING_CLEAN;
      recordNotAlone();
    } else {
      phase = Phase.SOURCE_ANNOUNCED;
      sync.announce();
      effects.send(session, new PeerMessage.SyncStart());
    }
  }

  private void recordNotAlone() {
    if (identity.alone()) {
      // Who waits for the generation that is over now is answered by a flush of both copies.
      waitForAlone.forEach(flushes::add);
      waitForAlone.clear();
      identity = identity.noLongerAlone();
      aloneDurable = false;
      writeMetadata(Then.NOT_ALONE, 0);
      pumpFlush();
    } else {
      offer();
    }
  }

  private void offer() {
    phase = Phase.OFFERED;
    effects.send(session, new PeerMessage.InStep(identity.asSeenByTarget()));
    releaseHeldBack();
  }

  /// What the synchronisation needs of this core.
  private final class SyncHost implements Synchronisation.Host {
    @Override
    public Synchronisation.Work work() {
      if (phase == Phase.COPYING) {
        return Synchronisation.Work.COPY;
      }
      return phase == Phase.IN_STEP
              && role == Role.PRIMARY
              && !fenced
              && demotion == 0
              && disk != DiskState.FAILED
              && peerDisk != DiskState.FAILED
          ? Synchronisation.Work.IN_STEP
          : Synchronisation.Work.NONE;
    }

    @Override
    public long session() {
      return session;
    }

    @Override
    public void release(Op op) {
      ranges.release(op, ReplicationCore.this::granted);
      continueDemotion();
    }

    @Override
    public void copied() {
      phase = Phase.SOURCE_FLUSHING;
      flushes.add(new Waiter.SyncEnd(session));
      pumpFlush();
    }

    @Override
    public void repaired() {
      flushes.add(new Waiter.Background());
      pumpFlush();
    }

    @Override
    public void unreadable(long offsetBytes, int lengthBytes) {
      repair(offsetBytes, lengthBytes);
    }

    @Override
    public void markInMap(long offsetBytes, long lengthBytes) {
      map.mark(offsetBytes, lengthBytes);
      pumpMap();
    }
  }

  private void syncFlushed() {
    if (!differences.different().isEmpty()) {
      phase = Phase.COPYING;
      sync.pump();
      return;
    }
    phase = Phase.SOURCE_RECORDING;
    recordNotAlone();
  }

  // ---------------------------------------------------------------------------------- sync orders

  /// So much time has passed; called several times a second while anything is synchronised.
  public void pace(long elapsedMicros) {
    sync.elapsed(elapsedMicros);
  }

  /// The configured limit of a synchronisation; `Long.MAX_VALUE` is none.
  public void configureSyncRate(long bytesPerSecond) {
    sync.pace().configure(bytesPerSecond);
  }

  /// An operator wants the differences copied now, from this primary.
  ///
  /// @param full copy what differs of all blocks, whatever is known
  /// @param bytesPerSecond limit for this run; 0 as configured, `Long.MAX_VALUE` none
  public SyncVerdict orderSync(boolean full, long bytesPerSecond) {
    var verdict = judgeSync();
    if (verdict == SyncVerdict.ALLOWED) {
      sync.pause(false);
      sync.pace().order(bytesPerSecond);
      if (full) {
        differences.markAllDifferent();
        markDifferencesInMap();
      }
      if (phase == Phase.COPYING) {
        sync.more();
      } else {
        sync.repair();
      }
    }
    return verdict;
  }

  /// An operator wants copying and comparing to rest, or to go on.
  public SyncVerdict pauseSync(boolean pause) {
    var verdict = judgeSync();
    if (verdict == SyncVerdict.ALLOWED) {
      sync.pause(pause);
    }
    return verdict;
  }

  /// An operator wants both copies compared.
  ///
  /// @param repair copy what was found afterwards
  public SyncVerdict orderVerify(boolean repair) {
    var verdict = judgeVerify();
    if (verdict == SyncVerdict.ALLOWED) {
      sync.verify(repair);
    }
    return verdict;
  }

  /// Goes on where [#stopVerify] stopped, or starts.
  public SyncVerdict resumeVerify() {
    var verdict = judgeVerify();
    if (verdict == SyncVerdict.ALLOWED && !sync.resumeVerify()) {
      sync.verify(false);
    }
    return verdict;
  }

  /// Stops comparing; what is left is remembered.
  public SyncVerdict stopVerify() {
    sync.stopVerify();
    return SyncVerdict.ALLOWED;
  }

  private SyncVerdict judgeSync() {
    if (!phase.agreed()) {
      return SyncVerdict.NOT_CONNECTED;
    }
    if (disk == DiskState.FAILED || peerDisk == DiskState.FAILED) {
      return SyncVerdict.NOT_IN_STEP;
    }
    return role == Role.PRIMARY || phase.source() ? SyncVerdict.ALLOWED : SyncVerdict.NOT_PRIMARY;
  }

  private SyncVerdict judgeVerify() {
    if (role != Role.PRIMARY) {
      return SyncVerdict.NOT_PRIMARY;
    }
    if (phase != Phase.IN_STEP || disk == DiskState.FAILED || peerDisk == DiskState.FAILED) {
      return phase.agreed() ? SyncVerdict.NOT_IN_STEP : SyncVerdict.NOT_CONNECTED;
    }
    return SyncVerdict.ALLOWED;
  }

  /// Answer to `scanLocal`.
  public void localScanned(int slot, boolean ok, int zeroBytes) {
    var op = ops[slot];
    Check.invariant(op.kind == Kind.SYNC_COPY && op.localPending, "scan answered for " + op);
    sync.scanned(op, ok, zeroBytes);
  }

  /// The peer's answer to `sendCompare`; see [#localCompared].
  public void peerCompared(long fromSession, int slot, int coveredBytes, long differentMask) {
    var op = ops[slot];
    if (fromSession == session && op.kind == Kind.SYNC_COPY && op.comparing) {
      sync.compared(op, coveredBytes, differentMask);
    }
  }

  /// Target: the peer wants a range compared; what to compare it with came along.
  public void peerCompareArrived(long fromSession, int slot, long offsetBytes, int lengthBytes) {
    if (fromSession != session || role == Role.PRIMARY || !phase.acceptsPeerWrites()) {
      effects.answerCompare(fromSession, slot, lengthBytes, -1);
      if (fromSession == session) {
        effects.closeSession(session, "a comparison does not fit phase " + phase);
      }
      return;
    }
    var op = ops[slot];
    op.begin(Kind.PEER_READ, offsetBytes, lengthBytes);
    op.session = fromSession;
    effects.compareLocal(slot, offsetBytes, lengthBytes);
  }

  /// Answer to `compareLocal`.
  ///
  /// @param ok false when the disk refused; then the blocks count as different
  /// @param coveredBytes so many bytes from the start were compared, at least one block: all of a
  ///   range with digests
  /// @param differentMask bit i: the block that ends i blocks before the end of these differs
  public void localCompared(int slot, boolean ok, int coveredBytes, long differentMask) {
    var op = ops[slot];
    op.kind = Kind.FREE;
    if (!ok) {
      effects.report(Notice.DISK);
    }
    effects.answerCompare(op.session, slot, coveredBytes, differentMask);
    if (promotion != 0 && !promotionAsked) {
      decidePromotion();
    }
  }

  // ---------------------------------------------------------------------------------- peer data

  /// The peer has received the write in this slot (memsync).
  public void peerReceived(long fromSession, int slot) {
    var op = ops[slot];
    if (fromSession == session && op.kind == Kind.CLIENT_WRITE && op.remotePending) {
      op.remoteReceived = true;
      settleWrite(op);
    }
  }

  /// The peer's answer to `sendWrite`.
  public void peerWritten(long fromSession, int slot, boolean ok) {
    var op = ops[slot];
    if (fromSession != session || !op.remotePending) {
      return;
    }
    if (!ok) {
      // An error there is a difference like any other: the end of the session marks it (W2).
      effects.closeSession(session, "a write failed on the peer");
      return;
    }
    op.remotePending = false;
    op.remoteOk = true;
    if (op.kind == Kind.SYNC_COPY) {
      sync.written(op);
    } else {
      settleWrite(op);
    }
  }

  /// The peer's answer to `sendRead`.
  public void peerReadDone(long fromSession, int slot, boolean ok) {
    var op = ops[slot];
    if (fromSession != session || !op.remotePending) {
      return;
    }
    op.remotePending = false;
    if (op.kind == Kind.REPAIR) {
      if (ok && disk != DiskState.FAILED) {
        op.localPending = true;
        effects.writeLocal(slot, op.offset, op.length, WriteKind.DATA);
      } else {
        endRepair(op);
      }
    } else if (op.answered) {
      endRead(op);
    } else if (ok && !fenced) {
      op.answered = true;
      effects.complete(slot, Result.OK);
      long offset = op.offset;
      int length = op.length;
      endRead(op);
      repair(offset, length);
    } else if (!ok) {
      readFailed(op);
    }
  }

  /// Target: a write of the peer is complete in this slot.
  ///
  /// @param wantsReceipt memsync: acknowledge the receipt too
  public void peerWriteArrived(
      long fromSession,
      int slot,
      long offsetBytes,
      int lengthBytes,
      WriteKind kind,
      boolean wantsReceipt) {
    if (fromSession != session
        || role == Role.PRIMARY
        || !phase.acceptsPeerWrites()
        || disk == DiskState.FAILED) {
      effects.ackWritten(fromSession, slot, false);
      if (fromSession == session) {
        effects.closeSession(session, "a write of the peer does not fit phase " + phase);
      }
      return;
    }
    var op = ops[slot];
    op.begin(Kind.PEER_WRITE, offsetBytes, lengthBytes);
    op.writeKind = kind;
    op.session = fromSession;
    op.arrival = ++peerWrites;
    if (wantsReceipt) {
      effects.ackReceived(fromSession, slot);
    }
    effects.writeLocal(slot, offsetBytes, lengthBytes, kind);
  }

  /// Target: the peer wants to read.
  public void peerReadArrived(long fromSession, int slot, long offsetBytes, int lengthBytes) {
    if (fromSession != session || !phase.acceptsPeerWrites() || disk == DiskState.FAILED) {
      effects.answerRead(fromSession, slot, false);
      return;
    }
    var op = ops[slot];
    op.begin(Kind.PEER_READ, offsetBytes, lengthBytes);
    op.session = fromSession;
    effects.readLocal(slot, offsetBytes, lengthBytes);
  }

  /// Target: the peer flushes.
  public void peerFlushArrived(long fromSession, long flushId) {
    if (fromSession == session) {
      peerFlushes.addLast(new PeerFlush(fromSession, flushId, peerWrites));
      startPeerFlushes();
    }
  }

  /// A flush covers all writes that came before it, also those that are received (memsync) and not
  /// on the disk yet: it waits for them. Number of the oldest write of the peer that is under way;
  /// very large when there is none.
  private long oldestPeerWrite() {
    long oldest = Long.MAX_VALUE;
    for (int i = settings.clientSlots() + settings.syncSlots(); i < ops.length; i++) {
      if (ops[i].kind == Kind.PEER_WRITE) {
        oldest = Math.min(oldest, ops[i].arrival);
      }
    }
    return oldest;
  }

  private void startPeerFlushes() {
    long oldest = oldestPeerWrite();
    while (!peerFlushes.isEmpty() && peerFlushes.getFirst().afterWrite < oldest) {
      var flush = peerFlushes.removeFirst();
      effects.flushForPeer(flush.session, flush.flushId);
    }
  }

  /// Answer to `flushForPeer`.
  public void peerFlushDone(long fromSession, long flushId, boolean ok) {
    if (!ok) {
      diskFailed("a flush of the local disk failed");
    }
    effects.ackFlushed(fromSession, flushId, ok);
  }

  @Override
  public String toString() {
    return settings.nodeName()
        + "{"
        + role
        + " "
        + phase
        + " "
        + disk
        + (fenced ? " fenced" : "")
        + " gen="
        + Long.toHexString(identity.generation())
        + (identity.alone() ? " alone" : "")
        + " different="
        + differences.different()
        + "}";
  }
}
