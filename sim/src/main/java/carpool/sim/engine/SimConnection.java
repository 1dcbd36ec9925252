package carpool.sim.engine;

import carpool.replicator.link.BlockStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A TCP connection: two pipes, two ends that live for different times. What an end has received
/// can be read after the other end is gone, and long after a later connection was made.
final class SimConnection {
  private final EngineWorld world;

  /// By sender.
  private final Pipe[] pipes = new Pipe[2];

  private final End[] ends = new End[2];

  SimConnection(EngineWorld world, int from, SimProcess caller, SimProcess listener) {
    this.world = world;
    for (int i = 0; i < 2; i++) {
      pipes[i] = new Pipe(i);
    }
    ends[from] = new End(from, caller);
    ends[1 - from] = new End(1 - from, listener);
  }

  BlockStream end(int node) {
    return ends[node];
  }

  boolean over() {
    return ends[0].closed && ends[1].closed;
  }

  void passesAgain() {
    for (var pipe : pipes) {
      pipe.passesAgain();
    }
  }

  void reset() {
    for (var pipe : pipes) {
      pipe.breakIn(world.network().delayMicros());
    }
  }

  void ended(SimProcess process) {
    for (var end : ends) {
      if (end.process.equals(process)) {
        end.close();
      }
    }
  }

  void vanished(SimProcess process) {
    for (var end : ends) {
      if (end.process.equals(process)) {
        end.closed = true;
        pipes[end.node].vanish();
      }
    }
  }

  private static void wake(@Nullable Thread thread) {
    LockSupport.unpark(thread);
  }

  /// One direction. Bytes are in flight, then received, then read.
  private final class Pipe {
    private final int from;
    private final int capacity = 1024 << world.time().random().nextInt(9);
    private final ArrayDeque<ByteBuffer> received = new ArrayDeque<>();

    /// Sent while the network did not pass.
    private final ArrayDeque<ByteBuffer> stuck = new ArrayDeque<>();

    private int filled;
    private long lastArrival;
    private int underWay;
    private boolean ended;
    private boolean endStuck;
    private boolean broken;
    private boolean silent;
    private @Nullable Thread reader;
    private @Nullable Thread writer;

    Pipe(int from) {
      this.from = from;
    }

    int room() {
      return capacity - filled;
    }

    void send(byte[] bytes) {
      filled += bytes.length;
      var segment = ByteBuffer.wrap(bytes);
      if (world.network().passes(from) && stuck.isEmpty()) {
        travel(segment);
      } else {
        stuck.add(segment);
      }
    }

    private void travel(ByteBuffer segment) {
      underWay++;
      at(() -> {
        underWay--;
        if (broken || silent) {
          return;
        }
        received.add(segment);
        wake(reader);
      });
    }

    /// In order, whatever the delays.
    private void at(Runnable arrival) {
      var time = world.time();
      long at = Math.max(lastArrival + 1, time.nowMicros() + world.network().delayMicros());
      lastArrival = at;
      time.after(at - time.nowMicros(), arrival);
    }

    void passesAgain() {
      while (!stuck.isEmpty()) {
        travel(stuck.remove());
      }
      if (endStuck) {
        endStuck = false;
        end();
      }
    }

    /// The sender has closed.
    void end() {
      if (!world.network().passes(from) || !stuck.isEmpty()) {
        endStuck = true;
        return;
      }
      at(() -> {
        if (!silent) {
          ended = true;
          wake(reader);
        }
      });
    }

    /// Nothing of what is under way arrives, and nobody is told.
    void vanish() {
      silent = true;
      stuck.clear();
      wake(writer);
    }

    void breakIn(long micros) {
      world
          .time()
          .after(
              micros,
              () -> {
                broken = true;
                wake(reader);
                wake(writer);
              });
    }
  }

  /// One end.
  private final class End implements BlockStream {
    private final int node;
    private final SimProcess process;
    private boolean closed;

    End(int node, SimProcess process) {
      this.node = node;
      this.process = process;
    }

    @Override
    public long write(ByteBuffer[] from, int first, int count) throws IOException {
      var pipe = pipes[node];
      pipe.writer = Thread.currentThread();
      if (world.time().chance(1, 8)) {
        world.turns().pause(world.time().random().nextInt(60));
      }
      while (true) {
        if (closed) {
          throw new IOException("the channel is closed");
        }
        boolean refused = ends[1 - node].closed && !pipes[1 - node].silent && world.network().up();
        if (pipe.broken || refused) {
          throw new IOException("broken pipe");
        }
        if (pipe.room() > 0) {
          break;
        }
        LockSupport.park(this);
      }
      int most = pipe.room();
      if (world.time().chance(1, 8)) {
        most = 1 + world.time().random().nextInt(most);
      }
      int total = 0;
      for (int i = first; i < first + count; i++) {
        total += from[i].remaining();
        if (total >= most) {
          total = most;
          break;
        }
      }
      var bytes = new byte[total];
      int done = 0;
      for (int i = first; i < first + count && done < total; i++) {
        int some = Math.min(from[i].remaining(), total - done);
        from[i].get(bytes, done, some);
        done += some;
      }
      world.network().perhapsCorrupt(bytes);
      pipe.send(bytes);
      return total;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
      var pipe = pipes[1 - node];
      pipe.reader = Thread.currentThread();
      while (true) {
        if (closed) {
          throw new IOException("the channel is closed");
        }
        var segment = pipe.received.peek();
        if (segment != null) {
          return take(pipe, segment, target);
        }
        if (pipe.ended && pipe.underWay == 0) {
          return -1;
        }
        if (pipe.broken) {
          throw new IOException("connection reset by peer");
        }
        LockSupport.park(this);
      }
    }

    private int take(Pipe pipe, ByteBuffer first, ByteBuffer target) {
      int most = target.remaining();
      if (most > 1 && world.time().chance(1, 8)) {
        most = 1 + world.time().random().nextInt(most - 1);
      }
      int done = 0;
      for (var segment = first; segment != null && done < most; segment = pipe.received.peek()) {
        int some = Math.min(segment.remaining(), most - done);
        target.put(target.position(), segment, segment.position(), some);
        target.position(target.position() + some);
        segment.position(segment.position() + some);
        done += some;
        if (!segment.hasRemaining()) {
          pipe.received.remove();
        }
      }
      pipe.filled -= done;
      wake(pipe.writer);
      return done;
    }

    @Override
    public long read(ByteBuffer target, ByteBuffer ahead) throws IOException {
      int n = read(target);
      var pipe = pipes[1 - node];
      var more = pipe.received.peek();
      if (n > 0 && !target.hasRemaining() && ahead.hasRemaining() && more != null) {
        return (long) n + take(pipe, more, ahead);
      }
      return n;
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        pipes[node].end();
        wake(pipes[node].writer);
        wake(pipes[1 - node].reader);
        // The other side's writes are answered by a reset, once it hears of it.
        wakeLater(pipes[1 - node]);
      }
    }

    private void wakeLater(Pipe pipe) {
      world.time().after(world.network().delayMicros(), () -> wake(pipe.writer));
    }
  }
}
