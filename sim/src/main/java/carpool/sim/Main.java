package carpool.sim;

import carpool.sim.carp.CarpWorld;
import carpool.sim.pair.WholePairWorld;
import carpool.sim.replication.PairWorld;
import java.util.function.LongFunction;

/// `carpool-sim [--world replication|carp|pair] [--seeds N] [--first S]`: runs the simulator and
/// stops at the first seed that breaks a rule, with its transcript. Exit 0 when all seeds passed, 1
/// when one failed, 2 for wrong usage.
public final class Main {
  private static final String USAGE =
      "usage: carpool-sim [--world replication|carp|pair] [--seeds N] [--first SEED]";

  private long writes;
  private long faults;
  private long takeovers;
  private long splitBrains;
  private long longestMicros;
  private long moves;
  private long longestMoveMicros;

  private Main() {}

  /// Runs the program.
  public static void main(String[] args) {
    long seeds = 1000;
    long first = 1;
    var world = "replication";
    try {
      for (int i = 0; i < args.length; i += 2) {
        switch (args[i]) {
          case "--seeds" -> seeds = Long.parseLong(args[i + 1]);
          case "--first" -> first = Long.parseLong(args[i + 1]);
          case "--world" -> world = args[i + 1];
          default -> throw new IllegalArgumentException("unknown option " + args[i]);
        }
      }
      System.exit(new Main().run(world, first, seeds));
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException wrong) {
      System.err.println("carpool-sim: " + wrong.getMessage());
      System.err.println(USAGE);
      System.exit(2);
    }
  }

  private int run(String world, long first, long seeds) {
    LongFunction<String> play =
        switch (world) {
          case "replication" -> this::replication;
          case "carp" -> this::carp;
          case "pair" -> this::pair;
          default -> throw new IllegalArgumentException("no world " + world);
        };
    long start = System.nanoTime();
    var found = "";
    for (long seed = first; seed < first + seeds; seed++) {
      try {
        found = play.apply(seed);
      } catch (IllegalStateException failed) {
        System.err.println(failed.getMessage());
        System.err.println(
            "again: carpool-sim --world " + world + " --first " + seed + " --seeds 1");
        return 1;
      }
    }
    System.out.printf(
        "%d seeds from %d passed in %.1f s: %s%n",
        seeds, first, (System.nanoTime() - start) / 1e9, found);
    return 0;
  }

  private String replication(long seed) {
    var outcome = PairWorld.run(seed);
    writes += outcome.acknowledgedWrites();
    faults += outcome.faults();
    return "%d acknowledged writes, %d faults".formatted(writes, faults);
  }

  private String carp(long seed) {
    var outcome = CarpWorld.run(seed);
    faults += outcome.faults();
    takeovers += outcome.transitions();
    return "%d faults, %d changes of role".formatted(faults, takeovers);
  }

  private String pair(long seed) {
    var outcome = WholePairWorld.run(seed);
    writes += outcome.acknowledgedWrites();
    faults += outcome.faults();
    takeovers += outcome.takeovers();
    splitBrains += outcome.splitBrains();
    longestMicros = Math.max(longestMicros, outcome.settledMicros());
    moves += outcome.moves();
    longestMoveMicros = Math.max(longestMoveMicros, outcome.longestMoveMicros());
    return ("%d acknowledged writes, %d faults, %d takeovers, %d split brains resolved, settled"
            + " within %.1f s, %d moves after a silent cut within %.1f s")
        .formatted(
            writes,
            faults,
            takeovers,
            splitBrains,
            longestMicros / 1e6,
            moves,
            longestMoveMicros / 1e6);
  }
}
