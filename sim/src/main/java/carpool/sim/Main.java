package carpool.sim;

import carpool.sim.carp.CarpWorld;
import carpool.sim.engine.EngineWorld;
import carpool.sim.pair.WholePairWorld;
import carpool.sim.replication.PairWorld;
import java.util.function.LongFunction;

/// `carpool-sim [--world replication|carp|pair|engine] [--seeds N] [--first S] [--jobs J]`: runs
/// the simulator and stops at the first violation, with the seed and its transcript. Exit 0 when
/// all seeds passed, 1 when one failed, 2 for wrong usage.
public final class Main {
  private static final String USAGE =
      "usage: carpool-sim [--world replication|carp|pair|engine] [--seeds N] [--first SEED] [--jobs N]";

  private Main() {}

  /// Runs the program.
  public static void main(String[] args) {
    long seeds = 1000;
    long first = 1;
    int jobs = Runtime.getRuntime().availableProcessors();
    var world = "replication";
    try {
      for (int i = 0; i < args.length; i += 2) {
        switch (args[i]) {
          case "--seeds" -> seeds = Long.parseLong(args[i + 1]);
          case "--first" -> first = Long.parseLong(args[i + 1]);
          case "--jobs" -> jobs = Integer.parseInt(args[i + 1]);
          case "--world" -> world = args[i + 1];
          default -> throw new IllegalArgumentException("unknown option " + args[i]);
        }
      }
      if (jobs < 1 || seeds < 1) {
        throw new IllegalArgumentException("at least one seed and one job");
      }
      System.exit(run(world, first, seeds, jobs));
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException wrong) {
      System.err.println("carpool-sim: " + wrong.getMessage());
      System.err.println(USAGE);
      System.exit(2);
    }
  }

  private static int run(String world, long first, long seeds, int jobs) {
    var totals = new Totals();
    LongFunction<Totals> play =
        switch (world) {
          case "replication" -> seed -> replication(PairWorld.run(seed));
          case "carp" -> seed -> carp(CarpWorld.run(seed));
          case "pair" -> seed -> pair(WholePairWorld.run(seed));
          case "engine" -> seed -> engine(EngineWorld.run(seed));
          default -> throw new IllegalArgumentException("no world " + world);
        };
    var campaign = new Campaign(play, totals, first, seeds);
    long start = System.nanoTime();
    var failure = campaign.run(jobs);
    if (failure != null) {
      System.err.println(failure.message());
      System.err.println(
          "again: carpool-sim --world " + world + " --first " + failure.seed() + " --seeds 1");
      return 1;
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    System.out.printf(
        "%d seeds from %d passed in %.1f s (%.0f/s): %s%n",
        seeds, first, seconds, seeds / seconds, totals.text(world));
    return 0;
  }

  private static Totals replication(PairWorld.Outcome outcome) {
    var one = new Totals();
    one.writes = outcome.acknowledgedWrites();
    one.faults = outcome.faults();
    return one;
  }

  private static Totals carp(CarpWorld.Outcome outcome) {
    var one = new Totals();
    one.faults = outcome.faults();
    one.takeovers = outcome.transitions();
    return one;
  }

  private static Totals engine(EngineWorld.Outcome outcome) {
    var one = new Totals();
    one.writes = outcome.acknowledgedWrites();
    one.faults = outcome.faults();
    one.forced = outcome.forced();
    return one;
  }

  private static Totals pair(WholePairWorld.Outcome outcome) {
    var one = new Totals();
    one.writes = outcome.acknowledgedWrites();
    one.faults = outcome.faults();
    one.takeovers = outcome.takeovers();
    one.failovers = outcome.failovers();
    one.splitBrains = outcome.splitBrains();
    one.longestMicros = outcome.settledMicros();
    one.moves = outcome.moves();
    one.longestMoveMicros = outcome.longestMoveMicros();
    return one;
  }
}
