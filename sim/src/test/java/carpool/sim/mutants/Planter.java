package carpool.sim.mutants;

import carpool.sim.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// Plants one fault after another and runs what may find it, each run in a JVM of its own.
final class Planter {
  /// Exit status of the simulator that was asked for a world that it has not.
  private static final int WRONG_USAGE = 2;

  private final Catalogue catalogue;
  private final Workshop workshop;
  private final long limitSeconds;
  private final boolean simulates;

  /// @param limitSeconds a run that takes longer has found the fault
  /// @param simulates the worlds are run, too
  Planter(Catalogue catalogue, Workshop workshop, long limitSeconds, boolean simulates) {
    this.catalogue = catalogue;
    this.workshop = workshop;
    this.limitSeconds = limitSeconds;
    this.simulates = simulates;
  }

  /// Plants the fault and says what became of it.
  Trial plant(Mutant mutant) throws IOException, InterruptedException {
    long start = System.nanoTime();
    var place = Files.createTempDirectory("mutant");
    try {
      var overlay = Files.createDirectory(place.resolve("classes"));
      workshop.compile(mutant, mutant.plantedIn(catalogue.sourceOf(mutant)), overlay);
      var worlds = simulates ? mutant.worlds() : List.<Mutant.World>of();
      var killer = run(mutant.module(), mutant.tests(), worlds, overlay.toString(), place);
      return new Trial(
          mutant, outcome(mutant, killer.isPresent()), killer.orElse(""), since(start));
    } catch (IllegalArgumentException broken) {
      var what = String.valueOf(broken.getMessage());
      return new Trial(mutant, Trial.Outcome.BROKEN, what, since(start));
    } finally {
      delete(place);
    }
  }

  /// Runs the same without a fault; what fails then finds nothing.
  ///
  /// @return what failed
  Optional<String> withoutFault(String module, List<String> tests, List<Mutant.World> worlds)
      throws IOException, InterruptedException {
    var place = Files.createTempDirectory("mutant");
    try {
      return run(module, tests, worlds, "", place);
    } finally {
      delete(place);
    }
  }

  private static Trial.Outcome outcome(Mutant mutant, boolean found) {
    if (mutant.equivalent().isEmpty()) {
      return found ? Trial.Outcome.KILLED : Trial.Outcome.SURVIVED;
    }
    return found ? Trial.Outcome.BROKEN : Trial.Outcome.EQUIVALENT;
  }

  private Optional<String> run(
      String module, List<String> tests, List<Mutant.World> worlds, String overlay, Path place)
      throws IOException, InterruptedException {
    var classPath = workshop.classPath(module, overlay);
    if (!tests.isEmpty()) {
      var found = start(module, classPath, TestProcess.class, tests, place);
      if (found.isPresent()) {
        return found;
      }
    }
    for (var world : worlds) {
      var arguments =
          List.of(
              "--world",
              world.name(),
              "--first",
              String.valueOf(world.first()),
              "--seeds",
              String.valueOf(world.last() - world.first() + 1));
      var found = start(module, classPath, Main.class, arguments, place);
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  private Optional<String> start(
      String module, String classPath, Class<?> program, List<String> arguments, Path place)
      throws IOException, InterruptedException {
    var scratch = Files.createDirectories(place.resolve("tmp"));
    var log = place.resolve("log");
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home", ""), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            // The engine world runs threads by its own scheduler.
            "--add-opens",
            "java.base/java.lang=ALL-UNNAMED",
            "-Djdk.trackAllThreads=false",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1", // few runs last so long that more would pay
            "-Djava.io.tmpdir=" + scratch,
            "-cp",
            classPath,
            program.getName()));
    command.addAll(arguments);
    var process =
        new ProcessBuilder(command)
            .directory(workshop.directoryOf(module).toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      process.getOutputStream().close();
      if (!process.waitFor(limitSeconds, TimeUnit.SECONDS)) {
        return Optional.of("no end within " + limitSeconds + " s: " + String.join(" ", arguments));
      }
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
    }
    return process.exitValue() == 0
        ? Optional.empty()
        : Optional.of(reason(process.exitValue(), program, arguments, Files.readAllLines(log)));
  }

  /// The test that failed, or the seed and the rule that it breaks.
  private static String reason(
      int status, Class<?> program, List<String> arguments, List<String> log) {
    if (status == (program == Main.class ? WRONG_USAGE : TestProcess.NOTHING_TESTED)) {
      throw new IllegalArgumentException(
          "nothing was run: " + String.join(" ", arguments) + ": " + String.join("\n", log));
    }
    for (var line : log.reversed()) {
      if (line.startsWith(TestProcess.FAILED)) {
        return line.substring(TestProcess.FAILED.length());
      }
      if (line.startsWith("again: ")) {
        return log.stream().filter(l -> l.contains("seed")).findFirst().orElse(line);
      }
    }
    return "exit " + status + (log.isEmpty() ? "" : ": " + log.getLast());
  }

  private static long since(long start) {
    return (System.nanoTime() - start) / 1_000_000;
  }

  private static void delete(Path place) throws IOException {
    try (var all = Files.walk(place)) {
      for (var path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
