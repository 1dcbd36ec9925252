package carpool.replicator.shell;

import carpool.kit.boot.FailStop;
import carpool.replicator.core.Check;
import carpool.replicator.core.Effects.MapPart;
import carpool.replicator.core.Effects.Notice;
import carpool.replicator.core.Effects.Result;
import carpool.replicator.core.Leave;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.Role;
import carpool.replicator.core.WriteKind;
import carpool.replicator.core.layout.LayoutException;
import carpool.replicator.nbd.ReplyBatch;
import carpool.replicator.shell.EffectBatch.LeaveQuestion;
import carpool.replicator.shell.EffectBatch.MetadataUpdate;
import carpool.replicator.store.LocalProvider;
import carpool.replicator.store.ProviderException;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs the core of one attached resource.
///
/// Whoever has an event steps the core under the lock and then carries out what the step asked for,
/// on the same thread: at depth 1 a write costs no hand-over besides the peer's. What blocks for
/// long (flushes, map and metadata writes, reads of a synchronisation) runs on threads of its own.
final class ResourceShell {
  /// What the long payloads that are on their way may hold at a time.
  private static final int LONG_PAYLOAD_SLOTS = 32;

  /// Besides those, more than the NBD server takes connections (128): each may hold a slot while
  /// its payload comes.
  static final int CLIENT_SLOTS = LONG_PAYLOAD_SLOTS + 136;

  static final int SYNC_SLOTS = 8;

  private static final long SLOW_DISK_NANOS = 100_000;

  /// From so many bytes on it takes longer to copy them into the socket than to wake another thread
  /// that does so while this one writes them to the disk.
  private static final int LONG_BYTES = 64 << 10;

  /// More than the peer has chunks in flight, so that its clients' writes find one too.
  static final int PEER_SLOTS = 16;

  private static final Logger LOG = LoggerFactory.getLogger(ResourceShell.class);
  private static final long TIMES_PAUSE_NANOS = 10_000_000_000L;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final String name;
  private final Attachment disk;
  private final Listener listener;
  private final ReentrantLock lock = new ReentrantLock();
  private final ReplicationCore core;
  private final Slots slots = new Slots(CLIENT_SLOTS, LONG_PAYLOAD_SLOTS, SYNC_SLOTS, PEER_SLOTS);
  private final Counters counters;
  private final ArrayDeque<EffectBatch> spareBatches = new ArrayDeque<>();
  private final Map<Long, Consumer<Verdict>> roleAnswers = new HashMap<>();
  private final Map<Long, CompletableFuture<Leave>> leaveAnswers = new HashMap<>();
  private final ExecutorService journal;
  private final ExecutorService flusher;
  private final ExecutorService peerFlusher;
  private final ExecutorService syncReader;
  private final BlockComparer comparer;
  private final EffectTarget target;
  private volatile long timesRecordedNanos = System.nanoTime();
  private long lastRequest;
  private @Nullable PeerLink link;
  private volatile boolean stopped;

  /// The last write took so long that nothing else may wait for the next one.
  private volatile boolean slowDisk;

  /// Hears what happens; called outside the lock, must not block.
  interface Listener {
    void happened(Notice notice, String cause);

    /// The core asks the peer; answered by `leaveAnswered`.
    void asksLeave(long number, LeaveQuestion question);
  }

  /// Delegates the core's effects to the batch of the step under way.
  private static final class EffectTarget {
    EffectBatch now = new EffectBatch();
  }

  ResourceShell(
      String name,
      Attachment disk,
      Function<Attachment, ReplicationCore.Settings> settings,
      Counters counters,
      Listener listener)
      throws ProviderException {
    this.name = name;
    this.disk = disk;
    this.listener = listener;
    this.counters = counters;
    this.target = new EffectTarget();
    this.comparer = new BlockComparer(disk.provider());
    journal = thread("journal");
    var metadata = disk.metadata();
    counters.restore(metadata.times());
    core =
        new ReplicationCore(
            settings.apply(disk),
            new ReplicationCore.Found(
                metadata.prevRole(), metadata.disk(), metadata.identity(), disk.readMap()),
            ResourceShell::freshId,
            new SwitchingEffects(() -> target.now, ordered()));
    flusher = thread("flush");
    peerFlusher = thread("peer-flush");
    syncReader = thread("sync-read");
  }

  private SwitchingEffects.Journal ordered() {
    return new SwitchingEffects.Journal() {
      @Override
      public void map(long token, List<MapPart> parts) {
        run(journal, () -> writeMap(token, parts));
      }

      @Override
      public void metadata(long token, MetadataUpdate update) {
        run(journal, () -> writeMetadata(token, update));
      }
    };
  }

  private ExecutorService thread(String what) {
    return Executors.newSingleThreadExecutor(
        Thread.ofPlatform().name(name + "-" + what).daemon(true).factory());
  }

  /// Never 0 or 1, which mean something else.
  private static long freshId() {
    long id = RANDOM.nextLong();
    return id == 0 || id == 1 ? 2 : id;
  }

  String name() {
    return name;
  }

  Slots slots() {
    return slots;
  }

  Attachment disk() {
    return disk;
  }

  Counters counters() {
    return counters;
  }

  // ----- stepping

  /// Steps the core with an event and carries out what it asks for.
  void step(Consumer<ReplicationCore> event) {
    EffectBatch batch;
    PeerLink peer;
    lock.lock();
    try {
      batch = begin();
      event.accept(core);
      peer = link;
    } catch (Check.Broken | RuntimeException broken) {
      FailStop.now("resource " + name + ": " + broken);
      throw broken;
    } finally {
      lock.unlock();
    }
    carryOut(batch, peer);
  }

  /// Steps the core with an event that has an answer.
  <T> T stepFor(Function<ReplicationCore, T> event) {
    var answer = new ArrayList<T>(1);
    step(c -> answer.add(event.apply(c)));
    return answer.getFirst();
  }

  private EffectBatch begin() {
    var batch = spareBatches.pollLast();
    if (batch == null) {
      batch = new EffectBatch();
    }
    var peer = link;
    batch.begin(peer == null ? EffectBatch.Outgoing.NONE : peer);
    target.now = batch;
    return batch;
  }

  /// Asks the core something, without effects.
  <T extends @Nullable Object> T ask(Function<ReplicationCore, T> question) {
    lock.lock();
    try {
      return question.apply(core);
    } finally {
      lock.unlock();
    }
  }

  private void carryOut(EffectBatch batch, @Nullable PeerLink peer) {
    if (batch.waitsForDisk() && slowDisk) {
      ReplyBatch.sendHeldHere();
    }
    if (peer != null && batch.queued()) {
      if (batch.queuedBytes() >= LONG_BYTES) {
        peer.sendAside();
      } else if (!holds(batch, peer)) {
        peer.send(); // first: while the peer works on it, so do we
      }
    }
    for (int i = 0; i < batch.count(); i++) {
      carryOut(batch, i, peer);
    }
    lock.lock();
    try {
      if (spareBatches.size() < 16) {
        batch.begin(EffectBatch.Outgoing.NONE);
        spareBatches.addLast(batch);
      }
    } finally {
      lock.unlock();
    }
  }

  /// Under load frames go out together. Never at the price of a lone one: nothing is held while
  /// this thread waits for the disk, unless the next request is here already and the disk is quick.
  private boolean holds(EffectBatch batch, PeerLink peer) {
    return batch.waitsForDisk()
        ? !slowDisk && ReplyBatch.holdsForMore(peer)
        : ReplyBatch.holds(peer);
  }

  private void carryOut(EffectBatch batch, int i, @Nullable PeerLink peer) {
    int slot = batch.slot(i);
    long number = batch.number(i);
    switch (batch.kind(i)) {
      case WRITE_LOCAL ->
          writeLocal(slot, number, batch.length(i), batch.detail(i, WriteKind.class));
      case READ_LOCAL -> readLocal(slot, number, batch.length(i));
      case SCAN_LOCAL -> {
        int length = batch.length(i);
        boolean digest = batch.detail(i, Boolean.class);
        run(syncReader, () -> scanLocal(slot, number, length, digest));
      }
      case COMPARE_LOCAL -> {
        int length = batch.length(i);
        run(syncReader, () -> compareLocal(slot, number, length));
      }
      case FLUSH_LOCAL ->
          run(
              flusher,
              () -> {
                boolean ok = flush();
                step(c -> c.localFlushed(number, ok));
              });
      case FLUSH_FOR_PEER -> {
        long session = batch.detail(i, Long.class);
        run(
            peerFlusher,
            () -> {
              boolean ok = flush();
              step(c -> c.peerFlushDone(session, number, ok));
            });
      }
      case CLOSE_SESSION -> {
        var reason = batch.detail(i, String.class);
        if (peer != null) {
          peer.close(number, reason);
        }
      }
      case ASK_LEAVE -> {
        if (!stopped) { // else nobody goes on, and the peer's copy stays as good as it is
          listener.asksLeave(number, batch.detail(i, LeaveQuestion.class));
        }
      }
      case ANSWER_LEAVE -> leaveGiven(number, batch.detail(i, Leave.class));
      case COMPLETE -> complete(slot, batch.detail(i, Result.class));
      case RELEASE -> ended(slots.at(slot));
      case FREE_PEER_SLOT -> slots.freePeer(slot);
      case ROLE_DECIDED -> decided(number, batch.detail(i, Verdict.class));
      case FENCED -> LOG.error("resource={} fenced: {}", name, batch.detail(i, String.class));
      case REPORT -> listener.happened(batch.detail(i, Notice.class), "");
    }
  }

  private void run(ExecutorService executor, Runnable work) {
    try {
      executor.execute(() -> {
        try {
          work.run();
        } catch (RuntimeException e) {
          FailStop.now("resource " + name + ": " + e);
        }
      });
    } catch (RejectedExecutionException e) {
      LOG.debug("resource={} stopped with work outstanding", name);
    }
  }

  // ----- local disk

  private long base() {
    return disk.metadata().offsetBytes();
  }

  private LocalProvider provider() {
    return disk.provider();
  }

  private void writeLocal(int slot, long offset, int length, WriteKind kind) {
    var request = slots.at(slot);
    boolean ok;
    long start = System.nanoTime();
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
    slowDisk = System.nanoTime() - start > SLOW_DISK_NANOS;
    counters.took(StageTimes.Stage.LOCAL_WRITE, start);
    request.diskOk = ok;
    step(request.diskWrote);
  }

  private void readLocal(int slot, long offset, int length) {
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
    step(request.diskRead);
  }

  private void scanLocal(int slot, long offset, int length, boolean digest) {
    boolean ok = true;
    int zeroes = 0;
    try {
      zeroes = comparer.scan(slots.at(slot), base() + offset, length, digest);
    } catch (ProviderException e) {
      failed("read", offset, e);
      counters.readErrors.increment();
      ok = false;
    }
    boolean read = ok;
    int zeroBytes = zeroes;
    step(c -> c.localScanned(slot, read, zeroBytes));
  }

  private void compareLocal(int slot, long offset, int length) {
    BlockComparer.Compared found;
    boolean ok = true;
    try {
      found = comparer.compare(slots.at(slot), base() + offset, length);
    } catch (ProviderException e) {
      failed("read", offset, e);
      counters.readErrors.increment();
      found = BlockComparer.allDifferent(slots.at(slot), length);
      ok = false;
    }
    boolean read = ok;
    var compared = found;
    step(c -> c.localCompared(slot, read, compared.coveredBytes(), compared.differentMask()));
  }

  private boolean flush() {
    long start = System.nanoTime();
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

  private void writeMap(long token, List<MapPart> parts) {
    boolean ok;
    try {
      long start = System.nanoTime();
      disk.writeMap(parts);
      counters.took(StageTimes.Stage.MAP, start);
      counters.mapUpdates.increment();
      ok = true;
    } catch (ProviderException e) {
      failed("activemap write", 0, e);
      counters.writeErrors.increment();
      ok = false;
    }
    boolean written = ok;
    step(c -> c.mapWritten(token, written));
  }

  private void writeMetadata(long token, MetadataUpdate update) {
    boolean ok;
    try {
      boolean alone = update.identity().alone();
      var times = counters.look(alone, System.currentTimeMillis());
      disk.writeMetadata(update.role(), update.disk(), update.identity(), times);
      timesRecordedNanos = System.nanoTime();
      ok = true;
    } catch (ProviderException | LayoutException e) {
      LOG.error("resource={} metadata write failed: {}", name, e.getMessage());
      ok = false;
    }
    boolean written = ok;
    step(c -> c.metadataWritten(token, written));
  }

  /// About once a second: the times of a copy that goes on alone are recorded when they have
  /// changed, at most every ten seconds.
  private void recordTimes(long pauseNanos) {
    boolean alone = ask(c -> c.identity().alone());
    var times = counters.look(alone, System.currentTimeMillis());
    long now = System.nanoTime();
    if (!alone || times.equals(disk.metadata().times()) || now - timesRecordedNanos < pauseNanos) {
      return;
    }
    timesRecordedNanos = now;
    run(
        journal,
        () -> {
          try {
            disk.writeTimes(times);
          } catch (ProviderException | LayoutException e) {
            // Nothing but an operator's view depends on it; what does is written elsewhere.
            LOG.error("resource={} recording the last write failed: {}", name, e.getMessage());
          }
        });
  }

  private void failed(String what, long offset, ProviderException e) {
    LOG.error("resource={} {} at {} failed: {}", name, what, offset, e.getMessage());
  }

  // ----- clients

  private void complete(int number, Result result) {
    var slot = slots.at(number);
    boolean ok = result == Result.OK;
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
    boolean forced = slot.forced && slot.leftBytes == 0;
    step(c -> c.clientWrite(slot.number, offset, length, kind, forced));
  }

  // ----- roles

  /// Asks for a role; `answer` is called once.
  void setRole(Role role, boolean force, Consumer<Verdict> answer) {
    step(c -> {
      long request = ++lastRequest;
      roleAnswers.put(request, answer);
      c.setRole(request, role, force);
    });
  }

  private void decided(long request, Verdict verdict) {
    Consumer<Verdict> answer;
    lock.lock();
    try {
      answer = roleAnswers.remove(request);
    } finally {
      lock.unlock();
    }
    if (answer != null) {
      answer.accept(verdict);
    }
  }

  // ----- peer

  /// The peer asks whether it may go on alone.
  CompletableFuture<Leave> peerAsksLeave(LeaveQuestion question) {
    var answer = new CompletableFuture<Leave>();
    step(c -> {
      long request = ++lastRequest;
      leaveAnswers.put(request, answer);
      c.peerAsksLeave(request, question.tenure(), question.identity());
    });
    return answer;
  }

  private void leaveGiven(long request, Leave leave) {
    CompletableFuture<Leave> answer;
    lock.lock();
    try {
      answer = leaveAnswers.remove(request);
    } finally {
      lock.unlock();
    }
    if (answer != null) {
      answer.complete(leave);
    }
  }

  /// Sets the link under the lock and runs `opening` in the same step.
  <T> @Nullable T connect(PeerLink newLink, Function<ReplicationCore, @Nullable T> opening) {
    lock.lock();
    try {
      if (!core.readyForSession() || stopped) {
        return null;
      }
      link = newLink;
      target.now = begin();
      return opening.apply(core);
    } finally {
      lock.unlock();
    }
  }

  /// The link is over: tells the core and forgets it.
  void disconnected(PeerLink ended, long session) {
    step(c -> {
      c.disconnected(session);
      if (link == ended) {
        link = null;
      }
    });
  }

  @Nullable PeerLink link() {
    lock.lock();
    try {
      return link;
    } finally {
      lock.unlock();
    }
  }

  /// About once a second.
  void tick() {
    step(ReplicationCore::tick);
    recordTimes(TIMES_PAUSE_NANOS);
  }

  /// From now on no session is begun, and nobody goes on alone.
  void stopping() {
    stopped = true;
  }

  /// Ends everything; the provider is closed when the threads are done.
  void stop() throws ProviderException, InterruptedException {
    recordTimes(0);
    stopping();
    var peer = link();
    if (peer != null) {
      peer.close(0, "stopping");
    }
    for (var executor : List.of(syncReader, peerFlusher, flusher, journal)) {
      executor.shutdown();
      if (!executor.awaitTermination(5, TimeUnit.SECONDS)) {
        LOG.warn("resource={} a disk operation is still under way", name);
      }
    }
    disk.close();
  }
}
