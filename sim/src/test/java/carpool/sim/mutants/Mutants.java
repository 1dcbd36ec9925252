package carpool.sim.mutants;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;

/// `deploy/test --mutants [--only ID|LAYER]... [--sample N] [--jobs N] [--limit SECONDS] [--quick]
/// [--untried] [--list]`: plants the faults of the catalogue and prints what found each; `--quick`
/// without the simulated worlds, and without a look whether the tests pass as things are;
/// `--untried` those that nobody has planted yet. Exit 0 when all were found or are said to be
/// equivalent, 1 when not, 2 for wrong usage.
public final class Mutants {
  private static final String USAGE =
      "usage: deploy/test --mutants [--only ID|LAYER]... [--sample N] [--jobs N] [--limit SECONDS]"
          + " [--quick] [--untried] [--list]";

  private final List<String> only = new ArrayList<>();
  private int sample;
  private int jobs = 1;
  private long limitSeconds = 120;
  private boolean quick;
  private boolean untried;
  private boolean list;

  private Mutants() {}

  /// Runs the program in the directory of the repository.
  public static void main(String[] args) throws Exception {
    try {
      System.exit(new Mutants().parse(args).run() ? 0 : 1);
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException wrong) {
      System.err.println("mutants: " + wrong.getMessage());
      System.err.println(USAGE);
      System.exit(2);
    }
  }

  private Mutants parse(String[] args) {
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--only" -> only.add(args[++i]);
        case "--sample" -> sample = Integer.parseInt(args[++i]);
        case "--jobs" -> jobs = Integer.parseInt(args[++i]);
        case "--limit" -> limitSeconds = Long.parseLong(args[++i]);
        case "--quick" -> quick = true;
        case "--untried" -> untried = true;
        case "--list" -> list = true;
        default -> throw new IllegalArgumentException("unknown option " + args[i]);
      }
    }
    return this;
  }

  private boolean run() throws Exception {
    var root = Path.of("").toAbsolutePath();
    var catalogue = Catalogue.read(root);
    var chosen = chosen(catalogue);
    if (list) {
      chosen.forEach(mutant ->
          System.out.printf(
              "%-44s %s%s%n",
              mutant.id(),
              mutant.why().strip(),
              mutant.equivalent().isEmpty() ? "" : " (equivalent)"));
      System.out.println(chosen.size() + " planted faults");
      return true;
    }
    var workshop = new Workshop(root, System.getProperty("java.class.path", ""));
    var planter = new Planter(catalogue, workshop, limitSeconds, !quick);
    if (!quick && !passesWithoutFault(planter, chosen)) {
      return false;
    }
    var trials = plantAll(planter, chosen);
    System.out.println();
    System.out.print(Table.of(trials));
    return trials.stream().allMatch(trial -> trial.outcome().good());
  }

  private List<Mutant> chosen(Catalogue catalogue) {
    if (sample > 0) {
      return catalogue.sample(sample);
    }
    for (var name : only) {
      if (catalogue.mutants().stream()
          .noneMatch(mutant -> mutant.id().equals(name) || mutant.layer().equals(name))) {
        throw new IllegalArgumentException("no fault and no layer is called " + name);
      }
    }
    return catalogue.mutants().stream()
        .filter(mutant -> only.contains(mutant.id()) || inTurn(mutant))
        .filter(mutant -> !quick || !mutant.tests().isEmpty())
        .toList();
  }

  /// Of a layer that was named, or of any.
  private boolean inTurn(Mutant mutant) {
    return mutant.untried() == untried && (only.isEmpty() || only.contains(mutant.layer()));
  }

  /// A test that fails without a fault finds nothing.
  private static boolean passesWithoutFault(Planter planter, List<Mutant> chosen) throws Exception {
    var tests = new LinkedHashMap<String, String>();
    var worlds = new LinkedHashMap<Mutant.World, String>();
    for (var mutant : chosen) {
      mutant.tests().forEach(test -> tests.put(test, mutant.module()));
      mutant.worlds().forEach(world -> worlds.put(world, mutant.module()));
    }
    boolean passes = true;
    for (var test : tests.entrySet()) {
      passes &= passes(planter, test.getValue(), List.of(test.getKey()), List.of());
    }
    for (var world : worlds.entrySet()) {
      passes &= passes(planter, world.getValue(), List.of(), List.of(world.getKey()));
    }
    return passes;
  }

  private static boolean passes(
      Planter planter, String module, List<String> tests, List<Mutant.World> worlds)
      throws Exception {
    long start = System.nanoTime();
    var failed = planter.withoutFault(module, tests, worlds);
    System.out.printf(
        "%-9s %6.1f s  %s%n",
        failed.isEmpty() ? "passes" : "FAILS",
        (System.nanoTime() - start) / 1e9,
        failed.orElse(tests.isEmpty() ? worlds.toString() : tests.getFirst()));
    return failed.isEmpty();
  }

  private List<Trial> plantAll(Planter planter, List<Mutant> chosen) throws Exception {
    try (var workers = Executors.newFixedThreadPool(jobs)) {
      var tasks =
          chosen.stream()
              .map(mutant ->
                  (Callable<Trial>)
                      () -> {
                        var trial = planter.plant(mutant);
                        System.out.println(Table.line(trial));
                        return trial;
                      })
              .toList();
      var trials = new ArrayList<Trial>();
      for (var future : workers.invokeAll(tasks)) {
        trials.add(future.get());
      }
      return trials;
    }
  }
}
