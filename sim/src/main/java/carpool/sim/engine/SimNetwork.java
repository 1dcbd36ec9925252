package carpool.sim.engine;

import carpool.sim.VirtualTime;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// The network between the two machines: what is sent from one to the other may be slow, or not
/// arrive for a while in one direction or both. Nothing is lost for good but by a broken
/// connection, as with TCP.
final class SimNetwork {
  private final EngineWorld world;

  /// By sender.
  private final boolean[] passes = {true, true};

  private final List<SimConnection> connections = new ArrayList<>();
  private boolean slow;
  private boolean corrupts;

  SimNetwork(EngineWorld world) {
    this.world = world;
  }

  void slow(boolean now) {
    slow = now;
  }

  boolean passes(int from) {
    return passes[from];
  }

  /// Both directions pass.
  boolean up() {
    return passes[0] && passes[1];
  }

  void cut(int from) {
    passes[from] = false;
  }

  void heal() {
    passes[0] = true;
    passes[1] = true;
    connections.forEach(SimConnection::passesAgain);
  }

  /// Now and then a bit changes on the way, where the frames have a checksum that tells.
  void perhapsCorrupt(byte[] bytes) {
    if (corrupts && bytes.length > 0 && world.time().chance(1, 2000)) {
      int bit = world.time().random().nextInt(bytes.length * 8);
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
    }
  }

  void corrupts(boolean now) {
    corrupts = now;
  }

  long delayMicros() {
    VirtualTime time = world.time();
    return 15 + time.random().nextLong(slow ? 4000 : 200);
  }

  /// A call of its own, outside of any connection: lost when the network does not pass.
  void call(int from, Runnable arrival) {
    if (!passes[from]) {
      return;
    }
    world
        .time()
        .after(
            delayMicros(),
            () -> {
              if (passes[from]) {
                arrival.run();
              }
            });
  }

  /// Connects to the other machine; whoever listens there gets the other end.
  SimConnection connect(int from, SimProcess caller, SimProcess listener) throws IOException {
    if (!up() || !listener.alive()) {
      throw new IOException("no route to host, or connection refused");
    }
    connections.removeIf(SimConnection::over);
    var connection = new SimConnection(world, from, caller, listener);
    connections.add(connection);
    return connection;
  }

  /// Both ends of every connection are told that it is gone.
  void reset() {
    connections.forEach(SimConnection::reset);
  }

  /// The process ended; its kernel lives and closes what it had open.
  void ended(SimProcess process) {
    for (var connection : connections) {
      connection.ended(process);
    }
  }

  /// The machine of this process is without power: nobody tells the other end.
  void vanished(SimProcess process) {
    for (var connection : connections) {
      connection.vanished(process);
    }
  }
}
