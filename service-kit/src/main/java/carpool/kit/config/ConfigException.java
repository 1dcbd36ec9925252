package carpool.kit.config;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// The configuration cannot be used. Holds every problem of both files, sorted by file and place;
/// the message is one line for each.
public final class ConfigException extends Exception {
  private static final long serialVersionUID = 1L;

  private final ArrayList<ConfigProblem> problems;

  /// `problems` must not be empty.
  public ConfigException(List<ConfigProblem> problems) {
    super(
        problems.stream().sorted().map(ConfigProblem::toString).collect(Collectors.joining("\n")));
    this.problems = new ArrayList<>(problems.stream().sorted().toList());
  }

  /// All problems, sorted.
  public List<ConfigProblem> problems() {
    return List.copyOf(problems);
  }
}
