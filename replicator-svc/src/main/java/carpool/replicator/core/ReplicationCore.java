package carpool.replicator.core;

import carpool.replicator.core.Effects.Notice;
import carpool.replicator.core.Op.Kind;
import carpool.replicator.core.PromotionRule.Verdict;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The replication state machine of one resource on one node (design section 3).
///
/// Events are method calls, effects are calls of [Effects]; there is no clock, no thread and no
/// I/O. Whoever owns it steps it under one lock. Payloads stay in the slots' buffers outside.
///
/// Invariants (the first and the third are checked from outside by the simulator, the rest after
/// every step by [#checkInvariants]):
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
  /// @param peerName name of the other node; empty with `remote none`
  /// @param sessionWaitTicks how long a promotion waits for a session that would tell whether this
  ///   copy is current, ticks
  /// @param timeoutTicks how long an answer of the peer may take, ticks
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
      int syncChunkBytes,
      String peerName,
      int sessionWaitTicks,
      int timeoutTicks) {}

  /// What was found on the disk.
  ///
  /// @param prevRole role when the metadata was last written
  public record Found(Role prevRole, DiskState disk, Identity identity, BlockSet map) {}

  final CoreState state;
  final Synchronisation sync;
  final RoleChange roles;
  final ClientWrites writes;
  final ClientReads reads;
  final DiskLoss loss;
  final Fencing fencing;
  final DurableRecords records;
  final GoingAlone alone;
  final FlushWork flushing;
  final Meeting meeting;
  final Conversation conversation;
  final SourceSide source;
  final PeerRequests peerRequests;
  final SyncOrders orders;
  final PeerDeadlines deadlines;
  final Doubt doubt;
  final GivingUp givingUp;
  private final Invariants invariants;
  private final Consumer<Op> granted = this::granted;

  /// A core in role init.
  ///
  /// @param ids random numbers, never 0: generations and numbers of pairs
  public ReplicationCore(Settings settings, Found found, LongSupplier ids, Effects effects) {
    state = new CoreState(settings, found, ids, effects);
    roles = new RoleChange(this);
    writes = new ClientWrites(this);
    reads = new ClientReads(this);
    loss = new DiskLoss(this);
    fencing = new Fencing(this);
    records = new DurableRecords(this);
    alone = new GoingAlone(this);
    flushing = new FlushWork(this);
    meeting = new Meeting(this);
    conversation = new Conversation(this);
    source = new SourceSide(this);
    peerRequests = new PeerRequests(this);
    orders = new SyncOrders(this);
    deadlines = new PeerDeadlines(this);
    doubt = new Doubt(this);
    givingUp = new GivingUp(this);
    invariants = new Invariants(this);
    sync =
        new Synchronisation(
            settings, effects, state.ops, state.ranges, state.differences, new SyncHost(this));
  }

  /// What has to hold after every step; whoever steps the core calls this after each.
  ///
  /// @throws Check.Broken when it does not
  public void checkInvariants() {
    invariants.check();
  }

  // ---------------------------------------------------------------------------------- questions

  public Role role() {
    return state.role;
  }

  public Phase phase() {
    return state.phase;
  }

  public DiskState disk() {
    return state.disk;
  }

  public Identity identity() {
    return state.identity;
  }

  /// The peer's last known role; INIT when unknown.
  public Role peerRole() {
    return state.peerRole;
  }

  /// The peer's last known disk state; DISKLESS when unknown.
  public DiskState peerDisk() {
    return state.peerDisk;
  }

  public boolean fenced() {
    return state.fenced;
  }

  public boolean splitBrain() {
    return state.splitBrain;
  }

  /// Why the last meeting ended without a session, or null.
  public @Nullable RefusalReason refusal() {
    return meeting.refusal;
  }

  /// HAST's `complete`: connected, two good copies and nothing to copy.
  public boolean complete() {
    return state.phase == Phase.IN_STEP
        && state.disk != DiskState.FAILED
        && state.peerDisk != DiskState.FAILED
        && state.differences.different().isEmpty();
  }

  /// True when this node's disk failed and it serves from the peer's.
  public boolean servesFromPeer() {
    return state.soleCopy != SoleCopy.NONE;
  }

  /// Upper bound of the bytes that differ.
  public long differentBytes() {
    return state.differences.differentBytes();
  }

  /// Blocks that have to be copied; not to be changed.
  public BlockSet different() {
    return state.differences.different();
  }

  /// Bytes of marked extents (HAST's `dirty`).
  public long markedExtents() {
    return state.map.marked().count();
  }

  /// Where a synchronisation or verification is.
  public SyncProgress syncProgress() {
    return sync.progress();
  }

  /// True when no request of an earlier session is still being carried out here; only then may a
  /// new session start, or an old write could land after a newer one. A primary keeps away for a
  /// while from a peer that made it wait.
  public boolean readyForSession() {
    if (state.phase != Phase.APART || state.role == Role.INIT || !deadlines.mayMeet()) {
      return false;
    }
    return !state.peerRequestsActive();
  }

  /// True when this node knows that the range may differ from the peer, or is writing to it.
  public boolean mayDiffer(long offsetBytes, long lengthBytes) {
    if (state.differences.touches(offsetBytes, offsetBytes + lengthBytes)) {
      return true;
    }
    for (var op : state.ops) {
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
    return roles.judgePromotion();
  }

  /// Number of requests in flight that have a local and a remote part open.
  public int activeWrites() {
    return state.ranges.held().size();
  }

  /// What clients wait for.
  public ClientRequests clientRequests() {
    int local = 0;
    int remote = 0;
    int held = 0;
    for (int i = 0; i < state.settings.clientSlots(); i++) {
      var op = state.ops[i];
      if (op.kind == Kind.CLIENT_WRITE || op.kind == Kind.CLIENT_READ) {
        local += op.localPending ? 1 : 0;
        remote += op.remotePending ? 1 : 0;
        held += op.answered || op.localPending || op.remotePending ? 0 : 1;
      }
    }
    return new ClientRequests(local, remote, held);
  }

  // ---------------------------------------------------------------------------------- operators

  /// Asks for a role; answered by `roleDecided(request)`, for primary and for the way back only
  /// when the role is durable. One request at a time per core is the caller's duty.
  public void setRole(long request, Role wanted, PromotionMode mode) {
    roles.setRole(request, wanted, mode);
  }

  /// As above, with no more to say than whether it is by force.
  public void setRole(long request, Role wanted, boolean force) {
    setRole(request, wanted, PromotionMode.of(force));
  }

  /// Writes that are answered from now on are done when `newMode` says so.
  public void configureMode(ReplicationMode newMode) {
    state.mode = newMode;
  }

  /// How long an answer of the peer may take from now on, ticks.
  public void configureTimeout(int ticks) {
    deadlines.configure(ticks);
  }

  /// A promotion that is not decided does not happen later either.
  public void withdrawPromotion() {
    roles.withdrawPromotion();
  }

  /// The process before this one was primary until it ended, on the same boot: everything that it
  /// completed is here. At the next meeting the copy counts like one that lived on, so that an
  /// equal peer waits for a promotion instead of copying its own blocks here. Whether this node may
  /// become primary is judged as ever.
  public void resume() {
    state.resumes = state.wasPrimary;
  }

  /// Clients get errors from now on, at once and for everything that waits. The last resort of a
  /// node that cannot give its pool up in time.
  public void cutOff() {
    fencing.cutOff();
  }

  /// The role is about to be given up to a peer that lives: from now on a primary that loses its
  /// peer does not go stand-alone, but holds what it cannot answer, until it meets the peer, loses
  /// the role, is cut off or told otherwise, or so many ticks have passed. Of no effect on a
  /// secondary.
  public void beginGivingUp(int ticks) {
    givingUp.begin(ticks);
  }

  /// The node continues to serve.
  public void withdrawGivingUp() {
    givingUp.withdraw();
  }

  /// The role is being given up.
  public boolean givingUp() {
    return givingUp.holds();
  }

  /// Somebody knows that the peer lives on without this copy.
  public void markOutdated() {
    if (state.role == Role.SECONDARY
        && !state.phase.agreed()
        && (state.disk == DiskState.UP_TO_DATE || state.disk == DiskState.CONSISTENT)) {
      state.disk = DiskState.OUTDATED;
      records.writeMetadata(Then.NOTHING, 0);
      state.effects.report(Notice.DISK);
    }
  }

  /// The witness has given this node the right to serve: a copy of unknown age is current. Holds
  /// for the next promotion.
  public void vouchCurrent() {
    state.vouched = true;
  }

  /// Whether this primary may go on without its peer is decided by somebody who asks the witness,
  /// and takes the time that needs; else a question that is not answered counts as a peer that
  /// cannot be reached.
  public void leaveByWitness(boolean byWitness) {
    alone.waitForAnswers(byWitness);
  }

  /// This primary must not serve: clients get no more answers until it has given the role up. Of no
  /// effect on a secondary.
  ///
  /// @param why for people
  public void mustNotServe(String why) {
    if (state.role == Role.PRIMARY) {
      fencing.fence(why);
    }
  }

  /// False while the role is being given up to a peer that lives and this copy has nothing that the
  /// peer may not lose: then nobody must keep the peer from being promoted.
  public boolean mayGoAlone() {
    return alone.mayAsk();
  }

  /// What this node claims when it asks its peer about going on alone.
  public Tenure claim() {
    return state.claim();
  }

  /// What this node would answer to the peer's question whether it may go on alone.
  public Leave judgeLeave(Tenure peerTenure, Identity peer) {
    return alone.judge(peerTenure, peer);
  }

  /// The operator named this node as survivor: takes an earlier word to the contrary back.
  public void standAsSurvivor() {
    state.yields = false;
  }

  /// The operator named the peer as survivor: at the next meeting this copy gives way.
  public void yieldToPeer() {
    state.yields = true;
    state.splitBrain = false;
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
    return orders.orderSync(full, bytesPerSecond);
  }

  /// An operator wants copying and comparing to rest, or to go on.
  public SyncVerdict pauseSync(boolean pause) {
    return orders.pauseSync(pause);
  }

  /// An operator wants both copies compared.
  ///
  /// @param repair copy what was found afterwards
  public SyncVerdict orderVerify(boolean repair) {
    return orders.orderVerify(repair);
  }

  /// Goes on where [#stopVerify] stopped, or starts.
  public SyncVerdict resumeVerify() {
    return orders.resumeVerify();
  }

  /// Stops comparing; what is left is remembered.
  public SyncVerdict stopVerify() {
    return orders.stopVerify();
  }

  // ---------------------------------------------------------------------------------- clients

  /// A client writes. Answered by `complete` and, when the buffer is free, `release`.
  public void clientWrite(
      int slot, long offsetBytes, int lengthBytes, WriteKind kind, boolean fua) {
    writes.clientWrite(slot, offsetBytes, lengthBytes, kind, fua);
  }

  /// A client reads. Answered by `complete` and `release`.
  public void clientRead(int slot, long offsetBytes, int lengthBytes) {
    reads.clientRead(slot, offsetBytes, lengthBytes);
  }

  /// A client flushes. Answered by `complete` and `release`.
  public void clientFlush(int slot) {
    flushing.clientFlush(slot);
  }

  // ---------------------------------------------------------------------------------- local disk

  /// Answer to `writeLocal`.
  public void localWritten(int slot, boolean ok) {
    var op = state.ops[slot];
    switch (op.kind) {
      case CLIENT_WRITE -> {
        op.localPending = false;
        op.localOk = ok;
        if (!ok) {
          loss.diskFailed("a write to the local disk failed");
        }
        writes.settleWrite(op);
      }
      case PEER_WRITE -> {
        op.kind = Kind.FREE;
        if (!ok) {
          loss.diskFailed("a write to the local disk failed");
        }
        state.effects.ackWritten(op.session, slot, ok);
        peerRequests.startPeerFlushes();
        loss.confirmSoleCopy();
        roles.peerRequestEnded();
      }
      case REPAIR -> {
        op.localPending = false;
        if (ok) {
          state.effects.report(Notice.REPAIRED);
        } else {
          loss.diskFailed("a block that could not be read could not be written either");
        }
        reads.endRepair(op);
      }
      case FREE, CLIENT_READ, SYNC_COPY, PEER_READ ->
          Check.invariant(false, "local write answered for " + op);
    }
  }

  /// A write or flush of the local disk failed that the core did not ask for.
  public void localDiskFailed() {
    loss.diskFailed("a write to the local disk failed");
  }

  /// Answer to `readLocal`.
  public void localRead(int slot, boolean diskSaysOk) {
    reads.localRead(slot, diskSaysOk);
  }

  /// Answer to `flushLocal`.
  public void localFlushed(long flushId, boolean ok) {
    flushing.localFlushed(flushId, ok);
  }

  /// Answer to `scanLocal`.
  public void localScanned(int slot, boolean ok, int zeroBytes) {
    var op = state.ops[slot];
    Check.invariant(op.kind == Kind.SYNC_COPY && op.localPending, "scan answered for " + op);
    sync.scanned(op, ok, zeroBytes);
  }

  /// Answer to `compareLocal`.
  ///
  /// @param ok false when the disk refused; then the blocks count as different
  /// @param coveredBytes so many bytes from the start were compared, at least one block: all of a
  ///   range with digests
  /// @param differentMask bit i: the block that ends i blocks before the end of these differs
  public void localCompared(int slot, boolean ok, int coveredBytes, long differentMask) {
    peerRequests.localCompared(slot, ok, coveredBytes, differentMask);
  }

  /// Answer to `writeMap`.
  public void mapWritten(long token, boolean ok) {
    records.mapWritten(token, ok);
  }

  /// Answer to `writeMetadata`.
  public void metadataWritten(long token, boolean ok) {
    records.metadataWritten(token, ok);
  }

  // ---------------------------------------------------------------------------------- time

  /// Called about once a second; the only passing of time the core knows.
  public void tick() {
    if (state.role == Role.PRIMARY && state.primaryTicks < Integer.MAX_VALUE) {
      state.primaryTicks++;
    }
    deadlines.tick();
    alone.tick();
    givingUp.tick();
    roles.tick();
    flushing.tick();
    if (state.fenced && roles.demoting()) {
      // Fenced on the way down: nobody is waited for that can no longer be answered.
      fencing.failAll();
      roles.continueDemotion();
    }
    sync.tick();
  }

  /// This process did not run for a while: the peer may have taken over. Called before the next
  /// event is.
  public void stoodStill() {
    doubt.stoodStill();
  }

  /// So much time has passed; called several times a second while anything is synchronised.
  public void pace(long elapsedMicros) {
    sync.elapsed(elapsedMicros);
  }

  // ---------------------------------------------------------------------------------- session

  /// Starts a session: what to tell the peer. Only when [#readyForSession].
  ///
  /// @param newSession number of the session, larger than any before, not 0
  public Hello openSession(long newSession) {
    return meeting.openSession(newSession);
  }

  /// Both hellos are exchanged and the block connection stands.
  public void connected(long ofSession, Hello fromPeer) {
    meeting.connected(ofSession, fromPeer);
  }

  /// The session ended, whoever ended it. Nothing of it is heard afterwards.
  public void disconnected(long ofSession) {
    meeting.disconnected(ofSession);
  }

  /// A message of the peer, in order with its data.
  public void message(long ofSession, PeerMessage message) {
    conversation.message(ofSession, message);
  }

  // ---------------------------------------------------------------------------------- going on
  // alone

  /// Answer to `askLeave`.
  public void leaveAnswered(long question, Leave leave) {
    alone.answered(question, leave);
  }

  /// The peer, a primary that lost its session, asks whether it may go on without this node.
  /// Answered by `answerLeave`.
  ///
  /// @param request a number of the caller's
  public void peerAsksLeave(long request, Tenure peerTenure, Identity peer) {
    alone.peerAsks(request, peerTenure, peer);
  }

  // ---------------------------------------------------------------------------------- answers of
  // the peer

  /// The peer has received the write in this slot (memsync).
  public void peerReceived(long fromSession, int slot) {
    writes.peerReceived(fromSession, slot);
  }

  /// The peer's answer to `sendWrite`.
  public void peerWritten(long fromSession, int slot, boolean ok) {
    var op = state.ops[slot];
    if (fromSession != state.session || !op.remotePending) {
      return;
    }
    if (!ok) {
      // An error there is a difference like any other: the end of the session marks it (W2).
      state.effects.closeSession(state.session, "a write failed on the peer");
      return;
    }
    deadlines.answered(op);
    op.remotePending = false;
    op.remoteOk = true;
    if (op.kind == Kind.SYNC_COPY) {
      sync.written(op);
    } else {
      writes.settleWrite(op);
    }
  }

  /// The peer's answer to `sendRead`.
  public void peerReadDone(long fromSession, int slot, boolean ok) {
    reads.peerReadDone(fromSession, slot, ok);
  }

  /// The peer's answer to `sendFlush`.
  public void peerFlushed(long fromSession, long flushId, boolean ok) {
    flushing.peerFlushed(fromSession, flushId, ok);
  }

  /// The peer's answer to `sendCompare`; see [#localCompared].
  public void peerCompared(long fromSession, int slot, int coveredBytes, long differentMask) {
    var op = state.ops[slot];
    if (fromSession == state.session && op.kind == Kind.SYNC_COPY && op.comparing) {
      deadlines.answered(op);
      sync.compared(op, coveredBytes, differentMask);
    }
  }

  // ---------------------------------------------------------------------------------- requests of
  // the peer

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
    peerRequests.peerWriteArrived(fromSession, slot, offsetBytes, lengthBytes, kind, wantsReceipt);
  }

  /// Target: the peer wants to read.
  public void peerReadArrived(long fromSession, int slot, long offsetBytes, int lengthBytes) {
    peerRequests.peerReadArrived(fromSession, slot, offsetBytes, lengthBytes);
  }

  /// Target: the peer flushes.
  public void peerFlushArrived(long fromSession, long flushId) {
    peerRequests.peerFlushArrived(fromSession, flushId);
  }

  /// Answer to `flushForPeer`.
  public void peerFlushDone(long fromSession, long flushId, boolean ok) {
    peerRequests.peerFlushDone(fromSession, flushId, ok);
  }

  /// Target: the peer wants a range compared; what to compare it with came along.
  public void peerCompareArrived(long fromSession, int slot, long offsetBytes, int lengthBytes) {
    peerRequests.peerCompareArrived(fromSession, slot, offsetBytes, lengthBytes);
  }

  // ---------------------------------------------------------------------------------- parts

  /// The op holds its range now.
  private void granted(Op op) {
    switch (op.kind) {
      case SYNC_COPY -> sync.granted(op);
      case CLIENT_READ -> {
        op.waitsForRange = false;
        reads.askPeer(op);
      }
      case CLIENT_WRITE -> writes.startWrite(op);
      case FREE, PEER_WRITE, PEER_READ, REPAIR ->
          Check.invariant(false, "a range was waited for by " + op);
    }
  }

  /// Gives the op's range back; who waited for it goes on.
  void releaseRange(Op op) {
    state.ranges.release(op, granted);
  }

  @Override
  public String toString() {
    return state.settings.nodeName()
        + "{"
        + state.role
        + " "
        + state.phase
        + " "
        + state.disk
        + (state.fenced ? " fenced" : "")
        + " gen="
        + Long.toHexString(state.identity.generation())
        + (state.identity.alone() ? " alone" : "")
        + " different="
        + state.differences.different()
        + "}";
  }
}
