package carpool.sim.replication;

import carpool.replicator.core.Effects.Result;
import carpool.replicator.core.WriteKind;
import carpool.sim.Violation;
import carpool.sim.VirtualTime;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The clients of both nodes: several connections to each, that write, read and flush where
/// somebody serves, and check what they read.
final class Clients {
  /// A client of a node whose own disk answers waits no longer than this: for a chunk of a
  /// synchronisation that the peer does not answer, then for its own request, then for the question
  /// to the peer.
  private static final long ANSWER_MICROS =
      10_000L * (2 * (PairWorld.TIMEOUT_TICKS_MAX + 2) + PairWorld.TIMEOUT_TICKS_MAX + 2) + 60_000;

  /// A role that is given up is not waited for longer.
  static final int GIVE_UP_TICKS_MAX = 12;

  private static final long GIVE_UP_MICROS = 10_000L * (GIVE_UP_TICKS_MAX + 1);

  private final PairWorld world;
  private final VirtualTime time;
  private final Traits traits;
  private final Oracle oracle;
  private final List<List<Request>> waiting = List.of(new ArrayList<>(), new ArrayList<>());
  private final List<List<Oracle.Write>> open = List.of(new ArrayList<>(), new ArrayList<>());
  private final Oracle.@Nullable Write[][] inSlot =
      new Oracle.@Nullable Write[2][SimNode.CLIENT_SLOTS];

  /// When each node was told to give up, and when it was last seen to.
  private final long[] givesUpSince = {0, 0};

  private final long[] gaveUp = {0, 0};
  private boolean run = true;
  private long restUntil;
  int acknowledged;

  /// A client's request that is not answered.
  ///
  /// @param number of the write, or where a read starts
  private record Request(String what, long number, long sinceMicros) {}

  Clients(PairWorld world) {
    this.world = world;
    time = world.time;
    traits = world.traits;
    oracle = world.oracle;
  }

  void start() {
    for (int i = 0; i < traits.clients(); i++) {
      next();
    }
  }

  void stop() {
    run = false;
  }

  /// Nobody asks for anything before then: a later write would hide what an earlier one has left.
  void rest(long untilMicros) {
    restUntil = untilMicros;
  }

  boolean running() {
    return run;
  }

  /// Nobody waits for an answer.
  boolean quiet() {
    return waiting.get(0).isEmpty() && waiting.get(1).isEmpty();
  }

  private void next() {
    time.within(
        50,
        (traits.sparse() ? 8000L : 700L) * traits.clients(),
        () -> {
          if (run) {
            for (var node : world.nodes) {
              if (serving(node) && node.hasClientSlot() && time.nowMicros() >= restUntil) {
                request(node);
              }
            }
            next();
          }
        });
  }

  private static boolean serving(SimNode node) {
    return Watcher.primary(node) && !node.running().fenced();
  }

  private void request(SimNode node) {
    int dice = time.random().nextInt(20);
    int all = node.disk.units();
    // A client that writes whole sectors: half of its requests start and end anywhere.
    int grain = traits.unitBytes() < SimDisk.UNIT_BYTES && time.chance(1, 2) ? 8 : 1;
    int most = (traits.unitBytes() < SimDisk.UNIT_BYTES ? 8 : 1) * (time.chance(1, 5) ? 24 : 3);
    int units = Math.max(grain, (1 + time.random().nextInt(most)) / grain * grain);
    int unit =
        time.chance(1, 12) ? all - units : time.random().nextInt(all - units + 1) / grain * grain;
    if (dice < 12) {
      write(node, unit, units, dice == 0);
    } else if (dice < 13) {
      zeroInPieces(node);
    } else if (dice < 18) {
      read(node, unit, units);
    } else {
      flush(node);
    }
  }

  // ----- writes

  private void write(SimNode node, int unit, int units, boolean forced) {
    boolean zeroes = time.chance(1, 6);
    var write = begin(node, unit, units, zeroes);
    world.log(
        node,
        () ->
            "client writes "
                + write.id
                + (zeroes ? " (zeroes)" : "")
                + " to "
                + unit
                + "+"
                + units
                + (forced ? " forced" : ""));
    var asked = asks(node, "write", write.id);
    submit(
        node,
        write,
        zeroes ? WriteKind.HOLE : WriteKind.DATA,
        forced,
        ok -> {
          answered(node, asked);
          end(node, List.of(write), ok, forced);
        });
  }

  /// Long zeroes or a long trim, done as the engine does them: the next piece when the last one is
  /// answered, the client when all are, and the last one is forced when the request is.
  private void zeroInPieces(SimNode node) {
    int all = node.disk.units();
    int piece = 1 + time.random().nextInt(all / 6);
    int count = 2 + time.random().nextInt(3);
    int first = time.random().nextInt(all - piece * count + 1);
    boolean forced = time.chance(1, 3);
    var kind = time.chance(1, 2) ? WriteKind.HOLE : WriteKind.ZERO;
    var writes = new ArrayList<Oracle.Write>();
    for (int i = 0; i < count; i++) {
      writes.add(begin(node, first + i * piece, piece, /* zeroes= */ true));
    }
    world.log(
        node,
        () ->
            "client zeroes "
                + count
                + " pieces of "
                + piece
                + " from "
                + first
                + ": "
                + writes.getFirst().id
                + " to "
                + writes.getLast().id
                + (forced ? " forced" : ""));
    var asked = asks(node, "zeroes", writes.getFirst().id);
    piece(node, node.life(), writes, 0, kind, forced, asked);
  }

  private void piece(
      SimNode node,
      int life,
      List<Oracle.Write> writes,
      int index,
      WriteKind kind,
      boolean forced,
      Request asked) {
    boolean last = index == writes.size() - 1;
    submit(
        node,
        writes.get(index),
        kind,
        forced && last,
        ok -> {
          if (last || !ok) {
            answered(node, asked);
            end(node, writes, ok, forced);
          } else {
            whenThereIsASlot(
                node, life, () -> piece(node, life, writes, index + 1, kind, forced, asked));
          }
        });
  }

  private void whenThereIsASlot(SimNode node, int life, Runnable action) {
    if (node.life() != life) {
      return;
    }
    if (node.hasClientSlot()) {
      action.run();
    } else {
      time.after(50, () -> whenThereIsASlot(node, life, action));
    }
  }

  private Oracle.Write begin(SimNode node, int unit, int units, boolean zeroes) {
    var write = oracle.start(unit, unit + units, time.nowMicros(), node.index);
    write.content = zeroes ? 0 : write.id;
    open.get(node.index).add(write);
    return write;
  }

  private interface Told {
    void answer(boolean ok);
  }

  private void submit(SimNode node, Oracle.Write write, WriteKind kind, boolean forced, Told told) {
    int slot =
        node.write(
            write.firstUnit,
            write.endUnit - write.firstUnit,
            write.id,
            kind,
            forced,
            result -> told.answer(result == Result.OK));
    inSlot[node.index][slot] = write;
  }

  private void end(SimNode node, List<Oracle.Write> writes, boolean ok, boolean forced) {
    open.get(node.index).removeAll(writes);
    for (var write : writes) {
      if (ok) {
        acknowledged++;
        oracle.acknowledged(write, time.nowMicros());
        world.watcher.answered(node, write);
        world.log(node, () -> "client was told that " + write.id + " is done");
      } else {
        oracle.failed(write, time.nowMicros());
      }
    }
    if (ok && forced) {
      oracle.flushed(writes);
    }
    if (ok) {
      world.pending(node, forced ? Moment.FLUSHED : Moment.ANSWERED);
    }
  }

  /// The peer has written what this request sent it.
  void replicated(SimNode node, int slot) {
    if (slot < SimNode.CLIENT_SLOTS) {
      var write = inSlot[node.index][slot];
      if (write != null) {
        write.replicated = true;
        if (!write.acknowledged) {
          world.pending(node, Moment.PEER_WROTE);
        }
      }
    }
  }

  // ----- reads and flushes

  private void read(SimNode node, int unit, int units) {
    long start = time.nowMicros();
    var asked = asks(node, "read", unit);
    node.read(
        unit,
        units,
        values -> {
          answered(node, asked);
          if (values == null) {
            return;
          }
          world.watcher.observe();
          for (int i = 0; i < units; i++) {
            if (world.watcher.diverged) {
              oracle.checkBranch(
                  "R6 read on " + node.name,
                  unit + i,
                  values[i],
                  start,
                  node.index,
                  world.watcher.branchSince[node.index]);
            } else {
              oracle.check("R6 read on " + node.name, unit + i, values[i], start);
            }
          }
        });
  }

  private void flush(SimNode node) {
    // Whatever anybody was told before, by any connection and either node.
    var covered = oracle.acknowledgedNow();
    if (world.watcher.diverged) {
      // A branch has no part in what the other was told.
      covered.removeIf(write -> write.node != node.index);
    }
    covered.removeIf(write -> world.watcher.mayLack(node, write));
    world.log(node, () -> "client flushes");
    var asked = asks(node, "flush", 0);
    node.flush(result -> {
      answered(node, asked);
      if (result == Result.OK) {
        if (node.running().identity().alone()) {
          oracle.flushedAlone(covered, node.index);
        } else {
          oracle.flushed(covered);
        }
        world.watcher.flushed(node, asked.sinceMicros);
        world.log(node, () -> "client was told that its flush is done");
        world.pending(node, Moment.FLUSHED);
      }
    });
  }

  // ----- answers

  private Request asks(SimNode node, String what, long number) {
    var request = new Request(what, number, time.nowMicros());
    waiting.get(node.index).add(request);
    return request;
  }

  private void answered(SimNode node, Request request) {
    waiting.get(node.index).remove(request);
  }

  /// The node's process ends: nobody is answered any more.
  void crashed(SimNode node) {
    for (var write : open.get(node.index)) {
      oracle.failed(write, time.nowMicros());
    }
    open.get(node.index).clear();
    waiting.get(node.index).clear();
    java.util.Arrays.fill(inSlot[node.index], null);
  }

  /// The node's orchestrator is about to give the role up.
  void givesUp(SimNode node, int ticks) {
    givesUpSince[node.index] = time.nowMicros();
    node.running().beginGivingUp(ticks);
    world.pending(node, Moment.GIVES_UP);
  }

  private void checkGivesUp(SimNode node) {
    if (node.alive() && node.running().givingUp()) {
      gaveUp[node.index] = time.nowMicros();
      if (time.nowMicros() - givesUpSince[node.index] > GIVE_UP_MICROS) {
        throw new Violation("deadline", "gives up without an end: " + node.core);
      }
    }
  }

  /// A peer that does not answer holds no client up for long. A node whose own disk hangs waits for
  /// that, a fenced one for its orchestrator, and one that serves from the peer has no other copy.
  void checkAnswered(long[] lastHang) {
    for (var node : world.nodes) {
      checkGivesUp(node);
      if (!serving(node)
          || node.running().servesFromPeer()
          || lastHang[node.index] == Long.MAX_VALUE) {
        continue;
      }
      for (var request : waiting.get(node.index)) {
        long since =
            Math.max(Math.max(request.sinceMicros, lastHang[node.index]), gaveUp[node.index]);
        if (time.nowMicros() - since > ANSWER_MICROS) {
          throw new Violation(
              "deadline", request + " of " + node.name + " is not answered: " + node.core);
        }
      }
    }
  }
}
