package carpool.sim;

import carpool.sim.replication.PairWorld;

/// `carpool-sim --seeds N [--first S]`: runs the simulator and stops at the first seed that breaks
/// a rule, with its transcript. Exit 0 when all seeds passed, 1 when one failed, 2 for wrong usage.
public final class Main {
  private Main() {}

  /// Runs the program.
  public static void main(String[] args) {
    long seeds = 1000;
    long first = 1;
    try {
      for (int i = 0; i < args.length; i += 2) {
        switch (args[i]) {
          case "--seeds" -> seeds = Long.parseLong(args[i + 1]);
          case "--first" -> first = Long.parseLong(args[i + 1]);
          default -> throw new IllegalArgumentException("unknown option " + args[i]);
        }
      }
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException wrong) {
      System.err.println("carpool-sim: " + wrong.getMessage());
      System.err.println("usage: carpool-sim [--seeds N] [--first SEED]");
      System.exit(2);
    }
    long writes = 0;
    long faults = 0;
    long start = System.nanoTime();
    for (long seed = first; seed < first + seeds; seed++) {
      try {
        var outcome = PairWorld.run(seed);
        writes += outcome.acknowledgedWrites();
        faults += outcome.faults();
      } catch (IllegalStateException failed) {
        System.err.println(failed.getMessage());
        System.err.println("again: carpool-sim --first " + seed + " --seeds 1");
        System.exit(1);
      }
    }
    System.out.printf(
        "%d seeds from %d passed in %.1f s: %d acknowledged writes, %d faults%n",
        seeds, first, (System.nanoTime() - start) / 1e9, writes, faults);
  }
}
