package carpool.sim.pair;

import carpool.orchestrator.core.Command;
import carpool.orchestrator.core.Phase;
import carpool.sim.Violation;

/// What an operator of one node was told to be done: it holds over every restart, until the
/// operator says something else.
final class Intents {
  private enum Wish {
    /// Never asked for, or asked and not answered.
    UNKNOWN,
    ON,
    OFF
  }

  private final PairNode node;
  private final Wish[] maintenance;
  private final long[] sinceMicros;
  private long asked;

  Intents(PairNode node, int pools) {
    this.node = node;
    this.maintenance = new Wish[pools];
    this.sinceMicros = new long[pools];
    java.util.Arrays.fill(maintenance, Wish.UNKNOWN);
  }

  /// `carpool maintenance on|off`, of the whole node.
  void maintenance(boolean on, String cause) {
    if (!node.orchestrator.running()) {
      return;
    }
    node.world.log(node.name, "operator: maintenance " + (on ? "on" : "off"));
    long number = ++asked;
    for (var side : node.pools) {
      int index = side.pair.index;
      maintenance[index] = Wish.UNKNOWN;
      side.mind.ask(
          new Command.Maintenance(on, cause),
          refusal -> {
            if (refusal.isEmpty() && number == asked) {
              maintenance[index] = on ? Wish.ON : Wish.OFF;
              sinceMicros[index] = node.world.time.nowMicros();
            }
          });
    }
  }

  void check() {
    for (var side : node.pools) {
      var wish = maintenance[side.pair.index];
      if (wish != Wish.UNKNOWN
          && node.orchestrator.running()
          && side.mind.phase() != Phase.STARTING
          && side.mind.inMaintenance() != (wish == Wish.ON)) {
        throw new Violation("intent", side.label() + " forgot that maintenance is " + wish);
      }
    }
  }

  /// An import that was under way when maintenance was switched on may still end, however long its
  /// process stands still.
  void imported(PoolSide side, long begunMicros) {
    int index = side.pair.index;
    if (maintenance[index] == Wish.ON && begunMicros > sinceMicros[index]) {
      throw new Violation("intent", side.label() + " imports the pool in maintenance");
    }
  }
}
