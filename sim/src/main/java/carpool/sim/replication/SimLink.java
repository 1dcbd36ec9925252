package carpool.sim.replication;

import carpool.replicator.core.Hello;
import carpool.replicator.core.PeerMessage;
import carpool.replicator.core.WriteKind;
import java.nio.LongBuffer;
import org.jspecify.annotations.Nullable;

/// The connection between two nodes: in order, delayed, cut at any moment, in both directions or in
/// one. Each side notices a cut at a time of its own, and what was under way may arrive or not. Of
/// a session that a node has ended already some frames still reach it.
public final class SimLink {
  /// What travels.
  sealed interface Frame {
    /// A write.
    ///
    /// @param receipt the sender wants to know when it has arrived
    record Write(
        long seq, long offset, int length, LongBuffer payload, WriteKind kind, boolean receipt)
        implements Frame {}

    record Read(long seq, long offset, int length) implements Frame {}

    record Received(long seq) implements Frame {}

    record Written(long seq, boolean ok) implements Frame {}

    record Data(long seq, LongBuffer payload, boolean ok) implements Frame {}

    /// A comparison.
    ///
    /// @param content what the source has; null when that is zero
    record Compare(long seq, long offset, int length, @Nullable LongBuffer content)
        implements Frame {}

    record Compared(long seq, int coveredBytes, long differentMask) implements Frame {}

    record Flush(long id) implements Frame {}

    record Flushed(long id, boolean ok) implements Frame {}

    record Message(PeerMessage message) implements Frame {}
  }

  /// One connection; both ends may live for different times.
  private static final class Connection {
    final long id;
    final boolean[] open = {true, true};
    final boolean[] ready = {false, false};
    final long[] lastArrival = {0, 0};

    /// Frames to this side that arrive after this moment are lost.
    final long[] cutAt = {Long.MAX_VALUE, Long.MAX_VALUE};

    Connection(long id) {
      this.id = id;
    }
  }

  private final SimHost world;
  private @Nullable Connection now;
  private long lastId;
  private long connectedMicros;
  private final boolean[] reached = {true, true};

  /// A link that is up.
  public SimLink(SimHost world) {
    this.world = world;
  }

  /// When the present connection, or the last one, began.
  long connectedMicros() {
    return connectedMicros;
  }

  /// In both directions.
  public boolean up() {
    return reached[0] && reached[1];
  }

  public void heal() {
    reached[0] = true;
    reached[1] = true;
    world.transcript().add("net", "link up");
  }

  /// Nothing reaches this node any more; what it sends arrives until one of the two gives up.
  void cutTowards(int deaf) {
    reached[deaf] = false;
    world.transcript().add("net", "nothing reaches " + world.node(deaf).name);
    var connection = now;
    if (connection != null && connection.cutAt[deaf] == Long.MAX_VALUE) {
      connection.cutAt[deaf] = world.time().nowMicros();
      world
          .time()
          .within(
              1,
              world.noticedWithinMicros(true),
              () -> {
                if (now == connection) {
                  breakConnection(true);
                }
              });
    }
  }

  public void cut() {
    reached[0] = false;
    reached[1] = false;
    world.transcript().add("net", "link cut");
    breakConnection(true);
  }

  /// Breaks the connection, if there is one; the link stays as it is.
  ///
  /// @param silent nobody tells the two ends of it
  public void breakConnection(boolean silent) {
    var connection = now;
    now = null;
    if (connection != null) {
      loseAfter(connection, world.time().nowMicros());
      notice(connection, 0, 1, world.noticedWithinMicros(silent));
      notice(connection, 1, 1, world.noticedWithinMicros(silent));
    }
  }

  private static void loseAfter(Connection connection, long micros) {
    connection.cutAt[0] = Math.min(connection.cutAt[0], micros);
    connection.cutAt[1] = Math.min(connection.cutAt[1], micros);
  }

  private void notice(Connection connection, int side, long min, long max) {
    world.time().within(min, max, () -> world.reach(world.node(side), () -> end(connection, side)));
  }

  private void end(Connection connection, int side) {
    if (connection.open[side]) {
      connection.open[side] = false;
      var core = world.node(side).core;
      if (core != null) {
        core.disconnected(connection.id);
        core.checkInvariants();
        world.disconnected(world.node(side));
      }
    }
  }

  void nodeGone(SimNode node, boolean silent) {
    var connection = now;
    if (connection != null) {
      connection.open[node.index] = false;
      breakConnection(silent);
    }
  }

  void close(SimNode node, long session) {
    var connection = now;
    if (connection == null || connection.id != session) {
      return; // its end is on the way already
    }
    now = null;
    loseAfter(connection, world.time().nowMicros() + world.time().between(0, 500));
    notice(connection, node.index, 0, 0);
    notice(connection, 1 - node.index, 1, 3000);
  }

  /// Tries to connect, over and over.
  public void dial() {
    world
        .time()
        .within(
            500,
            world.dialWithinMicros(),
            () -> {
              tryConnect();
              dial();
            });
  }

  private void tryConnect() {
    var dialler = world.node(0);
    var listener = world.node(1);
    if (!up() || now != null || !ready(dialler) || !ready(listener)) {
      return;
    }
    var connection = new Connection(++lastId);
    now = connection;
    connectedMicros = world.time().nowMicros();
    if (world.handshakeFails()) {
      world
          .time()
          .within(
              0,
              world.slowLink() ? 10_000 : 1500,
              () -> {
                if (now == connection) {
                  world.transcript().add("net", "the handshake fails");
                  breakConnection(false);
                }
              });
    }
    var hello = dialler.running().openSession(connection.id);
    deliver(
        connection,
        1,
        () -> {
          if (!ready(listener)) {
            close(listener, connection.id);
            return;
          }
          var answer = listener.running().openSession(connection.id);
          helloBack(connection, hello, answer);
        });
  }

  private void helloBack(Connection connection, Hello fromDialler, Hello fromListener) {
    deliver(
        connection,
        0,
        () -> {
          deliver(
              connection,
              1,
              () -> {
                connection.ready[1] = true;
                world.node(1).running().connected(connection.id, fromDialler);
              });
          connection.ready[0] = true;
          world.node(0).running().connected(connection.id, fromListener);
        });
  }

  /// A call of its own, outside of any session; lost when the link is cut on its way.
  void call(SimNode to, Runnable arrival) {
    var time = world.time();
    if (!reached[to.index]) {
      return;
    }
    time.within(
        50,
        world.slowLink() ? 3000 : 800,
        () -> {
          if (reached[to.index]) {
            world.reach(to, arrival);
          }
        });
  }

  private static boolean ready(SimNode node) {
    return node.alive() && node.running().readyForSession();
  }

  void send(SimNode from, long session, Frame frame) {
    var connection = now;
    if (connection == null || connection.id != session) {
      return;
    }
    int to = 1 - from.index;
    deliver(
        connection,
        to,
        () -> world.node(to).receive(session, frame),
        () -> world.node(to).receiveLate(session, frame));
  }

  private void deliver(Connection connection, int to, Runnable arrival) {
    deliver(connection, to, arrival, () -> {});
  }

  /// In order per direction; lost when the connection was cut before it arrived.
  ///
  /// @param late what happens when the node has ended the session before
  private void deliver(Connection connection, int to, Runnable arrival, Runnable late) {
    long sent = world.time().nowMicros();
    if (sent >= connection.cutAt[to]) {
      return;
    }
    int life = world.node(to).life();
    long at =
        Math.max(
            connection.lastArrival[to] + 1,
            sent + world.time().between(20, world.slowLink() ? 3000 : 400));
    connection.lastArrival[to] = at;
    world
        .time()
        .after(
            at - sent,
            () -> {
              var node = world.node(to);
              if (node.life() != life) {
                return;
              }
              if (!connection.open[to]) {
                // It was in the receiver's buffer when the session ended, or is lost.
                if (node.alive() && world.time().chance(1, 2)) {
                  world.reach(node, late);
                }
              } else if (at < connection.cutAt[to]) {
                world.reach(
                    node,
                    () -> {
                      if (connection.open[to] && node.alive()) {
                        arrival.run();
                        node.running().checkInvariants();
                      }
                    });
              }
            });
  }
}
