package carpool.sim.engine;

import carpool.replicator.core.Effect;
import carpool.replicator.core.Hello;
import carpool.replicator.core.Leave;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.engine.ResourceEngine;
import carpool.replicator.link.BlockConnection;
import carpool.replicator.link.BlockStream;
import carpool.replicator.peer.session.PeerLink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How one process makes sessions: the steps of the product's `peer.rpc` without gRPC. The lower
/// node calls, again and again; hellos are exchanged; the caller opens the block connection, which
/// belongs to the session whose token it brings; the end of either side is told to the other.
final class Sessions {
  private static final long STEP_MICROS = 5_000_000;
  private static final long BACKOFF_MIN_MICROS = 100_000;
  private static final long BACKOFF_MAX_MICROS = 2_000_000;
  private static final long UNREACHABLE_MICROS = 600_000;
  private static final long QUESTION_MICROS = 2_500_000;
  private static final int PREAMBLE_BYTES = 24;

  private final EngineWorld world;
  private final EngineNode node;
  private final SimProcess process;
  private final ResourceEngine engine;
  private final Map<Long, Awaited> awaited = new HashMap<>();
  private long lastSession;

  private record Awaited(PeerLink link, Hello hello) {}

  Sessions(EngineWorld world, EngineNode node, SimProcess process, ResourceEngine engine) {
    this.world = world;
    this.node = node;
    this.process = process;
    this.engine = engine;
  }

  /// One attempt of the calling side.
  private static final class Call {
    final Signal answered;
    final Signal over;
    @Nullable Hello hello;
    long token;
    @Nullable PeerLink link;

    Call(EngineWorld world) {
      answered = new Signal(world);
      over = new Signal(world);
    }
  }

  private record Opened(PeerLink link, Hello hello) {}

  private @Nullable Opened open(java.util.function.Consumer<String> ended) {
    long session = ++lastSession;
    var link = new PeerLink(engine, session, world.traits().memsync(), ended);
    var hello = engine.connect(link, core -> core.openSession(session));
    return hello == null ? null : new Opened(link, hello);
  }

  // ----- the calling side

  void dial() {
    long backoff = BACKOFF_MIN_MICROS;
    while (true) {
      if (engine.ask(ReplicationCore::readyForSession)) {
        long start = world.time().nowMicros();
        call();
        boolean lived = world.time().nowMicros() - start > 2_000_000;
        backoff = lived ? BACKOFF_MIN_MICROS : Math.min(backoff * 2, BACKOFF_MAX_MICROS);
      }
      world.turns().pause(backoff);
    }
  }

  private void call() {
    var call = new Call(world);
    var opened =
        open(reason -> {
          node.log("session ended: " + reason);
          call.over.give();
        });
    if (opened == null) {
      return;
    }
    var link = opened.link();
    call.link = link;
    var peer = world.node(1 - node.index);
    world
        .network()
        .call(node.index, () -> peer.incoming(sessions -> sessions.answer(call, opened.hello())));
    if (!call.answered.await(STEP_MICROS)) {
      link.close(0, "the peer did not answer");
    } else if (call.hello == null) {
      link.close(0, "refused");
    } else {
      connect(call, link, call.hello);
    }
    call.over.await();
    long token = call.token;
    world.network().call(node.index, () -> peer.incoming(sessions -> sessions.callerEnded(token)));
  }

  private void connect(Call call, PeerLink link, Hello peerHello) {
    BlockStream stream = null;
    try {
      world.turns().pause(world.network().delayMicros());
      var peer = world.node(1 - node.index);
      var listener = peer.listener();
      if (listener == null) {
        throw new IOException("connection refused");
      }
      var connection = world.network().connect(node.index, process, listener.process());
      stream = connection.end(node.index);
      var accepted = connection.end(1 - node.index);
      listener.process().start("block-handshake", () -> listener.shake(accepted));
      var late = deadline(stream);
      var preamble = ByteBuffer.allocate(PREAMBLE_BYTES).putLong(call.token);
      BlockStream.writeFully(stream, preamble.position(0));
      BlockStream.readFully(stream, ByteBuffer.allocate(4));
      late[0] = true;
      begin(link, stream, peerHello);
    } catch (IOException e) {
      close(stream);
      link.close(0, "block connection: " + e.getMessage());
    }
  }

  private boolean[] deadline(BlockStream stream) {
    var inTime = new boolean[1];
    world
        .time()
        .after(
            STEP_MICROS,
            () -> {
              if (!inTime[0]) {
                process.start("deadline", () -> close(stream));
              }
            });
    return inTime;
  }

  private static void close(@Nullable BlockStream stream) {
    if (stream != null) {
      try {
        stream.close();
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private void begin(PeerLink link, BlockStream stream, Hello peerHello) {
    long size = engine.disk().metadata().dataSizeBytes();
    var connection = new BlockConnection(process, stream, link, world.traits().coding(), size);
    link.attach(connection, peerHello, () -> {});
  }

  // ----- the called side

  private final Map<Long, PeerLink> incoming = new HashMap<>();

  private void answer(Call call, Hello peerHello) {
    var caller = world.node(1 - node.index);
    var opened =
        open(reason -> {
          node.log("session ended: " + reason);
          world.network().call(node.index, () -> caller.reach(() -> peerEnded(call)));
        });
    if (opened == null) {
      world.network().call(node.index, () -> caller.reach(call.answered::give));
      return;
    }
    long token = world.time().random().nextLong();
    awaited.put(token, new Awaited(opened.link(), peerHello));
    incoming.put(token, opened.link());
    world
        .time()
        .after(
            STEP_MICROS,
            () -> {
              var late = awaited.remove(token);
              if (late != null) {
                process.start("late", () -> late.link().close(0, "no block connection in time"));
              }
            });
    world
        .network()
        .call(
            node.index,
            () ->
                caller.reach(() -> {
                  call.hello = opened.hello();
                  call.token = token;
                  call.answered.give();
                }));
  }

  private static void peerEnded(Call call) {
    call.answered.give();
    var link = call.link;
    if (link != null) {
      link.close(0, "the peer ended the session");
    }
  }

  private void callerEnded(long token) {
    awaited.remove(token);
    var link = incoming.remove(token);
    if (link != null) {
      link.close(0, "the peer ended the session");
    }
  }

  void shake(BlockStream stream) {
    var late = deadline(stream);
    try {
      var preamble = ByteBuffer.allocate(PREAMBLE_BYTES);
      BlockStream.readFully(stream, preamble);
      var waiting = awaited.remove(preamble.getLong(0));
      if (waiting == null) {
        close(stream);
        return;
      }
      late[0] = true;
      BlockStream.writeFully(stream, ByteBuffer.allocate(4));
      begin(waiting.link(), stream, waiting.hello());
    } catch (IOException e) {
      close(stream);
    }
  }

  // ----- going stand-alone

  /// Asks the peer whether this node may go on without it, as `OutdatePeerCall` does.
  void ask(Effect.AskLeave question) {
    var answer = new Leave[] {Leave.UNREACHABLE};
    var peer = world.node(1 - node.index);
    var done = new Signal(world);
    if (world.network().up() && peer.listener() != null) {
      world
          .network()
          .call(
              node.index,
              () ->
                  peer.incoming(sessions -> {
                    var _ =
                        sessions
                            .engine
                            .peerAsksLeave(question.tenure(), question.identity())
                            .thenAccept(leave ->
                                world
                                    .network()
                                    .call(
                                        peer.index,
                                        () -> {
                                          answer[0] = leave;
                                          done.give();
                                        }));
                  }));
      done.await(QUESTION_MICROS);
    } else {
      world.turns().pause(UNREACHABLE_MICROS);
    }
    node.log("asks to go on without the peer: " + answer[0]);
    engine.step(c -> c.leaveAnswered(question.question(), answer[0]));
  }
}
