package carpool.replicator.peer.session;

import carpool.kit.boot.Host;
import carpool.replicator.block.WriteCoalescer;
import carpool.replicator.core.CloseReason;
import carpool.replicator.core.Effect;
import carpool.replicator.core.Hello;
import carpool.replicator.core.PeerMessage;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.WriteKind;
import carpool.replicator.engine.PeerPort;
import carpool.replicator.engine.ResourceEngine;
import carpool.replicator.engine.Slots;
import carpool.replicator.engine.StageTimes;
import carpool.replicator.link.BlockConnection;
import carpool.replicator.link.BlockHandler;
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
public final class PeerLink implements PeerPort, BlockHandler {
  private static final Logger LOG = LoggerFactory.getLogger(PeerLink.class);

  /// A core asks for one flush after the other; more than a few are no core's.
  private static final int PEER_FLUSHES_MAX = 64;

  private final ResourceEngine engine;
  private final long session;
  private final boolean receipts;
  private final Consumer<String> ended;
  private final long[] sequences;

  /// Where the comparison in a slot begins.
  private final long[] comparedAt;

  // The frequent events of this session, by slot, made once: a step leaves no garbage.
  private final PeerWrite[] writes;
  private final List<Consumer<ReplicationCore>> received;
  private final List<Consumer<ReplicationCore>> written;

  private final OutstandingRequests asked;
  private final AtomicInteger peerFlushes = new AtomicInteger();
  private final AtomicBoolean over = new AtomicBoolean();
  private volatile @Nullable BlockConnection connection;
  private volatile @Nullable LinkSender sender;

  /// @param receipts memsync: ask for receipts
  /// @param ended called once with the reason, last
  public PeerLink(ResourceEngine engine, long session, boolean receipts, Consumer<String> ended) {
    this.engine = engine;
    this.session = session;
    this.receipts = receipts;
    this.ended = ended;
    this.sequences =
        new long
            [ResourceEngine.CLIENT_SLOTS + ResourceEngine.SYNC_SLOTS + ResourceEngine.PEER_SLOTS];
    this.comparedAt = new long[sequences.length];
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
    this.asked =
        new OutstandingRequests(
            engine.host(), ResourceEngine.CLIENT_SLOTS + ResourceEngine.SYNC_SLOTS);
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

  Host host() {
    return engine.host();
  }

  @Override
  public long nanoTime() {
    return host().nanoTime();
  }

  /// The connection stands and both hellos are known: the core may talk.
  ///
  /// @param met is run when the core has compared the hellos
  public void attach(BlockConnection newConnection, Hello peerHello, Runnable met) {
    connection = newConnection;
    var newSender = LinkSender.start(host(), engine.name() + "-send", newConnection);
    sender = newSender;
    if (over.get()) { // ended before it could see the sender
      newSender.stop();
    }
    host()
        .thread(
            engine.name() + "-receive",
            () -> {
              engine.step(c -> c.connected(session, peerHello));
              met.run();
              try (var _ = WriteCoalescer.open()) {
                newConnection.receive();
              }
            })
        .start();
  }

  public @Nullable BlockConnection connection() {
    return connection;
  }

  @Override
  public @Nullable Traffic traffic() {
    var c = connection;
    return c == null
        ? null
        : new Traffic(
            c.sentBytes(),
            c.receivedBytes(),
            c.lastReceivedNanos(),
            oldestRequestNanos(nanoTime()));
  }

  /// How long the peer has owed the oldest answer, nanoseconds; 0 when it owes none.
  public long oldestRequestNanos(long nowNanos) {
    return asked.oldestNanos(nowNanos);
  }

  @Override
  public void onIdle() {
    WriteCoalescer.sendHeldHere();
  }

  /// Sends what is queued.
  @Override
  public void send() {
    var c = connection;
    if (c == null) {
      return;
    }
    if (host().mayBlockInSockets()) {
      c.drain();
    } else {
      LinkSender.sendFor(c);
    }
  }

  /// Has another thread send what is queued. For what takes long enough that a hand-over pays: the
  /// caller goes on with the local disk meanwhile.
  @Override
  public void sendAside() {
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
  @Override
  public void close(long meant, CloseReason why, String reason) {
    if (meant != 0 && meant != session) {
      return;
    }
    var c = connection;
    if (c != null) {
      c.close(why, reason);
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
      engine.disconnected(this, session);
      ended.accept(reason);
    }
  }

  @Override
  public void onEnd(CloseReason cause, String reason) {
    WriteCoalescer.sendHeldHere();
    engine.counters().ended(cause);
    var c = connection;
    if (c != null) {
      engine.counters().everMet = true;
      engine.counters().lastContactNanos = c.lastReceivedNanos();
      engine.counters().sentBytes.add(c.sentBytes());
      engine.counters().receivedBytes.add(c.receivedBytes());
    }
    end(reason);
  }

  // ----- outgoing, called while the core is stepped

  @Override
  public void queue(Effect.Frame frame) {
    switch (frame) {
      case Effect.SendWrite write -> sendWrite(write);
      case Effect.SendChunk chunk -> sendChunk(chunk);
      case Effect.SendCompare compare -> sendCompare(compare);
      case Effect.SendFlush flush -> sendFlush(flush);
      case Effect.SendRead read -> sendRead(read);
      case Effect.SendMessage message -> sendMessage(message);
      case Effect.AckReceived ack -> ackReceived(ack);
      case Effect.AckWritten ack -> ackWritten(ack);
      case Effect.AckFlushed ack -> ackFlushed(ack);
      case Effect.AnswerRead answer -> answerRead(answer);
      case Effect.AnswerCompare answer -> answerCompare(answer);
    }
  }

  private void sendWrite(Effect.SendWrite write) {
    var c = connectionOf(write.session());
    if (c != null) {
      asked.ask(write.slot());
      c.queueWrite(
          write.slot(),
          write.offsetBytes(),
          write.lengthBytes(),
          write.kind(),
          receipts && write.slot() < ResourceEngine.CLIENT_SLOTS,
          engine.slots().at(write.slot()).buffer());
    }
  }

  private void sendChunk(Effect.SendChunk chunk) {
    var c = connectionOf(chunk.session());
    if (c != null) {
      var data =
          engine.slots().at(chunk.slot()).buffer().slice(chunk.skipBytes(), chunk.lengthBytes());
      c.queueWrite(
          chunk.slot(), chunk.offsetBytes(), chunk.lengthBytes(), WriteKind.DATA, false, data);
    }
  }

  private void sendCompare(Effect.SendCompare compare) {
    var c = connectionOf(compare.session());
    if (c != null) {
      asked.ask(compare.slot());
      comparedAt[compare.slot()] = compare.offsetBytes();
      c.queueCompare(
          compare.slot(),
          compare.offsetBytes(),
          compare.lengthBytes(),
          compare.zeroes()
              ? ByteBuffer.allocate(0)
              : engine.slots().at(compare.slot()).digests().duplicate());
    }
  }

  private void sendFlush(Effect.SendFlush flush) {
    var c = connectionOf(flush.session());
    if (c != null) {
      asked.askFlush(flush.flushId());
      c.queueFlush(flush.flushId());
    }
  }

  private void sendRead(Effect.SendRead read) {
    var c = connectionOf(read.session());
    if (c != null) {
      asked.ask(read.slot());
      c.queueRead(read.slot(), read.offsetBytes(), read.lengthBytes());
    }
  }

  private void sendMessage(Effect.SendMessage send) {
    var c = connectionOf(send.session());
    if (c != null) {
      LOG.debug("resource={} says {}", engine.name(), send.message());
      c.queueMessage(send.message());
    }
  }

  private void ackReceived(Effect.AckReceived ack) {
    var c = connectionOf(ack.session());
    if (c != null) {
      c.queueReceived(sequences[ack.slot()]);
    }
  }

  private void ackWritten(Effect.AckWritten ack) {
    var c = connectionOf(ack.session());
    if (c != null) {
      c.queueWritten(sequences[ack.slot()], ack.ok());
    }
  }

  private void ackFlushed(Effect.AckFlushed ack) {
    var c = connectionOf(ack.session());
    if (c != null) {
      peerFlushes.decrementAndGet();
      c.queueFlushed(ack.flushId(), ack.ok());
    }
  }

  private void answerRead(Effect.AnswerRead answer) {
    var c = connectionOf(answer.session());
    if (c != null) {
      var payload = engine.slots().at(answer.slot()).buffer().duplicate().rewind();
      var copy = ByteBuffer.allocateDirect(payload.remaining()).put(payload).flip();
      c.queueData(sequences[answer.slot()], answer.ok(), copy);
    }
  }

  private void answerCompare(Effect.AnswerCompare answer) {
    var c = connectionOf(answer.session());
    if (c != null) {
      c.queueCompared(sequences[answer.slot()], answer.coveredBytes(), answer.differentMask());
    }
  }

  private @Nullable BlockConnection connectionOf(long ofSession) {
    return ofSession == session ? connection : null;
  }

  // ----- incoming, on the receive thread

  @Override
  public int takePeerSlot() throws InterruptedException {
    int slot = engine.slots().pollPeer();
    if (slot < 0) {
      WriteCoalescer.sendHeldHere();
      slot = engine.slots().takePeer();
    }
    return slot;
  }

  @Override
  public void returnPeerSlot(int slot) {
    engine.slots().freePeer(slot);
  }

  @Override
  public ByteBuffer buffer(int slot) {
    return engine.slots().at(slot).buffer();
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
    engine.step(event);
  }

  @Override
  public void onRead(int slot, long sequence, long offsetBytes, int lengthBytes) {
    sequences[slot] = sequence;
    engine.step(c -> c.peerReadArrived(session, slot, offsetBytes, lengthBytes));
  }

  @Override
  public void onCompare(
      int slot, long sequence, long offsetBytes, int lengthBytes, ByteBuffer digests) {
    sequences[slot] = sequence;
    engine.slots().at(slot).digests(digests);
    engine.step(c -> c.peerCompareArrived(session, slot, offsetBytes, lengthBytes));
  }

  @Override
  public void onCompared(int slot, int coveredBytes, long differentMask) {
    if (ours(slot)) {
      told(slot);
      if (coveredBytes > 0) {
        engine.keepVersions(comparedAt[slot], coveredBytes, differentMask);
      }
      engine.step(c -> c.peerCompared(session, slot, coveredBytes, differentMask));
    }
  }

  private boolean ours(int slot) {
    if (slot < ResourceEngine.CLIENT_SLOTS + ResourceEngine.SYNC_SLOTS) {
      return true;
    }
    var c = connection;
    if (c != null) {
      c.close(CloseReason.MALFORMED, "the peer answered a request that was never made");
    }
    return false;
  }

  private void told(int slot) {
    long since = asked.answered(slot);
    if (since != 0) {
      engine.counters().took(StageTimes.Stage.PEER, since);
    }
  }

  @Override
  public void onReceived(int slot) {
    if (ours(slot)) {
      engine.step(received.get(slot));
    }
  }

  @Override
  public void onWritten(int slot, boolean ok) {
    if (ours(slot)) {
      told(slot);
      if (!ok) {
        engine.counters().remoteErrors.increment();
      }
      engine.step(ok ? written.get(slot) : c -> c.peerWritten(session, slot, false));
    }
  }

  @Override
  public @Nullable ByteBuffer readTarget(int slot, int lengthBytes) {
    return ours(slot) && lengthBytes <= Slots.BYTES ? engine.slots().at(slot).buffer() : null;
  }

  @Override
  public void onData(int slot, boolean ok) {
    told(slot);
    engine.step(c -> c.peerReadDone(session, slot, ok));
  }

  @Override
  public void onFlush(long flushId) {
    if (peerFlushes.incrementAndGet() > PEER_FLUSHES_MAX) {
      var c = connection;
      if (c != null) {
        c.close(CloseReason.MALFORMED, "more than " + PEER_FLUSHES_MAX + " flushes at once");
      }
      return;
    }
    engine.step(c -> c.peerFlushArrived(session, flushId));
  }

  @Override
  public void onFlushed(long flushId, boolean ok) {
    asked.flushAnswered(flushId);
    engine.step(c -> c.peerFlushed(session, flushId, ok));
  }

  @Override
  public void onMessage(PeerMessage message) {
    LOG.debug("resource={} hears {}", engine.name(), message);
    engine.step(c -> c.message(session, message));
  }
}
