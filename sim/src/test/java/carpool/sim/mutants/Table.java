package carpool.sim.mutants;

import java.util.List;
import java.util.stream.Stream;

/// What a run of the catalogue prints.
final class Table {
  private static final int BY_MAX = 150;

  private Table() {}

  /// One line about one fault.
  static String line(Trial trial) {
    var by = trial.by().lines().findFirst().orElse("");
    var text =
        switch (trial.outcome()) {
          case KILLED, BROKEN -> by.length() > BY_MAX ? by.substring(0, BY_MAX) + "…" : by;
          case SURVIVED -> trial.mutant().why().strip();
          case EQUIVALENT -> trial.mutant().equivalent().strip();
        };
    return "%-10s %5.1f s  %-44s %s"
        .formatted(trial.outcome(), trial.millis() / 1e3, trial.mutant().id(), text);
  }

  /// Counts by layer, then what is not good.
  static String of(List<Trial> trials) {
    var text = new StringBuilder();
    text.append(row("layer", "killed", "equivalent", "survived", "broken"));
    trials.stream()
        .map(trial -> trial.mutant().layer())
        .distinct()
        .forEach(layer ->
            text.append(
                counts(
                    layer,
                    trials.stream()
                        .filter(trial -> trial.mutant().layer().equals(layer))
                        .toList())));
    text.append(counts("all", trials));
    trials.stream()
        .filter(trial -> !trial.outcome().good())
        .forEach(trial -> text.append(line(trial)).append('\n'));
    return text.toString();
  }

  private static String counts(String name, List<Trial> trials) {
    return row(
        name,
        Stream.of(Trial.Outcome.values())
            .map(outcome -> trials.stream().filter(trial -> trial.outcome() == outcome).count())
            .toArray());
  }

  private static String row(String layer, Object... columns) {
    var text = new StringBuilder("%-16s".formatted(layer));
    for (var column : columns) {
      text.append(" %10s".formatted(column));
    }
    return text.append('\n').toString();
  }
}
