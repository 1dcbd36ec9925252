package carpool.replicator.shell;

import carpool.replicator.core.Hello;
import carpool.replicator.core.PeerMessage;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.WriteKind;
import carpool.replicator.link.BlockConnection;
import carpool.replicator.link.BlockHandler;
import carpool.replicator.link.EndCause;
import carpool.replicator.nbd.ReplyBatch;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One session of one resource: binds the core's session number to a block connection. Made when
/// the hello goes out; the connection follows when the peer has accepted.
final class PeerLink implements EffectBatch.Outgoing, BlockHandler, ReplyBatch.Sender {
  private static final Logger LOG = LoggerFactory.getLogger(PeerLink.class);

  /// A core asks for one flush after the other; more than a few are no core's.
  private static final int PEER_FLUSHES_MAX = 64;

  private final ResourceShell shell;
  private final long session;
  private final boolean receipts;
  private final Consumer<String> ended;
  private final long[] sequences;

  // The frequent events of this session, by slot, made once: a step leaves no garbage.
  private final PeerWrite[] writes;
  private final List<Consumer<ReplicationCore>> received;
  private final List<Consumer<ReplicationCore>> written;

  private final Unanswered asked;
  private final AtomicInteger peerFlushes = new AtomicInteger();
  private final AtomicBoolean over = new AtomicBoolean();
  private volatile @Nullable BlockConnection connection;
  private volatile @Nullable LinkSender sender;

  /// @param receipts memsync: ask for receipts
  /// @param ended called once with the reason, last
  PeerLink(ResourceShell shell, long session, boolean receipts, Consumer<String> ended) {
    this.shell = shell;
    this.session = session;
    this.receipts = receipts;
    this.ended = ended;
    this.sequences =
        new long[ResourceShell.CLIENT_SLOTS + ResourceShell.SYNC_SLOTS + ResourceShell.PEER_SLOTS];
    this.writes = new PeerWrite[sequences.length];
    var receivedBySlot = new ArrayList<Consumer<ReplicationCore>>();
    var writtenBySlot = new ArrayList<Consumer<ReplicationCore>>();
    for (int i = 0; i < sequences.length; i++) {
      int slot = i;
      writes[i] = new PeerWrite(session, slot);
      receivedBySlot.add(c -> c.peerReceived(session, slot));
      writtenBySlot.add(c -> c.peerWritten(session, slot, true));
    }
    this.received = List.copyOf(receivedBySlot);
    this.written = List.copyOf(writtenBySlot);
    this.asked = new Unanswered(ResourceShell.CLIENT_SLOTS + ResourceShell.SYNC_SLOTS);
  }

  /// A write of the peer's that is in a slot. Owned by the receive thread.
  private static final class PeerWrite implements Consumer<ReplicationCore> {
    private final long session;
    private final int slot;
    private long offsetBytes;
    private int lengthBytes;
    private WriteKind kind = WriteKind.DATA;
    private boolean receipt;

    PeerWrite(long session, int slot) {
      this.session = session;
      this.slot = slot;
    }

    @Override
    public void accept(ReplicationCore core) {
      core.peerWriteArrived(session, slot, offsetBytes, lengthBytes, kind, receipt);
    }
  }

  long session() {
    return session;
  }

  /// The connection stands and both hellos are known: the core may talk.
  ///
  /// @param met is run when the core has compared the hellos
  void attach(BlockConnection newConnection, Hello peerHello, Runnable met) {
    connection = newConnection;
    var newSender = LinkSender.start(shell.name() + "-send", newConnection);
    sender = newSender;
    if (over.get()) { // ended before it could see the sender
      newSender.stop();
    }
    Thread.ofPlatform()
        .name(shell.name() + "-receive")
        .daemon(true)
        .start(() -> {
          shell.step(c -> c.connected(session, peerHello));
          met.run();
          try (var _ = ReplyBatch.open()) {
            newConnection.receive();
          }
        });
  }

  @Nullable BlockConnection connection() {
    return connection;
  }

  /// How long the peer has owed the oldest answer, nanoseconds; 0 when it owes none.
  long oldestRequestNanos(long nowNanos) {
    return asked.oldestNanos(nowNanos);
  }

  @Override
  public void onIdle() {
    ReplyBatch.sendHeldHere();
  }

  /// Sends what is queued.
  @Override
  public void send() {
    var c = connection;
    if (c == null) {
      return;
    }
    if (Thread.currentThread().isVirtual()) {
      LinkSender.sendFor(c);
    } else {
      c.drain();
    }
  }

  /// Has another thread send what is queued. For what takes long enough that a hand-over pays: the
  /// caller goes on with the local disk meanwhile.
  void sendAside() {
    var s = sender;
    if (s != null) {
      s.wake();
    }
  }

  /// Sends a sign of life; never waits.
  void keepAlive() {
    var c = connection;
    if (c != null) {
      c.queueKeepAlive();
      sendAside();
    }
  }

  /// Ends the session, if it is the one meant (0: whichever).
  void close(long meant, String reason) {
    if (meant != 0 && meant != session) {
      return;
    }
    var c = connection;
    if (c != null) {
      c.close(reason);
    } else {
      end(reason);
    }
  }

  private void end(String reason) {
    if (over.compareAndSet(false, true)) {
      var s = sender;
      if (s != null) {
        s.stop();
      }
      shell.disconnected(this, session);
      ended.accept(reason);
    }
  }

  @Override
  public void onEnd(EndCause cause, String reason) {
    ReplyBatch.sendHeldHere();
    shell.counters().ended(cause);
    var c = connection;
    if (c != null) {
      shell.counters().everMet = true;
      shell.counters().lastContactNanos = c.lastReceivedNanos();
      shell.counters().sentBytes.add(c.sentBytes());
      shell.counters().receivedBytes.add(c.receivedBytes());
    }
    end(reason);
  }

  // ----- outgoing, called while the core is stepped

  @Override
  public void sendWrite(
      long ofSession, int slot, long offsetBytes, int lengthBytes, WriteKind kind) {
    var c = connectionOf(ofSession);
    if (c != null) {
      asked.ask(slot);
      c.queueWrite(
          slot,
          offsetBytes,
          lengthBytes,
          kind,
          receipts && slot < ResourceShell.CLIENT_SLOTS,
          shell.slots().at(slot).buffer());
    }
  }

  @Override
  public void sendChunk(
      long ofSession, int slot, long offsetBytes, int lengthBytes, int skipBytes) {
    var c = connectionOf(ofSession);
    if (c != null) {
      var data = shell.slots().at(slot).buffer().slice(skipBytes, lengthBytes);
      c.queueWrite(slot, offsetBytes, lengthBytes, WriteKind.DATA, false, data);
    }
  }

  @Override
  public void sendCompare(
      long ofSession, int slot, long offsetBytes, int lengthBytes, boolean zeroes) {
    var c = connectionOf(ofSession);
    if (c != null) {
      asked.ask(slot);
      c.queueCompare(
          slot,
          offsetBytes,
          lengthBytes,
          zeroes ? ByteBuffer.allocate(0) : shell.slots().at(slot).digests.duplicate());
    }
  }

  @Override
  public void answerCompare(long ofSession, int slot, int coveredBytes, long differentMask) {
    var c = connectionOf(ofSession);
    if (c != null) {
      c.queueCompared(sequences[slot], coveredBytes, differentMask);
    }
  }

  @Override
  public void sendFlush(long ofSession, long flushId) {
    var c = connectionOf(ofSession);
    if (c != null) {
      asked.askFlush(flushId);
      c.queueFlush(flushId);
    }
  }

  @Override
  public void sendRead(long ofSession, int slot, long offsetBytes, int lengthBytes) {
    var c = connectionOf(ofSession);
    if (c != null) {
      asked.ask(slot);
      c.queueRead(slot, offsetBytes, lengthBytes);
    }
  }

  @Override
  public void ackReceived(long ofSession, int slot) {
    var c = connectionOf(ofSession);
    if (c != null) {
      c.queueReceived(sequences[slot]);
    }
  }

  @Override
  public void ackWritten(long ofSession, int slot, boolean ok) {
    var c = connectionOf(ofSession);
    if (c != null) {
      c.queueWritten(sequences[slot], ok);
    }
  }

  @Override
  public void answerRead(long ofSession, int slot, boolean ok) {
    var c = connectionOf(ofSession);
    if (c != null) {
      var payload = shell.slots().at(slot).buffer().duplicate().rewind();
      var copy = ByteBuffer.allocateDirect(payload.remaining()).put(payload).flip();
      c.queueData(sequences[slot], ok, copy);
    }
  }

  @Override
  public void ackFlushed(long ofSession, long flushId, boolean ok) {
    var c = connectionOf(ofSession);
    if (c != null) {
      peerFlushes.decrementAndGet();
      c.queueFlushed(flushId, ok);
    }
  }

  @Override
  public void send(long ofSession, PeerMessage message) {
    var c = connectionOf(ofSession);
    if (c != null) {
      LOG.debug("resource={} says {}", shell.name(), message);
      c.queueMessage(message);
    }
  }

  private @Nullable BlockConnection connectionOf(long ofSession) {
    return ofSession == session ? connection : null;
  }

  // ----- incoming, on the receive thread

  @Override
  public int takePeerSlot() throws InterruptedException {
    int slot = shell.slots().pollPeer();
    if (slot < 0) {
      ReplyBatch.sendHeldHere();
      slot = shell.slots().takePeer();
    }
    return slot;
  }

  @Override
  public void returnPeerSlot(int slot) {
    shell.slots().freePeer(slot);
  }

  @Override
  public ByteBuffer buffer(int slot) {
    return shell.slots().at(slot).buffer();
  }

  @Override
  public void onWrite(
      int slot, long sequence, long offsetBytes, int lengthBytes, WriteKind kind, boolean receipt) {
    sequences[slot] = sequence;
    var event = writes[slot];
    event.offsetBytes = offsetBytes;
    event.lengthBytes = lengthBytes;
    event.kind = kind;
    event.receipt = receipt;
    shell.step(event);
  }

  @Override
  public void onRead(int slot, long sequence, long offsetBytes, int lengthBytes) {
    sequences[slot] = sequence;
    shell.step(c -> c.peerReadArrived(session, slot, offsetBytes, lengthBytes));
  }

  @Override
  public void onCompare(
      int slot, long sequence, long offsetBytes, int lengthBytes, ByteBuffer digests) {
    sequences[slot] = sequence;
    shell.slots().at(slot).digests = digests;
    shell.step(c -> c.peerCompareArrived(session, slot, offsetBytes, lengthBytes));
  }

  @Override
  public void onCompared(int slot, int coveredBytes, long differentMask) {
    if (ours(slot)) {
      told(slot);
      shell.step(c -> c.peerCompared(session, slot, coveredBytes, differentMask));
    }
  }

  private boolean ours(int slot) {
    if (slot < ResourceShell.CLIENT_SLOTS + ResourceShell.SYNC_SLOTS) {
      return true;
    }
    var c = connection;
    if (c != null) {
      c.close(EndCause.MALFORMED, "the peer answered a request that was never made");
    }
    return false;
  }

  private void told(int slot) {
    long since = asked.answered(slot);
    if (since != 0) {
      shell.counters().took(StageTimes.Stage.PEER, since);
    }
  }

  @Override
  public void onReceived(int slot) {
    if (ours(slot)) {
      shell.step(received.get(slot));
    }
  }

  @Override
  public void onWritten(int slot, boolean ok) {
    if (ours(slot)) {
      told(slot);
      if (!ok) {
        shell.counters().remoteErrors.increment();
      }
      shell.step(ok ? written.get(slot) : c -> c.peerWritten(session, slot, false));
    }
  }

  @Override
  public @Nullable ByteBuffer readTarget(int slot, int lengthBytes) {
    return ours(slot) && lengthBytes <= Slots.BYTES ? shell.slots().at(slot).buffer() : null;
  }

  @Override
  public void onData(int slot, boolean ok) {
    told(slot);
    shell.step(c -> c.peerReadDone(session, slot, ok));
  }

  @Override
  public void onFlush(long flushId) {
    if (peerFlushes.incrementAndGet() > PEER_FLUSHES_MAX) {
      var c = connection;
      if (c != null) {
        c.close(EndCause.MALFORMED, "more than " + PEER_FLUSHES_MAX + " flushes at once");
      }
      return;
    }
    shell.step(c -> c.peerFlushArrived(session, flushId));
  }

  @Override
  public void onFlushed(long flushId, boolean ok) {
    asked.flushAnswered(flushId);
    shell.step(c -> c.peerFlushed(session, flushId, ok));
  }

  @Override
  public void onMessage(PeerMessage message) {
    LOG.debug("resource={} hears {}", shell.name(), message);
    shell.step(c -> c.message(session, message));
  }
}
