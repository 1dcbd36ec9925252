package carpool.replicator.engine;

import carpool.kit.boot.Host;
import carpool.replicator.block.WriteCoalescer;
import carpool.replicator.core.Effect;
import carpool.replicator.core.EffectCollector;
import carpool.replicator.core.Effects.Notice;
import carpool.replicator.core.Effects.Result;
import carpool.replicator.core.Identity;
import carpool.replicator.core.Leave;
import carpool.replicator.core.Phase;
import carpool.replicator.core.PromotionMode;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.Role;
import carpool.replicator.core.Tenure;
import carpool.replicator.core.WriteKind;
import carpool.replicator.store.ProviderException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs the core of one attached resource.
///
/// Whoever has an event steps the core under the lock and then carries out what the step asked for,
/// on the same thread: at depth 1 a write costs no hand-over besides the peer's. A step made while
/// effects are carried out adds its own to the thread's [RunQueue]. What blocks for long (flushes,
/// map and metadata writes, reads of a synchronisation) runs on threads of its own.
///
/// Anything thrown by a step or by an effect stops the process: a range would stay locked, or a
/// client without its answer.
public final class ResourceEngine {
  /// What the long payloads that are on their way may hold at a time.
  private static final int LONG_PAYLOAD_SLOTS = 32;

  /// Besides those, more than the NBD server takes connections (128): each may hold a slot while
  /// its payload comes.
  public static final int CLIENT_SLOTS = LONG_PAYLOAD_SLOTS + 136;

  /// Chunks of a synchronisation in flight.
  public static final int SYNC_SLOTS = 8;

  /// More than the peer has chunks in flight, so that its clients' writes find one too.
  public static final int PEER_SLOTS = 16;

  /// From so many bytes on it takes longer to copy them into the socket than to wake another thread
  /// that does so while this one writes them to the disk.
  private static final int LONG_BYTES = 64 << 10;

  /// A gap of this length between two calls of [#awake] is no scheduler's.
  private static final long PAUSE_NANOS = 1_000_000_000L;

  private static final int SPARE_BATCHES_MAX = 16;
  private static final Logger LOG = LoggerFactory.getLogger(ResourceEngine.class);

  private final Host host;
  private final String name;
  private final AttachedProvider disk;
  private final Listener listener;
  private final ReentrantLock lock = new ReentrantLock();
  private final ReplicationCore core;
  private final EffectCollector collector = new EffectCollector();
  private final Slots slots;
  private final Counters counters;
  private final ArrayDeque<EffectBatch> spareBatches = new ArrayDeque<>();
  private final PendingReplies<Verdict> roleReplies = new PendingReplies<>();
  private final PendingReplies<Leave> leaveReplies = new PendingReplies<>();
  private final JournalWriter journal;
  private final LocalDiskExecutor localDisk;
  private final WorkThread rest;
  private final Executor overflow;
  private @Nullable PeerPort peer;
  private volatile boolean stopped;

  /// When this process was last known to run.
  private volatile long awakeNanos;

  private volatile @Nullable AnswerGate gate;
  private volatile @Nullable StepWatch watch;

  /// Hears what happens; called outside the lock, must not block.
  public interface Listener {
    /// Something that an operator or a hook wants to know.
    void happened(Notice notice);

    /// The core asks the peer; answered by `leaveAnswered`.
    void asksLeave(Effect.AskLeave question);
  }

  /// Attaches nothing: `disk` is attached already and belongs to the engine from here on.
  public ResourceEngine(
      String name,
      AttachedProvider disk,
      Function<AttachedProvider, ReplicationCore.Settings> settings,
      Counters counters,
      Listener listener) {
    this(Host.REAL, name, disk, settings, counters, listener);
  }

  /// As the other one, on this host.
  public ResourceEngine(
      Host host,
      String name,
      AttachedProvider disk,
      Function<AttachedProvider, ReplicationCore.Settings> settings,
      Counters counters,
      Listener listener) {
    this.host = host;
    this.name = name;
    slots = new Slots(host, CLIENT_SLOTS, LONG_PAYLOAD_SLOTS, SYNC_SLOTS, PEER_SLOTS);
    this.disk = disk;
    this.listener = listener;
    this.counters = counters;
    var metadata = disk.metadata();
    counters.restore(metadata.times());
    core =
        new ReplicationCore(
            settings.apply(disk),
            new ReplicationCore.Found(
                metadata.prevRole(), disk.foundDisk(), metadata.identity(), disk.readMap()),
            () -> Host.freshId(host),
            collector);
    journal = new JournalWriter(host, name, disk, counters, this::step);
    rest = new WorkThread(host, name, "run-queue-rest");
    overflow = rest::run;
    awakeNanos = host.nanoTime();
    localDisk =
        new LocalDiskExecutor(host, name, disk, slots, counters, this::step, this::keepVersions);
  }

  /// The machine that the engine runs on.
  public Host host() {
    return host;
  }

  /// Name of the resource.
  public String name() {
    return name;
  }

  /// The buffers of requests.
  public Slots slots() {
    return slots;
  }

  /// The provider.
  public AttachedProvider disk() {
    return disk;
  }

  /// Statistics of the resource.
  public Counters counters() {
    return counters;
  }

  // ----- stepping

  /// Steps the core with an event and carries out what it asks for. A step made by an effect that
  /// is being carried out on this thread returns before its own effects are carried out.
  public void step(Consumer<ReplicationCore> event) {
    step(event, /* aside= */ false);
  }

  /// @param aside another thread sends what is queued: the caller must not wait for a peer that
  ///   does not read
  private void step(Consumer<ReplicationCore> event, boolean aside) {
    try {
      EffectBatch batch;
      lock.lock();
      try {
        batch = stepped(event);
      } finally {
        lock.unlock();
      }
      RunQueue.run(() -> carryOut(batch, aside), overflow);
    } catch (Throwable broken) {
      endProcess(broken);
      throw broken;
    }
  }

  /// An Error, too, would leave a range locked.
  private void endProcess(Throwable broken) {
    host.failStop("resource " + name + ": " + broken, broken);
  }

  /// The step itself. Called with the lock held.
  private EffectBatch stepped(Consumer<ReplicationCore> event) {
    var batch = begin();
    if (stoodStill()) {
      core.stoodStill();
    }
    event.accept(core);
    core.checkInvariants();
    var w = watch;
    if (w != null) {
      w.stepped(core);
    }
    batch.handOver(journal);
    return batch;
  }

  /// True once after a time in which this process did not run: [#awake] was not called in time.
  private boolean stoodStill() {
    long now = host.nanoTime();
    boolean still = now - awakeNanos > PAUSE_NANOS;
    if (still) {
      awakeNanos = now;
    }
    return still;
  }

  /// Called several times a second.
  public void awake() {
    if (host.nanoTime() - awakeNanos > PAUSE_NANOS) {
      step(_ -> {}); // sees it first
    }
    awakeNanos = host.nanoTime();
  }

  /// Steps the core with an event that has an answer.
  public <T> T stepFor(Function<ReplicationCore, T> event) {
    var answer = new ArrayList<T>(1);
    step(c -> answer.add(event.apply(c)));
    return answer.getFirst();
  }

  private EffectBatch begin() {
    var batch = spareBatches.pollLast();
    if (batch == null) {
      batch = new EffectBatch();
    }
    batch.begin(peer);
    collector.into(batch.effects());
    return batch;
  }

  /// Asks the core something, without effects.
  public <T extends @Nullable Object> T ask(Function<ReplicationCore, T> question) {
    lock.lock();
    try {
      return question.apply(core);
    } finally {
      lock.unlock();
    }
  }

  private void carryOut(EffectBatch batch, boolean aside) {
    if (batch.waitsForDisk() && localDisk.slow()) {
      WriteCoalescer.sendHeldHere();
    }
    var sender = batch.peer();
    if (sender != null && batch.framesQueued()) {
      if (aside || batch.payloadBytes() >= LONG_BYTES) {
        sender.sendAside();
      } else if (!holds(batch, sender)) {
        sender.send(); // first: while the peer works on it, so do we
      }
    }
    var effects = batch.effects();
    for (int i = 0; i < effects.size(); i++) {
      carryOut(effects.get(i), sender);
    }
    lock.lock();
    try {
      if (spareBatches.size() < SPARE_BATCHES_MAX) {
        batch.begin(null);
        spareBatches.addLast(batch);
      }
    } finally {
      lock.unlock();
    }
  }

  /// Under load frames go out together. Never at the price of a lone one: nothing is held while
  /// this thread waits for the disk, unless the next request is here already and the disk is quick.
  private boolean holds(EffectBatch batch, PeerPort sender) {
    return batch.waitsForDisk()
        ? !localDisk.slow() && WriteCoalescer.holdsForMore(sender)
        : WriteCoalescer.holds(sender);
  }

  private void carryOut(Effect effect, @Nullable PeerPort session) {
    switch (effect) {
      case Effect.LocalDisk disk -> localDisk.carryOut(disk);
      case Effect.Frame frame -> sent(frame);
      case Effect.Journal _ -> {} // handed over under the lock
      case Effect.CloseSession close -> {
        if (session != null) {
          session.close(close.session(), close.why(), close.text());
        }
      }
      case Effect.AskLeave question -> {
        if (!stopped) { // else nobody goes stand-alone, and the peer's copy stays as good as it is
          listener.asksLeave(question);
        }
      }
      case Effect.AnswerLeave answer -> reply(leaveReplies, answer.request(), answer.leave());
      case Effect.Complete complete -> complete(complete.slot(), complete.result());
      case Effect.Release release -> ended(slots.at(release.slot()));
      case Effect.RoleDecided decided -> reply(roleReplies, decided.request(), decided.verdict());
      case Effect.Fenced fenced -> LOG.error("resource={} fenced: {}", name, fenced.reason());
      case Effect.Report report -> listener.happened(report.notice());
    }
  }

  /// A frame that was queued under the lock: the answer to a request of the peer frees its slot.
  private void sent(Effect.Frame frame) {
    switch (frame) {
      case Effect.AckWritten ack -> slots.freePeer(ack.slot());
      case Effect.AnswerRead answer -> slots.freePeer(answer.slot());
      case Effect.AnswerCompare answer -> slots.freePeer(answer.slot());
      case Effect.SendWrite _,
          Effect.SendChunk _,
          Effect.SendCompare _,
          Effect.SendFlush _,
          Effect.SendRead _,
          Effect.SendMessage _,
          Effect.AckReceived _,
          Effect.AckFlushed _ -> {}
    }
  }

  private <T> void reply(PendingReplies<T> replies, long request, T answer) {
    Consumer<T> waiting;
    lock.lock();
    try {
      waiting = replies.take(request);
    } finally {
      lock.unlock();
    }
    if (waiting != null) {
      waiting.accept(answer);
    }
  }

  /// In sync a block that differs is one that rotted on either side: this node's version is kept.
  public void keepVersions(long offsetBytes, int coveredBytes, long differentMask) {
    if (differentMask != 0 && ask(c -> c.phase() == Phase.IN_STEP)) {
      disk.keepVersions(offsetBytes, coveredBytes, differentMask);
    }
  }

  // ----- clients

  /// From now on somebody else has a say in what clients are told, and sees each step.
  public void governedBy(AnswerGate newGate, StepWatch newWatch) {
    lock.lock();
    try {
      gate = newGate;
      watch = newWatch;
      newWatch.stepped(core);
    } finally {
      lock.unlock();
    }
  }

  /// Answers what the gate kept, if it may go out now.
  public void releaseHeld() {
    var g = gate;
    if (g != null) {
      g.release(slot -> answer(slot, true), slot -> answer(slot, false));
    }
  }

  /// Answers what the gate kept with an error.
  public void failHeld() {
    var g = gate;
    if (g != null) {
      g.failAll(slot -> answer(slot, false));
    }
  }

  private void complete(int number, Result result) {
    boolean ok = result == Result.OK;
    var g = gate;
    if (!ok || g == null || g.passes(number)) {
      answer(number, ok);
    }
  }

  private void answer(int number, boolean ok) {
    var slot = slots.at(number);
    slot.failed |= !ok;
    boolean read = slot.read; // afterwards the slot may be somebody else's
    if (slot.leftBytes == 0 || !ok) { // else more pieces follow; the last one answers
      slot.leftBytes = 0;
      var answer = slot.answer;
      if (answer != null) {
        slot.answer = null;
        counters.took(StageTimes.Stage.CLIENT, slot.startedNanos);
        answer.done(slot, !slot.failed);
      }
    }
    if (!read) { // the buffer of a read is the client's until it gives it back
      ended(slot);
    }
  }

  /// One of the two ends of a request in this slot; see [RequestSlot#endsNow].
  void ended(RequestSlot slot) {
    if (!slot.endsNow()) {
      return;
    }
    if (slot.leftBytes > 0) {
      nextPiece(slot);
    } else {
      slots.freeClient(slot);
    }
  }

  /// Long requests without payload are carried out in pieces, so that none locks much for long.
  private static final int PIECE_BYTES = 16 << 20;

  void startZero(RequestSlot slot) {
    nextPiece(slot);
  }

  private void nextPiece(RequestSlot slot) {
    int length = (int) Math.min(slot.leftBytes, PIECE_BYTES);
    long offset = slot.nextOffset;
    slot.nextOffset += length;
    slot.leftBytes -= length;
    var kind = slot.punch ? WriteKind.HOLE : WriteKind.ZERO;
    boolean fua = slot.forced && slot.leftBytes == 0;
    step(c -> c.clientWrite(slot.number, offset, length, kind, fua));
  }

  // ----- roles

  /// Asks for a role; `answer` is called once.
  public void setRole(Role role, PromotionMode mode, Consumer<Verdict> answer) {
    step(c -> c.setRole(roleReplies.add(answer), role, mode));
  }

  /// As above, with no more to say than whether it is by force.
  public void setRole(Role role, boolean force, Consumer<Verdict> answer) {
    setRole(role, PromotionMode.of(force), answer);
  }

  // ----- peer

  /// The peer asks whether it may go stand-alone.
  public CompletableFuture<Leave> peerAsksLeave(Tenure tenure, Identity identity) {
    var answer = new CompletableFuture<Leave>();
    step(c -> c.peerAsksLeave(leaveReplies.add(answer::complete), tenure, identity));
    return answer;
  }

  /// Sets the session under the lock and runs `opening` in the same step.
  ///
  /// @return null when no session can be opened now
  public <T> @Nullable T connect(PeerPort session, Function<ReplicationCore, @Nullable T> opening) {
    var opened = new ArrayList<@Nullable T>(1);
    try {
      EffectBatch batch;
      lock.lock();
      try {
        if (!core.readyForSession() || stopped) {
          return null;
        }
        peer = session;
        batch = stepped(c -> opened.add(opening.apply(c)));
      } finally {
        lock.unlock();
      }
      RunQueue.run(() -> carryOut(batch, /* aside= */ false), overflow);
    } catch (Throwable broken) {
      endProcess(broken);
      throw broken;
    }
    return opened.getFirst();
  }

  /// The session is over: tells the core and forgets it.
  @SuppressWarnings("ReferenceEquality") // the very same one
  public void disconnected(PeerPort ended, long session) {
    step(c -> {
      c.disconnected(session);
      if (peer == ended) {
        peer = null;
      }
    });
  }

  /// The session with the peer, or null.
  public @Nullable PeerPort peer() {
    lock.lock();
    try {
      return peer;
    } finally {
      lock.unlock();
    }
  }

  /// About once a second.
  public void tick() {
    step(ReplicationCore::tick, /* aside= */ true);
    journal.recordTimes(standAlone());
  }

  /// The times of a stand-alone copy are recorded now.
  void recordTimesNow() {
    journal.recordTimesNow(standAlone());
  }

  private boolean standAlone() {
    return ask(c -> c.identity().alone());
  }

  /// From now on no session is begun, and nobody goes stand-alone.
  public void stopping() {
    stopped = true;
  }

  /// Ends everything; the provider is closed when the threads are done.
  public void stop() throws ProviderException, InterruptedException {
    recordTimesNow();
    stopping();
    var session = peer();
    if (session != null) {
      session.close(0, "stopping");
    }
    localDisk.stop();
    journal.stop();
    rest.stop();
    disk.close();
  }
}
