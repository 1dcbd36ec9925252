package carpool.replicator.peer.session;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.block.BlockDevice.Allocation;
import carpool.replicator.core.BlockSet;
import carpool.replicator.core.CloseReason;
import carpool.replicator.core.DiskState;
import carpool.replicator.core.Effect;
import carpool.replicator.core.Geometry;
import carpool.replicator.core.Hello;
import carpool.replicator.core.Identity;
import carpool.replicator.core.PeerMessage;
import carpool.replicator.core.Phase;
import carpool.replicator.core.Role;
import carpool.replicator.core.WriteKind;
import carpool.replicator.engine.LoneEngine;
import carpool.replicator.engine.ResourceEngine;
import carpool.replicator.engine.TestHost;
import carpool.replicator.link.BlockConnection;
import carpool.replicator.link.BlockStream;
import carpool.replicator.offline.Provisioning;
import carpool.replicator.store.RecordingFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// One node's end of a session, with a real engine behind it and a peer that speaks frames.
final class PeerLinkTest {
  private static final long SESSION = 7;
  private static final int UNIT = 4096;

  @TempDir Path state;
  private final RecordingFile disk = new RecordingFile(16 << 20);
  private final LinkedBlockingQueue<String> ended = new LinkedBlockingQueue<>();
  private final TestHost host = new TestHost();
  private SocketChannel ours;
  private LoneEngine node;

  /// From [#meet] on.
  @SuppressWarnings("NullAway.Init")
  private PeerLink link;

  @SuppressWarnings("NullAway.Init")
  private BlockConnection connection;

  private WirePeer peer;

  @BeforeEach
  void start() throws Exception {
    Provisioning.create(
        "r", disk.provider(), new Provisioning.Options(0, 0, 0, 0, Provisioning.Overwrite.NOTHING));
    node = LoneEngine.withPeer(host, disk, state);
    try (var port = ServerSocketChannel.open()) {
      port.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      ours = SocketChannel.open(port.getLocalAddress());
      peer = new WirePeer(port.accept(), sizeBytes());
    }
    link = new PeerLink(node.engine, SESSION, false, ended::add);
    connection = new BlockConnection(BlockStream.plain(ours), link, WirePeer.CODING, sizeBytes());
  }

  @AfterEach
  void stop() throws Exception {
    peer.connection.close("the test is over");
    node.close();
    assertThat(host.stops).as("why the process would have ended").isEmpty();
  }

  private long sizeBytes() {
    return node.device.sizeBytes();
  }

  private void meet(Role peerRole, Identity peerIdentity, boolean receipts) {
    if (receipts) {
      link = new PeerLink(node.engine, SESSION, true, ended::add);
      connection = new BlockConnection(BlockStream.plain(ours), link, WirePeer.CODING, sizeBytes());
    }
    var told = node.engine.connect(link, core -> core.openSession(SESSION));
    assertThat(told).isNotNull();
    var hello =
        new Hello(
            "hast2",
            peerRole,
            1,
            false,
            DiskState.UP_TO_DATE,
            peerIdentity,
            sizeBytes(),
            5,
            false,
            new BlockSet((sizeBytes() - 1) / Geometry.BLOCK_BYTES + 1));
    link.attach(connection, hello, () -> {});
  }

  /// The peer is primary and has begun to copy.
  private void meetAsTarget() throws InterruptedException {
    meet(Role.PRIMARY, new Identity(5, 1, 0, 99, false, List.of(0L)), false);
    peer.say(new PeerMessage.MapTaken());
    peer.say(new PeerMessage.SyncStart());
    peer.await("SyncReady");
  }

  /// This node is primary, and both are in step.
  private void meetAsPrimary(boolean receipts) throws Exception {
    node.promote();
    meet(Role.SECONDARY, Identity.FRESH, receipts);
    peer.await("InStep");
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (node.engine.ask(core -> core.phase() != Phase.IN_STEP)) {
      assertThat(System.nanoTime() - end).isNegative();
      Thread.onSpinWait();
    }
  }

  private String end() throws InterruptedException {
    var reason = ended.poll(10, TimeUnit.SECONDS);
    return reason == null ? "the session goes on" : reason;
  }

  private void sendWrite(long sequence, boolean receipt) {
    var payload = ByteBuffer.allocateDirect(UNIT);
    peer.connection.queueWrite((int) sequence, 0, UNIT, WriteKind.DATA, receipt, payload);
    peer.connection.drain();
  }

  // ----- the peer's requests

  @Test
  void answersNameThePeersRequest() throws Exception {
    meetAsTarget();
    sendWrite(1234, true);
    peer.await("received 1234");
    peer.await("written 1234 true");
    peer.connection.queueRead(77, 0, UNIT);
    peer.connection.queueFlush(31);
    peer.connection.drain();
    peer.await("data 77 true 0");
    peer.await("flushed 31 true");
  }

  /// It may hear the end of the session instead, but never that the write is done.
  @Test
  void writeThatFailsHereIsNotToldToBeDone() throws Exception {
    meetAsTarget();
    int slot = node.engine.slots().takePeer();
    link.onWrite(slot, 11, 0, UNIT, WriteKind.DATA, false);
    peer.await("written 11 true");
    link.queue(new Effect.AckWritten(SESSION, slot, false));
    link.send();
    peer.await("written 11 false");

    disk.failWrites(1);
    sendWrite(12, false);
    assertThat(peer.awaitEnd()).doesNotContain("written 12 true");
  }

  @Test
  void flushThatFailsHereIsToldSo() throws Exception {
    meetAsTarget();
    disk.failFlushes(1);
    peer.connection.queueFlush(31);
    peer.connection.drain();
    peer.await("flushed 31 false");
  }

  @Test
  void readThatFailsHereIsToldSo() throws Exception {
    meetAsTarget();
    disk.makeUnreadable(node.dataOffset(), UNIT);
    peer.connection.queueRead(77, 0, UNIT);
    peer.connection.drain();
    peer.await("data 77 false");
  }

  /// By the time it is sent, the slot may hold the next request's data.
  @Test
  void answerToAReadKeepsItsData() throws Exception {
    meetAsTarget();
    int slot = node.engine.slots().takePeer();
    var buffer = node.engine.slots().at(slot).buffer();
    buffer.clear().limit(UNIT).put(0, (byte) 42);
    link.queue(new Effect.AnswerRead(SESSION, slot, true));
    buffer.put(0, (byte) 43);
    link.send();

    assertThat(peer.awaitStart("data 0 true ")).isEqualTo("data 0 true 42");
  }

  @Test
  void manyFlushesOneAfterTheOtherAreAllAnswered() throws Exception {
    meetAsTarget();
    for (int i = 1; i <= 200; i++) {
      peer.connection.queueFlush(i);
      peer.connection.drain();
      peer.await("flushed " + i + " true");
    }
  }

  @Test
  void tooManyFlushesAtOnceEndTheSession() throws Exception {
    meetAsTarget();
    var go = new CountDownLatch(1);
    disk.onFlush(() -> {
      try {
        assertThat(go.await(60, TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    });
    for (int i = 1; i <= 65; i++) {
      peer.connection.queueFlush(i);
    }
    peer.connection.drain();
    var reason = end();
    go.countDown();
    assertThat(reason).contains("more than 64 flushes at once");
  }

  @Test
  void slotOfAPayloadThatIsCutOffIsFreeAgain() throws Exception {
    meetAsTarget();
    // A frame for 4096 bytes and one of them.
    var head = ByteBuffer.allocate(33).putInt(0x43505231).put((byte) 1).put(new byte[3]);
    head.putLong(1).putLong(0).putInt(UNIT).putInt(UNIT).put((byte) 1).flip();
    var streams = new ArrayList<Integer>();
    peer.raw(head);
    peer.connection.close("cut off");
    assertThat(end()).isNotEqualTo("the session goes on");
    for (int i = 0; i < ResourceEngine.PEER_SLOTS; i++) {
      streams.add(node.engine.slots().pollPeer());
    }
    assertThat(streams).doesNotContain(-1);
  }

  // ----- this node's requests

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void receiptsAreAskedForClientsWritesInMemsync(boolean receipts) throws Exception {
    meetAsPrimary(receipts);
    node.write(0);
    assertThat(peer.awaitStart("write ").contains(" receipt")).isEqualTo(receipts);
  }

  @Test
  void writeThatFailsThereIsNoWrite() throws Exception {
    meetAsPrimary(false);
    peer.ok = false;
    assertThat(node.startWrite(0)).isNotNull();
    assertThat(end()).contains("a write failed on the peer");
  }

  @Test
  void flushThatFailsThereIsNoFlush() throws Exception {
    meetAsPrimary(false);
    node.write(0);
    peer.ok = false;
    assertThat(node.flush()).isNotNull();
    assertThat(end()).contains("a flush failed on the peer");
  }

  @Test
  void readThatFailsOnBothNodesIsAnError() throws Exception {
    meetAsPrimary(false);
    peer.ok = false;
    disk.makeUnreadable(node.dataOffset(), UNIT);
    assertThat(node.startRead(0).get(10, TimeUnit.SECONDS)).isFalse();
  }

  @Test
  void blocksThatAreEqualAreSkipped() throws Exception {
    meetAsTarget();
    int slot = ResourceEngine.CLIENT_SLOTS;
    node.engine.slots().at(slot).buffer().clear().put(0, (byte) 1).put(UNIT, (byte) 2);
    link.queue(new Effect.SendChunk(SESSION, slot, 2 * UNIT, UNIT, UNIT));
    link.send();
    assertThat(peer.awaitStart("write "))
        .isEqualTo("write " + slot + " " + 2 * UNIT + "+" + UNIT + " DATA 2");
  }

  @Test
  void marksThatCannotBeWrittenAreNotTakenOver() throws Exception {
    node.promote();
    disk.failWrites(Integer.MAX_VALUE);
    meet(Role.SECONDARY, Identity.FRESH, false);
    assertThat(end()).isNotEqualTo("the session goes on");
    assertThat(peer.awaitStart("")).isEqualTo("end");
  }

  @Test
  void answerToARequestThatWasNeverMadeEndsTheSession() throws Exception {
    meetAsTarget();
    peer.connection.queueWritten(ResourceEngine.CLIENT_SLOTS + ResourceEngine.SYNC_SLOTS, true);
    peer.connection.drain();
    assertThat(end()).contains("the peer answered a request that was never made");
  }

  /// What the local file knows of holes says nothing of what the peer has written since.
  @Test
  void holesOfAFailedDiskAreNotToldOfThePeersCopy() throws Exception {
    disk.tellHoles();
    meetAsPrimary(false);
    assertThat(node.device.allocation(1 << 20, UNIT).hole()).isTrue();
    disk.failWrites(Integer.MAX_VALUE);
    var write = node.startWrite(0);
    peer.await("DiskFailed");
    peer.say(new PeerMessage.SoleCopyTaken());
    assertThat(write.get(10, TimeUnit.SECONDS)).isTrue();

    boolean fromPeer = node.engine.ask(core -> core.servesFromPeer());
    assertThat(fromPeer).isTrue();
    assertThat(node.device.allocation(1 << 20, UNIT)).isEqualTo(new Allocation(UNIT, false));
  }

  /// The peer may have taken over meanwhile.
  @Test
  void nodeThatStoodStillAsksItsPeerBeforeItAnswersARead() throws Exception {
    meetAsPrimary(false);
    peer.answers = false;
    host.standStill(TimeUnit.SECONDS.toNanos(2));

    var read = node.startRead(0);

    peer.await("flush");
    assertThat(read.isDone()).isFalse();
  }

  /// A version that a synchronisation overwrites by intention is not one that rotted.
  @Test
  void versionsAreKeptInSyncOnly() throws Exception {
    meetAsTarget();
    node.engine.keepVersions(0, Geometry.BLOCK_BYTES, 1);
    assertThat(Files.exists(state.resolve("verify"))).isFalse();
  }

  @Test
  void versionsThatDifferInSyncAreKept() throws Exception {
    meetAsPrimary(false);
    node.engine.keepVersions(0, Geometry.BLOCK_BYTES, 1);
    assertThat(Files.exists(state.resolve("verify/r/0"))).isTrue();
  }

  // ----- sessions

  @Test
  void noSessionBeginsWhileTheNodeStops() {
    node.engine.stopping();
    var told = node.engine.connect(link, core -> core.openSession(SESSION));
    assertThat(told).isNull();
  }

  @Test
  void framesOfAnotherSessionAreNotSent() throws Exception {
    meetAsTarget();
    link.queue(new Effect.SendMessage(SESSION - 1, new PeerMessage.DiskFailed()));
    link.queue(new Effect.SendMessage(SESSION, new PeerMessage.PromotionRequest()));
    link.send();
    assertThat(peer.awaitStart("")).isEqualTo("PromotionRequest");
  }

  @Test
  void onlyTheSessionThatIsMeantIsClosed() throws Exception {
    meetAsTarget();
    link.close(SESSION - 1, "another one");
    sendWrite(5, false);
    peer.await("written 5 true");
    link.close(SESSION, "this one");
    assertThat(end()).isEqualTo("this one");
  }

  // ----- signs of life

  @Test
  void signOfLifeIsSentAtOnce() throws Exception {
    meetAsTarget();
    awaitSilence();
    long before = peer.connection.receivedBytes();
    look(new PeerTimeouts(0, Long.MAX_VALUE), awakeFor(60));
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (peer.connection.receivedBytes() == before) {
      assertThat(System.nanoTime() - end).isNegative();
      Thread.onSpinWait();
    }
  }

  @Test
  void silenceEndsTheSessionAndNotBeforeItsTime() throws Exception {
    meetAsTarget();
    awaitSilence();
    look(new PeerTimeouts(Long.MAX_VALUE, TimeUnit.MINUTES.toNanos(1)), awakeFor(60));
    assertThat(ended).isEmpty();
    look(new PeerTimeouts(Long.MAX_VALUE, TimeUnit.MILLISECONDS.toNanos(1)), awakeFor(60));
    assertThat(end()).contains("nothing was heard of the peer");
  }

  @Test
  void silenceOfWhichThisProcessSleptIsNone() throws Exception {
    meetAsTarget();
    awaitSilence();
    look(
        new PeerTimeouts(Long.MAX_VALUE, TimeUnit.MILLISECONDS.toNanos(1)),
        new PauseDetector(System.nanoTime()));
    sendWrite(5, false);
    peer.await("written 5 true");
  }

  private void look(PeerTimeouts timeouts, PauseDetector awake) {
    LinkWatch.look(link, connection, timeouts, awake, _ -> {});
  }

  private void awaitSilence() {
    while (connection.silentNanos(System.nanoTime()) < TimeUnit.MILLISECONDS.toNanos(2)) {
      Thread.onSpinWait();
    }
  }

  /// A process that has looked regularly for so many seconds.
  private static PauseDetector awakeFor(int seconds) {
    long now = System.nanoTime();
    var detector = new PauseDetector(now - TimeUnit.SECONDS.toNanos(seconds));
    for (int quarter = 4 * seconds; quarter >= 0; quarter--) {
      detector.look(now - quarter * TimeUnit.SECONDS.toNanos(1) / 4);
    }
    return detector;
  }

  @Test
  void endNamesItsCause() throws Exception {
    meetAsTarget();
    connection.close(CloseReason.SILENT, "silent");
    assertThat(end()).isEqualTo("silent");
    var phase = node.engine.ask(core -> core.phase());
    assertThat(phase).isEqualTo(Phase.APART);
  }
}
